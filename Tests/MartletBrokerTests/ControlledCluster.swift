import HashTreeCollections
import Logging
import MartletCore
import MartletMetadata
import MartletStorage
import Synchronization
import Testing

@testable import MartletBroker

/// A store that several brokers of one process share: it outlives each of them, takes as many keys as etcd does, and
/// counts.
final class CountingStore: MetadataStore {
    let transactionKeysMax = 100
    private let store: EmbeddedStore
    private let commits = Atomic<Int>(0)
    private let away = Atomic<Bool>(false)
    private let refusing = Atomic<Bool>(false)

    init(directory: TemporaryDirectory) throws {
        store = try EmbeddedStore(directory: directory.path + "/shared", logger: BrokerHarness.quiet)
    }

    var commitCount: Int { commits.load(ordering: .relaxed) }

    /// Nothing is read or written any more, until it is called with false.
    func setAway(_ isAway: Bool) { away.store(isAway, ordering: .sequentiallyConsistent) }

    /// Reads are answered, and no write is, until it is called with false.
    func setReadOnly(_ isReadOnly: Bool) { refusing.store(isReadOnly, ordering: .sequentiallyConsistent) }

    private func expectHere() throws(MetadataError) {
        if away.load(ordering: .sequentiallyConsistent) { throw MetadataError(.unavailable, "the store is away") }
    }

    func image() async throws(MetadataError) -> ClusterImage {
        try expectHere()
        return try await store.image()
    }

    func commit(_ transaction: MetadataTransaction) async throws(MetadataError) -> TransactionOutcome {
        try expectHere()
        try transaction.check(keysMax: transactionKeysMax)
        if refusing.load(ordering: .sequentiallyConsistent) {
            throw MetadataError(.unavailable, "the store takes no writes")
        }
        commits.wrappingAdd(1, ordering: .relaxed)
        return try await store.commit(transaction)
    }

    func changes(after revision: Revision) async throws(MetadataError) -> MetadataFeed {
        try await store.changes(after: revision)
    }

    func openSession(broker: BrokerID, startEpoch: StartEpoch) async throws(MetadataError) -> any MetadataSession {
        try await store.openSession(broker: broker, startEpoch: startEpoch)
    }

    func health() async -> StoreHealth { await store.health() }
    func compactHistory(before revision: Revision) async throws(MetadataError) {}
    /// Called by each broker that stops.
    func close() async {}

    /// What etcd does when it has not heard of a broker for too long.
    func endSession(of broker: BrokerID) async throws {
        let image = try await image()
        guard let session = image.sessions[broker] else { return }
        var transaction = MetadataTransaction()
        transaction.remove(.session(broker), ifRevision: session.revision)
        if let controller = image.controller, controller.broker == broker {
            transaction.remove(.controller, ifRevision: controller.revision)
        }
        _ = try await store.commit(transaction)
    }
}

/// Brokers of one cluster in one process with their controllers, each over real storage.
final class ControlledCluster: Sendable {
    let shared: CountingStore
    let network = TestNetwork()
    private let sharedDirectory: TemporaryDirectory
    private let directories = Mutex<[BrokerID: TemporaryDirectory]>([:])
    private let brokers = Mutex<[BrokerID: Broker]>([:])

    private init() throws {
        sharedDirectory = try TemporaryDirectory()
        shared = try CountingStore(directory: sharedDirectory)
    }

    static func with(
        _ count: Int32 = 3, _ change: @escaping @Sendable (inout BrokerSettings) -> Void = { _ in },
        _ body: (ControlledCluster) async throws -> Void
    ) async throws {
        let cluster = try ControlledCluster()
        var failure: (any Error)?
        do {
            for id in 0..<count { try await cluster.start(id, change) }
            try await body(cluster)
        } catch {
            failure = error
        }
        for broker in cluster.brokers.withLock({ Array($0.values) }) { await broker.control.stop() }
        if let failure { throw failure }
    }

    subscript(id: BrokerID) -> Broker { brokers.withLock { $0[id]! } }

    func directory(of id: BrokerID) throws -> TemporaryDirectory {
        if let known = directories.withLock({ $0[id] }) { return known }
        let directory = try TemporaryDirectory()
        directories.withLock { $0[id] = directory }
        return directory
    }

    func use(_ directory: TemporaryDirectory, for id: BrokerID) {
        directories.withLock { $0[id] = directory }
    }

    @discardableResult
    func start(
        _ id: BrokerID, bootID: String? = nil, port: UInt16? = nil, _ change: (inout BrokerSettings) -> Void = { _ in }
    ) async throws -> Broker {
        var options = LogStoreOptions(logger: BrokerHarness.quiet)
        options.reserveBytes = 4_096
        if let bootID { options.bootID = bootID }
        let store = try LogStore(directory: try directory(of: id).path, options: options)
        var settings = BrokerSettings()
        settings.brokerID = id
        settings.isClustered = true
        settings.rack = "rack \(id)"
        settings.shutdownGrace = .seconds(10)
        settings.replicaFetchWaitMax = .milliseconds(100)
        change(&settings)
        let broker = Broker(
            settings: settings, store: store, metadata: shared, logger: BrokerHarness.quiet,
            peers: network.transport(of: id))
        do {
            try await broker.start(host: "127.0.0.1", port: port ?? UInt16(7_400 + id))
        } catch {
            store.close()
            throw error
        }
        brokers.withLock { $0[id] = broker }
        network.join(broker, as: ReplicaIdentity(broker: id, startEpoch: await broker.control.startEpoch))
        return broker
    }

    /// Ends a broker without any goodbye; its peers notice.
    func kill(_ id: BrokerID) async {
        let broker = self[id]
        let run = PartitionLeader(broker: id, startEpoch: await broker.control.startEpoch)
        network.leave(ReplicaIdentity(broker: id, startEpoch: run.startEpoch))
        let others = brokers.withLock { brokers in
            brokers[id] = nil
            return Array(brokers.values)
        }
        for other in others { other.reportDeath(run) }
        await broker.control.stop()
    }

    /// In order, as SIGTERM does it.
    func stop(_ id: BrokerID) async {
        let broker = self[id]
        await broker.stop()
        network.leave(ReplicaIdentity(broker: id, startEpoch: await broker.control.startEpoch))
        brokers.withLock { $0[id] = nil }
    }

    /// The store's image once it is as wanted.
    @discardableResult
    func image(where condition: (ClusterImage) -> Bool) async throws -> ClusterImage {
        while true {
            let image = try await shared.image()
            if condition(image) { return image }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func createTopic(
        _ name: String, partitions: Int32 = 3, replicas: Int32 = -1, _ settings: [String: String] = [:]
    ) async throws -> TopicID {
        try await self[0].createTopics([
            NewTopic(name: name, partitions: partitions, replicationFactor: replicas, settings: settings)
        ])[0].get()
    }

    func partitions(of topic: TopicID, in image: ClusterImage) -> [PartitionRecord] {
        image.partitions.values.map(\.record).filter { $0.id.topicID == topic }.sorted { $0.id < $1.id }
    }
}
