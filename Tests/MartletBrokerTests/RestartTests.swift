import Foundation
import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

@Suite("Starting")
struct RestartTests {
    @Test("records, topics and settings are there after a restart, every partition at a higher epoch")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        let topic = try await BrokerHarness.with(in: directory) { harness in
            let topic = try await harness.createTopic("t", partitions: 2, ["segment.ms": "12345"])
            _ = try await harness.produce(topic, 1, TestBatch.bytes(["a", "b"])).get()
            return topic
        }
        for run in 1...3 as ClosedRange<LeaderEpoch> {
            try await BrokerHarness.with(in: directory) { (harness: BrokerHarness) async throws in
                #expect(try harness.partition(topic, 0).leaderEpoch == run)
                #expect(try harness.partition(topic, 1).leaderEpoch == run)
                #expect(try harness.partition(topic, 1).log.settings.segmentAge == .milliseconds(12_345))
                #expect(try await harness.fetch([harness.item(topic, 1)]).first?.values == ["a", "b"])
                #expect(harness.broker.status().startEpoch == Int64(run) + 1)
            }
        }
    }

    @Test("until it has started, a broker says so, and never that there is no such topic")
    func notStarted() async throws {
        let directory = try TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: LogStoreOptions(logger: BrokerHarness.quiet))
        let metadata = try EmbeddedStore(directory: directory.path + "/metadata", logger: BrokerHarness.quiet)
        let broker = Broker(settings: BrokerSettings(), store: store, metadata: metadata, logger: BrokerHarness.quiet)
        let error = await #expect(throws: BrokerError.self) {
            _ = try await broker.describeTopics(TopicQuery(names: ["t"]))
        }
        #expect(error == .starting)
        #expect(await broker.createTopics([NewTopic(name: "t", partitions: 1)]) == [.failure(.starting)])
        await broker.stop()
    }

    @Test("what was acknowledged is there after a crash, and the partition answers once it is recovered")
    func crash() async throws {
        let harness = try await BrokerHarness.start()
        let topic = try await harness.createTopic("t")
        for number in 0..<20 { _ = try await harness.produce(topic, TestBatch.bytes(["\(number)"])).get() }
        let crashed = try TemporaryDirectory(crashed: harness.directory)
        await harness.broker.stop()
        try await BrokerHarness.with(in: crashed) { harness in
            #expect(try await harness.produceOnceRecovered(topic, TestBatch.bytes(["last"])).get().baseOffset == 20)
            let values = try await harness.fetch([harness.item(topic)]).first?.values
            #expect(values == (0..<20).map(String.init) + ["last"])
            #expect(harness.broker.status().partitionsRecovering == 0)
        }
    }

    @Test(
        "an idempotent producer's batches are recognised after a restart and after a crash", arguments: [false, true])
    func idempotence(crash: Bool) async throws {
        var directory = try TemporaryDirectory()
        let first = try await BrokerHarness.start(in: directory)
        let topic = try await first.createTopic("t")
        let producer = try await first.broker.initProducerID(-1, epoch: -1)
        func batch(_ sequence: Int32) throws -> [UInt8] {
            try TestBatch.bytes(["\(sequence)"], producer: (producer.id, producer.epoch, sequence))
        }
        for sequence in 0..<3 as Range<Int32> { _ = try await first.produce(topic, batch(sequence)).get() }
        if crash { directory = try TemporaryDirectory(crashed: directory) }
        await first.broker.stop()
        try await BrokerHarness.with(in: directory) { (harness: BrokerHarness) async throws in
            #expect(try await harness.produceOnceRecovered(topic, batch(2)).get().baseOffset == 2)
            #expect(try await harness.produce(topic, batch(3)).get().baseOffset == 3)
            #expect(await harness.produce(topic, try batch(9)).error?.code == .outOfOrderSequenceNumber)
            #expect(try harness.partition(topic).log.logEndOffset == 4)
        }
    }

    @Test("producer ids are never given out twice, across restarts and crashes")
    func producerIDs() async throws {
        var directory = try TemporaryDirectory()
        var seen: Set<ProducerID> = []
        for run in 0..<4 {
            let harness = try await BrokerHarness.start(in: directory)
            let ids = try await withThrowingTaskGroup(of: ProducerID.self) { group in
                for _ in 0..<(run == 1 ? 1_500 : 20) {
                    group.addTask { try await harness.broker.initProducerID(-1, epoch: -1).id }
                }
                return try await group.reduce(into: [ProducerID]()) { $0.append($1) }
            }
            for id in ids { #expect(seen.insert(id).inserted, "\(id) in run \(run)") }
            let next = try TemporaryDirectory(crashed: directory)
            await harness.broker.stop()
            directory = next
        }
    }

    @Test("a producer that asks again gets its next epoch, and a new id when epochs are used up")
    func producerEpochs() async throws {
        try await BrokerHarness.with { harness in
            let broker = harness.broker
            let first = try await broker.initProducerID(-1, epoch: -1)
            #expect(first.epoch == 0)
            let second = try await broker.initProducerID(first.id, epoch: 0)
            #expect(second == (first.id, 1))
            let last = try await broker.initProducerID(first.id, epoch: .max)
            #expect(last.id != first.id && last.epoch == 0)
            for (id, epoch, code) in [
                (ProducerID(99_999), ProducerEpoch(0), ErrorCode.unknownProducerID), (-2, 0, .unknownProducerID),
                (first.id, -1, .invalidProducerEpoch),
            ] {
                let error = await #expect(throws: BrokerError.self) {
                    _ = try await broker.initProducerID(id, epoch: epoch)
                }
                #expect(error?.code == code)
            }
        }
    }

    @Test("a directory that the metadata does not know is set aside and reported, its data untouched")
    func setAside() async throws {
        let directory = try TemporaryDirectory()
        let kept = try await BrokerHarness.with(in: directory) { try await $0.createTopic("t") }
        let stranger = TopicID(high: 7, low: 7)
        let path = directory.path + "/logs/\(stranger)/3"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data("stranger".utf8).write(to: URL(fileURLWithPath: directory.path + "/logs/\(stranger)/topic"))
        try await BrokerHarness.with(in: directory) { (harness: BrokerHarness) async throws in
            #expect(!FileManager.default.fileExists(atPath: path))
            let troubles = harness.broker.status().troubles
            #expect(troubles.count == 1)
            #expect(troubles.first?.partition == 3)
            #expect(troubles.first?.isNote == true)
            #expect(troubles.first?.reason.contains("\(stranger)") == true)
            #expect(FileManager.default.fileExists(atPath: directory.path + "/aside/\(stranger)-3"))
            #expect(try await harness.produce(kept, TestBatch.bytes(["a"])).get().baseOffset == 0)
        }
    }

    @Test("metadata and data that do not belong together are refused")
    func strangers() async throws {
        let directory = try TemporaryDirectory()
        try await BrokerHarness.with(in: directory) { _ = try await $0.createTopic("t") }
        let asOther = await #expect(throws: BrokerError.self) {
            _ = try await BrokerHarness.start(in: directory) { $0.brokerID = 4 }
        }
        #expect(asOther?.message.contains("belongs to broker 0") == true)

        let older = try TemporaryDirectory()
        try await BrokerHarness.with(in: older) { _ in }
        try FileManager.default.removeItem(atPath: directory.path + "/metadata")
        let withoutStore = await #expect(throws: BrokerError.self) { _ = try await BrokerHarness.start(in: directory) }
        #expect(withoutStore?.message.contains("empty") == true)

        try? FileManager.default.removeItem(atPath: directory.path + "/metadata")
        try FileManager.default.copyItem(atPath: older.path + "/metadata", toPath: directory.path + "/metadata")
        let otherCluster = await #expect(throws: BrokerError.self) { _ = try await BrokerHarness.start(in: directory) }
        #expect(otherCluster?.message.contains("cluster") == true)
    }

    @Test("a metadata store that was rolled back is refused")
    func rolledBack() async throws {
        let directory = try TemporaryDirectory()
        try await BrokerHarness.with(in: directory) { _ in }
        let backup = try TemporaryDirectory(copying: directory)
        try await BrokerHarness.with(in: directory) { harness in
            for number in 0..<5 { _ = try await harness.createTopic("t\(number)") }
        }
        try FileManager.default.removeItem(atPath: directory.path + "/metadata")
        try FileManager.default.copyItem(atPath: backup.path + "/metadata", toPath: directory.path + "/metadata")
        let error = await #expect(throws: BrokerError.self) { _ = try await BrokerHarness.start(in: directory) }
        #expect(error?.message.contains("rolled back") == true)
    }

    @Test("a topic's deletion that a crash interrupted is finished at the next start")
    func interruptedDeletion() async throws {
        let directory = try TemporaryDirectory()
        let topic = try await BrokerHarness.with(in: directory) { harness in
            let topic = try await harness.createTopic("t", partitions: 2)
            _ = try await harness.produce(topic, TestBatch.bytes(["a"])).get()
            return topic
        }
        let path = directory.path + "/logs/\(topic)"
        #expect(FileManager.default.fileExists(atPath: path))
        let logger = BrokerHarness.quiet
        let metadata = try EmbeddedStore(directory: directory.path + "/metadata", logger: logger)
        let image = try await metadata.image()
        let planner = TopicPlanner(image: image, settings: BrokerSettings(), transactionKeysMax: 4_096)
        for transaction in try planner.delete("t").1 { _ = try await metadata.commit(transaction) }
        await metadata.close()
        try await BrokerHarness.with(in: directory) { (harness: BrokerHarness) async throws in
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(harness.broker.status().troubles.isEmpty)
            #expect(try await harness.broker.metadata.image().deletions.isEmpty)
        }
    }
}
