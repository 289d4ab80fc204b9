import Foundation
import Martlet
import MartletTestSupport
import Testing

extension ProcessTests {
    /// What outlives the process when it is stopped in order.
    @Suite("Stopped and started again")
    struct RestartTests {
        @Test(
            "one producer goes on over clean stops under load, and nothing is lost, repeated or reordered",
            .timeLimit(.minutes(1)))
        func underLoad() async throws {
            try await BrokerFixture.with { fixture in
                try await fixture.admin { admin in
                    try await admin.createTopic("synced", partitions: 2)
                    try await admin.createTopic("written", partitions: 2, settings: ["flush": "os"])
                }
                let load = RecordedLoad(address: fixture.address)
                let topics = [
                    RecordedLoad.Topic("synced", partitions: 2), RecordedLoad.Topic("written", partitions: 2),
                ]
                try await load.whileRunning(topics: topics) {
                    for _ in 0..<4 {
                        #expect(await load.waitForAcknowledgements(load.acknowledged + 500))
                        try await fixture.broker.stop()
                        #expect(!fixture.log.contains(" ERROR "), "\(fixture.log.tail)")
                        try await fixture.restart()
                    }
                    #expect(await load.waitForAcknowledgements(load.acknowledged + 500))
                }
                #expect(try await load.violations().isEmpty)
                #expect(load.failures.isEmpty)
            }
        }

        @Test(
            "after a clean stop a start recovers nothing, and topics, settings and offsets are as they were",
            .timeLimit(.minutes(1)))
        func nothingToRecover() async throws {
            try await BrokerFixture.with { fixture in
                let before = try await fixture.admin { admin in
                    try await admin.createTopic("kept", partitions: 3, settings: ["retention.ms": "86400000"])
                    let load = RecordedLoad(address: fixture.address)
                    try await load.whileRunning(topics: [.init("kept", partitions: 3)]) {
                        #expect(await load.waitForAcknowledgements(1_000))
                    }
                    try await admin.deleteRecords(before: [TopicPartition(topic: "kept", partition: 0): 10])
                    return try await admin.describeTopic("kept")
                }
                try await fixture.broker.stop()
                try await fixture.restart()
                var after = try await fixture.admin { try await $0.describeTopic("kept") }
                for index in after.partitions.indices {
                    // Another run of the broker leads at another epoch (RULES 2).
                    #expect(after.partitions[index].leaderEpoch > before.partitions[index].leaderEpoch)
                    after.partitions[index].leaderEpoch = before.partitions[index].leaderEpoch
                }
                #expect(after == before)
                #expect(!fixture.log.contains("recover"), "\(fixture.log.tail)")
            }
        }

        @Test("a log that is damaged where a clean stop left it is not read by the start", .timeLimit(.minutes(1)))
        func readsNothing() async throws {
            try await BrokerFixture.with { fixture in
                let place = TopicPartition(topic: "spoilt", partition: 0)
                try await fixture.admin { _ = try await $0.createTopic("spoilt") }
                let load = RecordedLoad(address: fixture.address)
                try await load.whileRunning(topics: [.init("spoilt", partitions: 1)]) {
                    #expect(await load.waitForAcknowledgements(500))
                }
                let end = try await fixture.admin { try await $0.offsets(for: [place: .latest])[place]?.offset }
                try await fixture.broker.stop()
                // In the middle, past the checks of a start that reads the last batch, say.
                for log in try FileTree.files(fixture.data + "/logs", ending: ".log") {
                    try FileTree.change(log) { $0[$0.count / 2] ^= 0xff }
                }
                try await fixture.restart()
                #expect(try await fixture.admin { try await $0.offsets(for: [place: .latest])[place]?.offset } == end)
                #expect(try await fixture.admin { try await $0.brokerStatus() }.troubles.isEmpty)
                // Found when it is read: by the client that would have got it.
                let error = await #expect(throws: MartletError.self) {
                    _ = try await PartitionReader.read(place, at: [fixture.address])
                }
                #expect(error?.code == .corruptBatch)
                #expect(error?.broker == fixture.address && error?.topicPartition == place && error?.offset != nil)
                #expect(error.map { "\($0)".contains("spoilt-0") && "\($0)".contains(fixture.address) } == true)
            }
        }

        @Test("a broker that stands still for a moment loses nothing", .timeLimit(.minutes(1)))
        func suspended() async throws {
            try await BrokerFixture.with { fixture in
                try await fixture.admin { _ = try await $0.createTopic("paused") }
                let load = RecordedLoad(address: fixture.address)
                try await load.whileRunning(topics: [.init("paused", partitions: 1)]) {
                    for _ in 0..<5 {
                        #expect(await load.waitForAcknowledgements(load.acknowledged + 200))
                        fixture.broker.suspend()
                        fixture.broker.resume()
                    }
                }
                #expect(try await load.violations().isEmpty)
                #expect(load.failures.isEmpty)
            }
        }
    }
}
