import Foundation
import MartletTestSupport
import Testing

extension ProcessTests {
    /// The programs of Sources/Examples, as somebody who reads them would run them.
    @Suite("Examples")
    struct ExampleTests {
        private static let lines = ["apple one", "pear two", "apple three", "plum four", "", "apple five"]

        @Test(
            "each does what it says: a topic is made, written to, read, and shared in a group", .timeLimit(.minutes(1)))
        func examples() async throws {
            try await BrokerFixture.with { fixture in
                let made = try await run("AdminExample", fixture.address, "fruit")
                #expect(made.first == "created fruit" && made.last == "0 records were written to it so far")
                #expect(made.count { $0.hasPrefix("partition ") } == 3)

                let input = fixture.directory.path + "/lines"
                try Self.lines.map { $0 + "\n" }.joined().write(toFile: input, atomically: true, encoding: .utf8)
                let sent = try await run("ProducerExample", fixture.address, "fruit", input: input)
                #expect(sent.count == Self.lines.count)
                #expect(sent.allSatisfy { $0.firstMatch(of: /^fruit-[0-2] offset [0-5]$/) != nil }, "\(sent)")

                let count = "\(Self.lines.count)"
                let read = try await run("ConsumerExample", fixture.address, "fruit", count)
                expectWhatWasSent(read)
                let shared = try await run("GroupConsumerExample", fixture.address, "fruit", "cooks", count)
                #expect(shared.contains { $0.hasPrefix("mine from now on: ") })
                #expect(shared.contains { $0.hasPrefix("no longer mine: ") })
                expectWhatWasSent(shared.filter { $0.hasPrefix("fruit-") })
                // What it printed is committed: the group has nothing left to read.
                let described = try ChildProcess(
                    BrokerProcess.binary, ["group", "describe", "cooks", "--broker", fixture.address, "--json"])
                #expect(try await described.waitUntilEnded() == .exited(0), "\(described.errors.text)")
                let group = described.output.text
                #expect(group.contains(#""lag":0"#) && !group.contains(/"lag":[1-9]/), "\(group)")

                let found = try await run("AdminExample", fixture.address, "fruit")
                #expect(found.first == "fruit is there already")
                #expect(found.last == "\(Self.lines.count) records were written to it so far")
            }
        }

        /// All of it, and what has one key in its order.
        private func expectWhatWasSent(_ printed: [String]) {
            // "fruit-1 0 apple apple one"
            let values = printed.map {
                $0.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).last ?? ""
            }
            #expect(values.sorted() == Self.lines.map { $0[...] }.sorted())
            #expect(values.filter { $0.hasPrefix("apple") } == ["apple one", "apple three", "apple five"])
        }

        /// What it printed, once it has ended by itself, without an error.
        private func run(_ name: String, _ arguments: String..., input: String = "/dev/null") async throws -> [String] {
            let shell = ["-c", #"exec "$0" "$@" < "$INPUT""#, BrokerProcess.builtProgram(name)]
            var environment = ProcessInfo.processInfo.environment
            environment["INPUT"] = input
            let process = try ChildProcess("/bin/sh", shell + arguments, environment: environment)
            let end = try await process.waitUntilEnded(within: .seconds(30))
            guard end == .exited(0) else {
                throw TestFailure("\(name) ended with \(end):\n\(process.output.text)\n\(process.errors.text)")
            }
            return process.output.lines
        }
    }
}
