import Foundation
import Martlet
import MartletTestSupport
import Testing

extension ProcessTests {
    /// What a broker does not do, and says why.
    @Suite("Refused with a reason")
    struct RefusalTests {
        /// Starts a broker that is expected to end by itself: its exit code and what it said.
        private func refused(_ options: BrokerProcess.Options) async throws -> String {
            let broker = try BrokerProcess(options)
            #expect(try await broker.process.waitUntilEnded() == .exited(1))
            let said = broker.log.text
            #expect(!said.contains("Fatal error"))
            return said
        }

        @Test("a second broker on a data directory is refused, the first goes on", .timeLimit(.minutes(2)))
        func secondBroker() async throws {
            try await BrokerFixture.with { fixture in
                let second = try BrokerProcess.Options(dataDirectory: fixture.data)
                let said = try await refused(second)
                #expect(said.contains(fixture.data), "\(said)")
                #expect(said.contains("another"), "\(said)")
                try await fixture.admin { _ = try await $0.createTopic("still-served") }
            }
        }

        @Test("an address that is taken is named", .timeLimit(.minutes(2)))
        func takenAddress() async throws {
            try await BrokerFixture.with { fixture in
                let directory = try TemporaryDirectory()
                var second = try BrokerProcess.Options(dataDirectory: directory.path + "/data")
                second.port = fixture.options.port
                #expect(try await refused(second).contains("cannot listen on \(fixture.address)"))
            }
        }

        @Test("a data directory of a newer format is refused, and nothing in it is changed", .timeLimit(.minutes(2)))
        func newerFormat() async throws {
            try await BrokerFixture.with { fixture in
                try await fixture.admin { _ = try await $0.createTopic("kept") }
                try await fixture.broker.stop()
                try Checkpoint.raiseVersion(of: fixture.data + "/meta")
                let before = try FileTree.digest(fixture.data)
                let said = try await refused(fixture.options)
                #expect(said.contains("newer") || said.contains("format version"), "\(said)")
                #expect(said.contains("/meta"), "\(said)")
                #expect(try FileTree.digest(fixture.data) == before)
            }
        }

        @Test(
            "a file where a directory should be is named", .timeLimit(.minutes(2)),
            arguments: ["", "/logs", "/metadata"])
        func fileForDirectory(place: String) async throws {
            let directory = try TemporaryDirectory()
            let options = try BrokerProcess.Options(dataDirectory: directory.path + "/data")
            if !place.isEmpty {
                try FileManager.default.createDirectory(
                    atPath: options.dataDirectory, withIntermediateDirectories: false)
            }
            #expect(FileManager.default.createFile(atPath: options.dataDirectory + place, contents: Data("x".utf8)))
            let said = try await refused(options)
            #expect(said.contains(options.dataDirectory + place), "\(said)")
            #expect(said.localizedCaseInsensitiveContains("not a directory"), "\(said)")
        }

        @Test("topic names and partition counts that cannot be are refused in words", .timeLimit(.minutes(2)))
        func topics() async throws {
            try await BrokerFixture.with { fixture in
                try await fixture.admin { admin in
                    let names = [
                        "", "a/b", "../x", ".", "..", "a b", "Grüße", "nul\0", String(repeating: "x", count: 300),
                        "__x",
                    ]
                    for name in names {
                        let error = await #expect(throws: MartletError.self, "\(name)") {
                            try await admin.createTopic(name)
                        }
                        #expect(error?.code == .refused(.invalidTopic), "\(name): \(String(describing: error))")
                        #expect((error?.message.count ?? 0) > 20, "\(name): \(String(describing: error))")
                    }
                    for count in [0, -7, 2_000_000] as [Int32] {
                        let error = await #expect(throws: MartletError.self, "\(count)") {
                            try await admin.createTopic("counted", partitions: count)
                        }
                        let expected: [MartletError.Code] = [.refused(.invalidPartitions), .refused(.limitReached)]
                        #expect(expected.contains { $0 == error?.code }, "\(count): \(String(describing: error))")
                        #expect(error?.message.contains("artitions") == true, "\(count): \(String(describing: error))")
                    }
                    #expect(try await admin.listTopics().isEmpty)
                    _ = try await admin.createTopic(String(repeating: "x", count: 249))
                }
            }
        }
    }
}
