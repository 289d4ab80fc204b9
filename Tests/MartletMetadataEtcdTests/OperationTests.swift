import HashTreeCollections
import Logging
import MartletBroker
import MartletCore
import MartletMetadata
import MartletStorage
import MartletTestSupport
import Testing

@testable import MartletMetadataEtcd

@Suite("Taking data directories into a cluster on etcd", .serialized, .timeLimit(.minutes(2)))
struct OperationTests {
    private let directory: TemporaryDirectory
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var metadataDirectory: String { directory.path + "/metadata" }

    private func openStore() throws -> LogStore {
        var options = LogStoreOptions(logger: logger)
        options.reserveBytes = 4_096
        return try LogStore(directory: directory.path, options: options)
    }

    /// A life of a single broker with these topics, stopped in order.
    private func live(creating topics: [String]) async throws {
        let store = try openStore()
        let metadata = try EmbeddedStore(directory: metadataDirectory, logger: logger)
        let broker = Broker(settings: BrokerSettings(), store: store, metadata: metadata, logger: logger)
        try await broker.start(host: "127.0.0.1", port: 7_400)
        let created = await broker.createTopics(topics.map { NewTopic(name: $0, partitions: 3) })
        for topic in created { _ = try topic.get() }
        await broker.stop()
    }

    private func adoption(_ target: EtcdStore) -> ClusterAdoption {
        ClusterAdoption(
            directory: directory.path, metadataDirectory: metadataDirectory, target: target,
            destination: "etcd, cluster test", logger: logger)
    }

    @Test("a broker's metadata is copied whole, its store sealed, and its directory fits the new store")
    func adopt() async throws {
        try await live(creating: (0..<40).map { "t\($0)" })
        let source = try await image()
        try await EtcdFixture.with { fixture in
            let target = try await fixture.store()
            let summary = try await adoption(target).run()
            #expect(summary.clusterID == source.cluster?.id)
            #expect(summary.topics == 40)
            #expect(summary.partitions == 120)
            #expect(!summary.wasDone)
            let adopted = try await target.image()
            #expect(adopted.cluster?.record == source.cluster?.record)
            #expect(adopted.recordCount == source.recordCount)
            for (id, partition) in source.partitions { #expect(adopted.partitions[id]?.record == partition.record) }
            for (name, topic) in source.topics { #expect(adopted.topics[name]?.record == topic.record) }
            #expect(throws: MetadataError.self) { try EmbeddedStore(directory: metadataDirectory, logger: logger) }
            let identity = try OfflineIdentity(root: directory.path).identity
            #expect(identity.storeRevision <= adopted.revision)
            #expect(identity.clusterID == source.cluster?.id)
            #expect(try await adoption(target).run().wasDone)
        }
    }

    @Test("an adoption goes on where another one stopped, and refuses a store that is not its own")
    func resume() async throws {
        try await live(creating: ["a", "b"])
        let source = try await image()
        try await EtcdFixture.with { fixture in
            let target = try await fixture.store()
            let plan = try AdoptionPlan(source: source)
            // As far as one that was killed came: begun, and the first few records copied.
            guard case .begin(let begin) = try plan.step(target: await target.image(), transactionKeysMax: 100) else {
                Issue.record("an empty store is begun with")
                return
            }
            _ = try await target.commit(begin)
            guard case .copy(let copies) = try plan.step(target: await target.image(), transactionKeysMax: 3) else {
                Issue.record("there is something to copy")
                return
            }
            _ = try await target.commit(copies[0])
            #expect(try await !adoption(target).run().wasDone)
            #expect(try await target.image().recordCount == source.recordCount)

            let other = try await fixture.store()
            try await other.put(.cluster(ClusterRecord(id: "other", featureLevel: 1)))
            let refusal = await #expect(throws: BrokerError.self) { try await adoption(other).run() }
            #expect(refusal?.message.contains("cluster other") == true)
        }
    }

    @Test("a broker that runs is not adopted")
    func running() async throws {
        try await live(creating: ["a"])
        try await EtcdFixture.with { fixture in
            let target = try await fixture.store()
            let running = try openStore()
            await #expect(throws: BrokerError.self) { try await adoption(target).run() }
            #expect(try await target.image().recordCount == 0)
            running.close()
            #expect(try await !adoption(target).run().wasDone)
        }
    }

    @Test("a store restored from a backup is taken up by what the directory has seen")
    func recover() async throws {
        try await live(creating: ["orders"])
        try await EtcdFixture.with { fixture in
            let store = try await fixture.store()
            _ = try await adoption(store).run()
            let backup = try await store.image()
            let partition = try #require(backup.partitions.keys.min())
            // Life goes on: the directory sees a higher epoch, records in it, and a later revision.
            let epoch = try #require(backup.partitions[partition]).leaderEpoch + 5
            let logs = try openStore()
            let log = try logs.open(partition, topic: "orders", settings: LogSettings())
            logs.waitForRecovery()
            try log.startLeaderEpoch(epoch)
            logs.startBackground()
            logs.close()
            let later = backup.revision + 1_000_000
            try OfflineIdentity(root: directory.path).update { $0.storeRevision = later }
            // The store stays as the backup has it: that is what "restored" means.
            let report = try ClusterRecovery.report(directory: directory.path)
            #expect(report.storeRevision == later)
            #expect(report.replicas.count == 3)
            #expect(report.replicas.first { $0.id == partition }?.highestEpoch == epoch)
            await #expect(throws: BrokerError.self) {
                try await ClusterRecovery.accept(directory: directory.path, store: store)
            }
            await #expect(throws: BrokerError.self) { _ = try await ClusterRecovery.recover(store, reports: []) }
            let summary = try await ClusterRecovery.recover(store, reports: [DirectoryReport(bytes: report.bytes)])
            #expect(summary.brokers == 1)
            #expect(summary.partitions == 3)
            #expect(summary.findings.isEmpty)
            let recovered = try await store.image()
            #expect(recovered.partitions[partition]?.leaderEpoch == epoch + 1)
            try await ClusterRecovery.accept(directory: directory.path, store: store)
            #expect(try OfflineIdentity(root: directory.path).identity.storeRevision == recovered.revision)
        }
    }

    private func image() async throws -> ClusterImage {
        let store = try EmbeddedStore(directory: metadataDirectory, for: .handingOver, logger: logger)
        let image = try await store.image()
        await store.close()
        return image
    }
}
