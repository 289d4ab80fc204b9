import Foundation
import MartletCore
import MartletStorage
import Testing

@testable import MartletBroker

@Suite("Topics")
struct TopicTests {
    @Test("a topic is described with its partitions, settings and sizes")
    func describe() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", partitions: 2, ["retention.ms": "5000"])
            _ = try await harness.createTopic("a")
            _ = try await harness.produce(topic, 1, TestBatch.bytes(["a", "b"])).get()
            let cluster = try await harness.broker.describeTopics(TopicQuery(withSettings: true, withSizes: true))
            #expect(cluster.topics.map(\.name) == ["a", "t"])
            #expect(cluster.brokers.map(\.port) == [7_400])
            let described = try cluster.topics[1].result.get()
            #expect(described.id == topic)
            #expect(described.partitions.map(\.leaderID) == [0, 0])
            #expect(described.partitions[1].sizes?.highWatermark == 2)
            #expect(described.partitions[1].sizes.map { $0.bytes > 61 } == true)
            #expect(described.settings.first { $0.name == "retention.ms" }?.value == "5000")
            let some = try await harness.broker.describeTopics(
                TopicQuery(names: ["nope", "t"], ids: [TopicID(high: 0, low: 1), topic]))
            #expect(some.topics.map { $0.result.error?.code } == [.unknownTopicOrPartition, nil, .unknownTopicID, nil])
            #expect(try some.topics[3].result.get().partitions[0].sizes == nil)
        }
    }

    @Test("a topic deleted and created again shares nothing with its predecessor")
    func recreate() async throws {
        try await BrokerHarness.with { harness in
            let first = try await harness.createTopic("t")
            _ = try await harness.produce(first, TestBatch.bytes(["old"])).get()
            let parked = try await harness.park([harness.item(first, from: 1)])
            #expect(try await harness.broker.deleteTopics(["t"])[0].get() == first)
            #expect(try await parked.reply().first?.error?.code == .unknownTopicID)
            let second = try await harness.createTopic("t")
            #expect(second != first)
            #expect(await harness.produce(first, try TestBatch.bytes(["late"])).error?.code == .unknownTopicID)
            #expect(try await harness.produce(second, TestBatch.bytes(["new"])).get().baseOffset == 0)
            #expect(try await harness.fetch([harness.item(second)]).first?.values == ["new"])
            #expect(!FileManager.default.fileExists(atPath: harness.directory.path + "/logs/\(first)"))
            #expect(await harness.broker.deleteTopics(["nope"])[0].error?.code == .unknownTopicOrPartition)
        }
    }

    @Test("names are taken once, also when many ask at the same time")
    func race() async throws {
        try await BrokerHarness.with { harness in
            let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
                for _ in 0..<8 { group.addTask { await harness.createError("t") } }
                return await group.reduce(into: [ErrorCode?]()) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == nil }.count == 1)
            #expect(outcomes.compactMap { $0 } == Array(repeating: .topicAlreadyExists, count: 7))
        }
    }

    @Test("validating says what would happen and changes nothing")
    func validateOnly() async throws {
        try await BrokerHarness.with { harness in
            let broker = harness.broker
            let topic = NewTopic(name: "t", partitions: 1)
            _ = try await broker.createTopics([topic], validateOnly: true)[0].get()
            #expect(try await broker.describeTopics(TopicQuery()).topics.isEmpty)
            _ = try await broker.createTopics([topic])[0].get()
            #expect(await broker.createTopics([topic], validateOnly: true)[0].error?.code == .topicAlreadyExists)
            _ = try await broker.alterTopic(TopicAlteration(name: "t", partitions: 5), validateOnly: true)
            #expect(try await broker.describeTopics(TopicQuery()).topics[0].result.get().partitions.count == 1)
        }
    }

    @Test("altered settings reach the log, and added partitions can be written to at once")
    func alter() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            _ = try await harness.broker.alterTopic(
                TopicAlteration(name: "t", set: ["max.message.bytes": "80", "flush": "os"], partitions: 3))
            #expect(try harness.partition(topic, 0).log.settings.flush == .os)
            #expect(try await harness.produce(topic, 2, TestBatch.bytes(["a"])).get().baseOffset == 0)
            let large = try TestBatch.bytes([String(repeating: "x", count: 100)])
            #expect(await harness.produce(topic, 0, large).error?.code == .messageTooLarge)
            _ = try await harness.broker.alterTopic(TopicAlteration(name: "t", reset: ["max.message.bytes"]))
            #expect(try await harness.produce(topic, 0, large).get().baseOffset == 0)
        }
    }

    @Test("turning syncing off acknowledges what waits for it")
    func alterFlush() async throws {
        try await BrokerHarness.with(syncing: false) { harness in
            let topic = try await harness.createTopic("t")
            let batch = try TestBatch.bytes(["a"])
            async let waiting = harness.produce(topic, batch)
            try await harness.waitUntil { $0.producesWaiting == 1 }
            _ = try await harness.broker.alterTopic(TopicAlteration(name: "t", set: ["flush": "os"]))
            _ = try await harness.produce(topic, TestBatch.bytes(["b"])).get()
            #expect(try await waiting.get().baseOffset == 0)
        }
    }

    @Test("with auto.create.topics.enable a topic that is asked for by name is made, a bad or reserved name is not")
    func autoCreate() async throws {
        try await BrokerHarness.with {
            $0.createsTopicsAutomatically = true
            $0.partitionsDefault = 3
        } _: { (harness: BrokerHarness) async throws in
            let cluster = try await harness.broker.describeTopics(TopicQuery(names: ["t", "a/b", "__x"]))
            #expect(try cluster.topics[0].result.get().partitions.count == 3)
            #expect(cluster.topics[1].result.error?.code == .unknownTopicOrPartition)
            #expect(cluster.topics[2].result.error?.code == .unknownTopicOrPartition)
        }
        try await BrokerHarness.with { harness in
            let cluster = try await harness.broker.describeTopics(TopicQuery(names: ["t"]))
            #expect(cluster.topics[0].result.error?.code == .unknownTopicOrPartition)
        }
    }

    @Test("past the broker's limit topics are refused, and nothing of them stays")
    func limit() async throws {
        try await BrokerHarness.with {
            $0.partitionsMax = 4
        } _: { harness in
            _ = try await harness.createTopic("a", partitions: 3)
            let error = await harness.broker.createTopics([NewTopic(name: "b", partitions: 2)])[0].error
            #expect(error?.code == .limitReached)
            _ = try await harness.createTopic("c")
            _ = try await harness.broker.deleteTopics(["a"])[0].get()
            _ = try await harness.createTopic("d", partitions: 3)
        }
    }

    @Test("a topic whose partitions cannot be made is not left half made")
    func undo() async throws {
        try await BrokerHarness.with { harness in
            // A file where the directory of logs should be.
            let logs = harness.directory.path + "/logs"
            try FileManager.default.removeItem(atPath: logs)
            try Data().write(to: URL(fileURLWithPath: logs))
            let error = await harness.broker.createTopics([NewTopic(name: "t", partitions: 2)])[0].error
            #expect(error?.message.contains("topic t could not be created") == true)
            #expect(try await harness.broker.describeTopics(TopicQuery()).topics.isEmpty)
            try FileManager.default.removeItem(atPath: logs)
            try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: false)
            _ = try await harness.createTopic("t", partitions: 2)
        }
    }

    @Test("offsets are listed for the beginning, the end and a time")
    func listOffsets() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            _ = try await harness.produce(topic, TestBatch.bytes(["a", "b"], timestamp: 1_000)).get()
            _ = try await harness.produce(topic, TestBatch.bytes(["c", "d"], timestamp: 2_000)).get()
            func offset(_ spec: OffsetSpec) async throws -> Offset {
                try await harness.broker.listOffsets([
                    ListOffsetsItem(topicID: topic, partition: 0, leaderEpoch: -1, spec: spec)
                ])[0].get().offset
            }
            #expect(try await offset(.earliest) == 0)
            #expect(try await offset(.latest) == 4)
            #expect(try await offset(.timestamp(0)) == 0)
            #expect(try await offset(.timestamp(1_001)) == 1)
            #expect(try await offset(.timestamp(1_500)) == 2)
            #expect(try await offset(.timestamp(9_999)) == -1)
        }
    }

    @Test("records are deleted up to the high watermark and no further, and stay deleted")
    func deleteRecords() async throws {
        let directory = try TemporaryDirectory()
        let topic = try await BrokerHarness.with(in: directory) { harness in
            let topic = try await harness.createTopic("t")
            for value in ["a", "b", "c"] { _ = try await harness.produce(topic, TestBatch.bytes([value])).get() }
            func delete(_ before: Offset) async -> Result<Offset, BrokerError> {
                await harness.broker.deleteRecords([DeleteRecordsItem(topicID: topic, partition: 0, before: before)])[0]
            }
            #expect(await delete(4).error?.code == .offsetOutOfRange)
            #expect(await delete(-2).error?.code == .offsetOutOfRange)
            #expect(try await delete(2).get() == 2)
            #expect(try await delete(1).get() == 2)
            #expect(await harness.fetch([harness.item(topic, from: 1)]).first?.error?.code == .offsetOutOfRange)
            #expect(try await harness.fetch([harness.item(topic, from: 2)]).first?.values == ["c"])
            return topic
        }
        try await BrokerHarness.with(in: directory) { (harness: BrokerHarness) async throws in
            #expect(try harness.partition(topic).log.logStartOffset == 2)
            let all = DeleteRecordsItem(topicID: topic, partition: 0, before: -1)
            #expect(try await harness.broker.deleteRecords([all])[0].get() == 3)
        }
    }
}
