import Foundation
import Testing

@Suite("martlet consume --group against a real broker", .timeLimit(.minutes(2)))
struct GroupConsumeTests {
    private func broker(partitions: Int) async throws -> BrokerUnderTest {
        let broker = try await BrokerUnderTest()
        _ = try await broker.martlet("topic", "create", "t", "--partitions", "\(partitions)")
        return broker
    }

    private func send(_ values: ClosedRange<Int>, partition: Int = 0, to broker: BrokerUnderTest) async throws {
        let outcome = try await broker.martlet(
            "produce", "t", "--partition", "\(partition)", input: values.map { "\($0)\n" }.joined())
        #expect(outcome.code == 0, "\(outcome.errors)")
    }

    @Test("a group goes on where it left off, to the record, and says on standard error what it reads")
    func goesOn() async throws {
        let broker = try await broker(partitions: 2)
        try await send(1...10, to: broker)
        let first = try await broker.martlet("consume", "t", "--group", "g", "--max", "4")
        #expect(first.code == 0 && first.output == "1\n2\n3\n4\n")
        #expect(first.errors == "group g: reads t 0-1\ngroup g: lets go of t 0-1\n")
        let rest = try await broker.martlet("consume", "t", "--group", "g", "--exit-at-end")
        #expect(rest.output == (5...10).map { "\($0)\n" }.joined())
        try await send(11...12, partition: 1, to: broker)
        let more = try await broker.martlet(
            "consume", "t", "--group", "g", "--exit-at-end", "--format", #"%p:%o:%v\n"#)
        #expect(more.output == "1:0:11\n1:1:12\n")
        let nothing = try await broker.martlet("consume", "t", "--group", "g", "--exit-at-end", "--json")
        #expect(nothing.code == 0 && nothing.output.isEmpty)
        let other = try await broker.martlet("consume", "t", "--group", "other", "--exit-at-end")
        #expect(other.lines.count == 12)
    }

    @Test("--from is for partitions in which nothing is committed")
    func from() async throws {
        let broker = try await broker(partitions: 2)
        try await send(1...3, to: broker)
        let latest = try await broker.martlet("consume", "t", "--group", "g", "--from", "end", "--exit-at-end")
        #expect(latest.code == 0 && latest.output.isEmpty)
        for from in ["-1h", "2000-01-01", "beginning"] {
            let name = "since \(from)"
            let since = try await broker.martlet("consume", "t", "--group", name, "--from", from, "--exit-at-end")
            #expect(since.output == "1\n2\n3\n", "\(from)")
        }
        let reset = try await broker.martlet(
            "group", "reset-offsets", "g", "--topic", "t", "--partition", "0", "--to", "2", "--create")
        #expect(reset.code == 0)
        let set = try await broker.martlet("consume", "t", "--group", "g", "--from", "end", "--exit-at-end")
        #expect(set.output == "3\n")
    }

    @Test("while members are there, the group is neither reset nor deleted; told to stop, they commit and leave")
    func busy() async throws {
        let broker = try await broker(partitions: 3)
        try await send(1...3, to: broker)
        let pipe = Pipe()
        let process = MartletProcess.make(
            ["consume", "t", "--group", "g", "--instance", "one"], broker: broker.address, output: pipe,
            errors: FileHandle.nullDevice)
        async let code = MartletProcess.exit(of: process)
        await read("1\n2\n3\n", from: pipe.fileHandleForReading)
        for command in [["reset-offsets", "g", "--topic", "t", "--to", "latest"], ["delete", "g"]] {
            let refused = try await MartletProcess.run(
                ["group"] + command, broker: broker.address, in: broker.directory)
            #expect(refused.code == 1 && refused.errors.contains("has 1 member"), "\(refused.errors)")
            #expect(refused.errors.contains("martlet group describe"))
        }
        let description = try await broker.martlet("group", "describe", "g").output
        #expect(description.contains("is stable"))
        #expect(description.contains("martlet-cli") && description.contains(" one ") && description.contains("t 0-2"))
        process.terminate()
        #expect(try await code == 0)
        let left = try await broker.martlet("group", "describe", "g", "--json").output
        #expect(left.contains(#""committed":3,"start":0,"end":3,"lag":0"#))
    }

    /// Returns once so much has come, or the writer is gone; waits for it on a queue.
    private func read(_ expected: String, from handle: FileHandle) async {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "reader").async {
                var text = ""
                while text != expected {
                    let more = handle.availableData
                    if more.isEmpty { break }
                    text += String(decoding: more, as: UTF8.self)
                }
                #expect(text == expected)
                continuation.resume()
            }
        }
    }

    @Test("what cannot be done or meant is said")
    func refusals() async throws {
        let broker = try await broker(partitions: 1)
        let long = String(repeating: "g", count: 300)
        let refusals: [([String], Int32, String)] = [
            (["--group", "g", "--partition", "0"], 2, "leave out --partition"),
            (["--group", "g", "--from", "5"], 2, "reset-offsets"),
            (["--instance", "one"], 2, "give --group"),
            (["--group", long], 1, "249"),
        ]
        for (arguments, code, words) in refusals {
            let outcome = try await MartletProcess.run(
                ["consume", "t"] + arguments, broker: broker.address, in: broker.directory)
            #expect(outcome.code == code && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
        }
    }
}
