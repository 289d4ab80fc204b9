import Foundation
import Testing

@Suite("martlet group against a real broker", .timeLimit(.minutes(2)))
struct GroupCommandTests {
    /// A topic "t" of two partitions, with three records a minute old in the first and two in the second.
    private func broker() async throws -> BrokerUnderTest {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "2")
        let minuteAgo = Int64(Date().timeIntervalSince1970 * 1000) - 60_000
        for (partition, values) in [(0, ["a", "b", "c"]), (1, ["d", "e"])] {
            let lines = values.map { #"{"value":"\#($0)","partition":\#(partition),"timestamp":\#(minuteAgo)}"# + "\n" }
            let produced = try await broker.martlet(
                "produce", "t", "--json", "--keep-partitions", input: lines.joined())
            #expect(produced.code == 0, "\(produced.errors)")
        }
        return broker
    }

    @Test("offsets are set, shown with their lag in records and seconds, and deleted with the group")
    func life() async throws {
        let broker = try await broker()
        #expect(try await broker.martlet("group", "list").output.hasPrefix("There are no groups."))
        let dry = try await broker.martlet(
            "group", "reset-offsets", "g", "--topic", "t", "--to", "earliest", "--create", "--dry-run")
        #expect(dry.output.hasSuffix("Nothing was set: this was a dry run.\n"))
        #expect(try await broker.martlet("group", "list", "--json").output.isEmpty)

        let set = try await broker.martlet(
            "group", "reset-offsets", "g", "--topic", "t", "--to", "earliest", "--create", "--json")
        #expect(
            set.output
                == [0, 1].map {
                    #"{"group":"g","topic":"t","partition":\#($0),"committed":null,"new":0,"dry_run":false}"# + "\n"
                }.joined())
        #expect(
            try await broker.martlet("group", "list", "--json").output
                == #"{"group":"g","state":"empty","members":0,"assignor":"uniform"}"# + "\n")

        let moved = try await broker.martlet(
            "group", "reset-offsets", "g", "--topic", "t", "--partition", "1", "--to", "1")
        #expect(moved.output == "TOPIC  PARTITION  COMMITTED  NEW\nt              1          0    1\n")
        let latest = try await broker.martlet(
            "group", "reset-offsets", "g", "--topic", "t", "--partition", "0", "--to", "latest")
        #expect(latest.output.hasSuffix("0          0    3\n"))

        let description = try await broker.martlet("group", "describe", "g", "--json")
        let group = try #require(
            try JSONSerialization.jsonObject(with: Data(description.output.utf8)) as? [String: Any])
        #expect(group["lag"] as? Int == 1)
        let behind = try #require(group["lag_seconds"] as? Double)
        #expect((60..<600).contains(behind))
        let partitions = try #require(group["partitions"] as? [[String: Any]])
        #expect(partitions.map { $0["committed"] as? Int } == [3, 1])
        #expect(partitions[0]["lag"] as? Int == 0 && partitions[0]["lag_seconds"] as? Double == 0)
        let text = try await broker.martlet("group", "describe", "g").output
        #expect(text.hasPrefix("Group g is empty, at epoch 0, coordinated by \(broker.address)\n"))
        #expect(text.contains("TOPIC  PARTITION  COMMITTED  END  LAG    BEHIND  MEMBER\n"))
        #expect(text.contains("Together 1 record behind, at most 1 m"))

        #expect(try await broker.martlet("group", "delete", "g").output == "Deleted group g.\n")
        #expect(try await broker.martlet("group", "list", "--json").output.isEmpty)
    }

    @Test("times are looked up: since a time ago, since a moment, and after the last record")
    func times() async throws {
        let broker = try await broker()
        let late = "{\"value\":\"late\",\"partition\":0}\n"
        _ = try await broker.martlet("produce", "t", "--json", "--keep-partitions", input: late)
        for (to, offsets) in [("-30s", [3, 2]), ("-1h", [0, 0]), ("@0", [0, 0]), ("2100-01-01", [4, 2])] {
            let set = try await broker.martlet(
                "group", "reset-offsets", "g", "--topic", "t", "--to", to, "--create", "--json")
            #expect(set.code == 0, "\(to): \(set.errors)")
            let expected = offsets.map { #""new":\#($0),"# }
            #expect(zip(set.lines, expected).allSatisfy { $0.contains($1) }, "\(to): \(set.output)")
        }
    }

    @Test("settings are changed and shown")
    func settings() async throws {
        let broker = try await broker()
        #expect(
            try await broker.martlet("group", "alter", "g", "--set", "session.timeout.ms=12000").output
                == "Altered group g.\n")
        #expect(
            try await broker.martlet("group", "describe", "g", "--json").output.contains(
                #""settings":{"assignor":"uniform","heartbeat.interval.ms":"1000","session.timeout.ms":"12000"}"#))
        #expect(try await broker.martlet("group", "alter", "g", "--reset", "session.timeout.ms").code == 0)
        #expect(try await broker.martlet("group", "describe", "g").output.contains("session.timeout.ms 6000"))
    }

    @Test("what cannot be done is 1 and says what is wrong; what cannot be meant is 2")
    func refusals() async throws {
        let broker = try await broker()
        let long = String(repeating: "g", count: 300)
        let reset = ["group", "reset-offsets"]
        let refusals: [([String], Int32, String)] = [
            (["group", "describe", "none"], 1, "there is no group none"),
            (["group", "delete", "none"], 1, "martlet group list"),
            (["group", "describe", long], 1, "1 to 249 bytes, this one has 300"),
            (["group", "delete", long], 1, "1 to 249 bytes"),
            (["group", "alter", "g", "--set", "no.such=1"], 1, "no.such"),
            (["group", "alter", "g", "--set", "session.timeout.ms=5"], 1, "session.timeout.ms is 5"),
            (["group", "alter", "g"], 2, "--set"),
            (reset + ["none", "--topic", "t", "--to", "latest"], 1, "there is no group none"),
            (reset + [long, "--topic", "t", "--to", "latest", "--create"], 1, "1 to 249 bytes"),
            (reset + ["g", "--topic", "none", "--to", "latest", "--create"], 1, "no topic none"),
            (reset + ["g", "--topic", "t", "--to", "3", "--create"], 1, "holds offsets 0 to 1"),
            (reset + ["g", "--topic", "t", "--partition", "2", "--to", "latest", "--create"], 1, "partitions 0 to 1"),
            (reset + ["g", "--topic", "t", "--to", "yesterday"], 2, "--to: 'yesterday' is not understood"),
            (reset + ["g", "--to", "latest"], 2, "--topic"),
        ]
        for (arguments, code, words) in refusals {
            let outcome = try await MartletProcess.run(arguments, broker: broker.address, in: broker.directory)
            #expect(outcome.code == code, "\(arguments): \(outcome.errors)")
            #expect(outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        #expect(try await broker.martlet("group", "delete", "none", "--if-exists").code == 0)
    }
}
