import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletStorage
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MartletBroker

/// Three brokers over real logs in temporary directories, one metadata store, and the test as their controller.
final class ClusterHarness: Sendable {
    struct Member: Sendable {
        var broker: Broker
        var store: LogStore
        var metadata: SharedStore
        var directory: TemporaryDirectory
        var run: ReplicaIdentity
    }

    let network = TestNetwork()
    /// Of all brokers.
    let clock = SkippingClock()
    let metadata: EmbeddedStore
    private let directory: TemporaryDirectory
    private let members = Mutex<[BrokerID: Member]>([:])
    private let lagMax: Duration
    private let readsByRack: Bool
    private let fetchWait: Duration

    private init(lagMax: Duration, readsByRack: Bool, fetchWait: Duration) throws {
        directory = try TemporaryDirectory()
        metadata = try EmbeddedStore(directory: directory.path + "/metadata", logger: BrokerHarness.quiet)
        self.lagMax = lagMax
        self.readsByRack = readsByRack
        self.fetchWait = fetchWait
    }

    /// Starts brokers 1 to 3, runs `body`, stops them. A follower is behind after `lagMax`: never, unless a test waits
    /// for it. A follower's fetch waits for `fetchWait` at its leader.
    static func with(
        lagMax: Duration = .seconds(600), readsByRack: Bool = false, fetchWait: Duration = .milliseconds(100),
        _ body: (ClusterHarness) async throws -> Void
    ) async throws {
        let cluster = try ClusterHarness(lagMax: lagMax, readsByRack: readsByRack, fetchWait: fetchWait)
        do {
            for id in 1...3 as ClosedRange<BrokerID> { try await cluster.start(id) }
            try await body(cluster)
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    private func stop() async {
        for member in members.withLock({ Array($0.values) }) { await member.broker.stop() }
        await metadata.close()
    }

    func start(
        _ id: BrokerID, in directory: TemporaryDirectory? = nil, session: TestSession = TestSession()
    ) async throws {
        let directory = try directory ?? TemporaryDirectory()
        var options = LogStoreOptions(logger: BrokerHarness.quiet)
        options.reserveBytes = 4_096
        // Tests scrub when they want to.
        options.scrubBytesPerSecond = 0
        let store = try LogStore(directory: directory.path, options: options)
        let shared = SharedStore(metadata)
        shared.giveSessions(session)
        var settings = BrokerSettings()
        settings.brokerID = id
        settings.rack = "rack \(id)"
        settings.selectsReplicasByRack = readsByRack
        settings.replicaLagMax = lagMax
        settings.clock = clock
        settings.replicaFetchWaitMax = fetchWait
        let broker = Broker(
            settings: settings, store: store, metadata: shared, logger: BrokerHarness.quiet,
            peers: network.transport(of: id))
        try await broker.start(host: "broker\(id)", port: 7_400)
        let run = ReplicaIdentity(broker: id, startEpoch: await broker.control.startEpoch)
        network.join(broker, as: run)
        let member = Member(broker: broker, store: store, metadata: shared, directory: directory, run: run)
        members.withLock { $0[id] = member }
    }

    /// The process dies where it stands. What its disk held then is what it may start from again.
    func crash(_ id: BrokerID) async throws -> TemporaryDirectory {
        let member = member(id)
        network.leave(member.run)
        member.metadata.cut()
        let left = try TemporaryDirectory(crashed: member.directory)
        members.withLock { $0[id] = nil }
        await member.broker.stop()
        return left
    }

    /// In order, as SIGTERM does it. What it may start from again.
    func stop(_ id: BrokerID) async -> TemporaryDirectory {
        let member = member(id)
        members.withLock { $0[id] = nil }
        await member.broker.stop()
        network.leave(member.run)
        return member.directory
    }

    func member(_ id: BrokerID) -> Member {
        guard let member = members.withLock({ $0[id] }) else { preconditionFailure("broker \(id) does not run") }
        return member
    }

    func broker(_ id: BrokerID) -> Broker { member(id).broker }

    func partition(_ id: BrokerID, _ topic: TopicID, _ index: PartitionIndex = 0) throws -> Partition {
        try broker(id).table.replica(topic, index)
    }

    // MARK: The controller

    /// Creates a topic on all three brokers, led by the first.
    func createTopic(
        _ name: String = "t", partitions: Int32 = 1, _ settings: [String: String] = [:]
    ) async throws -> TopicID {
        var generator = SystemRandomNumberGenerator()
        let id = TopicID.random(using: &generator)
        for index in 0..<partitions {
            var transaction = MetadataTransaction()
            let record = PartitionRecord(
                id: TopicIDPartition(topicID: id, partition: index),
                leader: PartitionLeader(broker: 1, startEpoch: member(1).run.startEpoch), leaderEpoch: 0,
                replicas: [1, 2, 3], inSyncReplicas: [1, 2, 3])
            transaction.put(.partition(record), ifRevision: 0)
            _ = try await metadata.commit(transaction)
        }
        var transaction = MetadataTransaction()
        let settings = settings.merging(["min.insync.replicas": "2"]) { own, _ in own }
        transaction.put(
            .topic(TopicRecord(name: name, id: id, partitionCount: partitions, settings: settings)), ifRevision: 0)
        _ = try await metadata.commit(transaction)
        try await eventually("every replica has its role") {
            (1...3 as ClosedRange<BrokerID>).allSatisfy { broker in
                (0..<partitions).allSatisfy { index in
                    guard let partition = try? self.partition(broker, id, index) else { return false }
                    return broker == 1 ? partition.leaderEpoch == 0 : partition.isFollowing
                }
            }
        }
        return id
    }

    /// Changes a partition's record, whatever else happens to it.
    func change(_ topic: TopicID, _ change: (inout PartitionRecord) -> Void) async throws {
        let id = TopicIDPartition(topicID: topic, partition: 0)
        while true {
            let current = try #require(try await metadata.image().partitions[id])
            var record = current.record
            change(&record)
            var transaction = MetadataTransaction()
            transaction.put(.partition(record), ifRevision: current.revision)
            if case .committed = try await metadata.commit(transaction) { return }
        }
    }

    /// Gives the partition to `leader` at the next epoch, and waits until everybody who runs and is not cut off has
    /// heard of it.
    func elect(_ leader: BrokerID, _ topic: TopicID, inSync: [BrokerID]? = nil) async throws {
        let run = member(leader).run
        var epoch: LeaderEpoch = -1
        try await change(topic) { record in
            record.leader = PartitionLeader(broker: run.broker, startEpoch: run.startEpoch)
            record.leaderEpoch += 1
            if let inSync { record.inSyncReplicas = inSync }
            epoch = record.leaderEpoch
        }
        let expected = epoch
        try await eventually("broker \(leader) leads at \(expected)") {
            try self.partition(leader, topic).leaderEpoch == expected
        }
    }

    func inSync(_ topic: TopicID) async throws -> [BrokerID] {
        try await metadata.image().partitions[TopicIDPartition(topicID: topic, partition: 0)]?.inSyncReplicas ?? []
    }

    // MARK: Clients

    func produce(
        _ values: [String], to id: BrokerID, _ topic: TopicID, _ index: PartitionIndex = 0, acks: Acks = .all,
        producer: (id: ProducerID, epoch: ProducerEpoch, sequence: Int32) = (-1, -1, -1),
        timeout: Duration = .seconds(20)
    ) async throws -> ProduceOutcome {
        try await broker(id).produce(values, topic, index, acks: acks, producer: producer, timeout: timeout)
    }

    /// All that consumers see there.
    func read(_ id: BrokerID, _ topic: TopicID, from offset: Offset = 0) async throws -> [String] {
        let outcome = await fetch(id, topic, from: offset)
        if let error = outcome.error { throw error }
        return try outcome.values
    }

    /// What a broker answers a consumer.
    func fetch(
        _ id: BrokerID, _ topic: TopicID, from offset: Offset = 0, epoch: LeaderEpoch = -1, rack: String = "",
        wait: Duration = .zero
    ) async -> FetchOutcome {
        let broker = broker(id)
        let loop = BrokerHarness.group.next()
        let item = FetchItem(
            topicID: topic, partition: 0, leaderEpoch: epoch, fetchOffset: offset, lastFetchedEpoch: -1,
            maxBytes: 1 << 20)
        return await withCheckedContinuation { continuation in
            loop.execute {
                _ = broker.fetch(
                    FetchQuery(rack: rack, maxWait: wait, minBytes: 1, maxBytes: 1 << 20, items: [item]), on: loop
                ) { continuation.resume(returning: $0[0]) }
            }
        }
    }

    /// All that a replica's log holds.
    func log(_ id: BrokerID, _ topic: TopicID) throws -> [String] {
        try partition(id, topic).log.values()
    }

    /// Returns once `condition` holds; asks again and again, for as long as the machine needs.
    func eventually(
        _ what: String, _ condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw Late(what: what) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    struct Late: Error {
        var what: String
    }
}

/// The system's clock, which a test may put forward: what should be late is late at once, and what a busy machine holds up
/// for a while is not.
final class SkippingClock: StorageClock {
    private let skipped = Mutex(Duration.zero)
    private let system = SystemClock()

    var elapsed: Duration { system.elapsed + skipped.withLock { $0 } }
    var wallTime: TimestampMs { system.wallTime }
    var runsByItself: Bool { true }

    func skip(_ time: Duration) { skipped.withLock { $0 += time } }
}

extension Partition {
    var isFollowing: Bool { state.withLock { $0.following != nil } }
}

extension PartitionLog {
    /// Of all records, from the log's start to its end.
    func values() throws -> [String] {
        var values: [String] = []
        var offset = logStartOffset
        while let read = try read(from: offset, maxBytes: 1 << 20, upTo: .max) {
            let outcome = FetchOutcome(index: 0, highWatermark: 0, logStartOffset: 0, content: .records(read))
            values += try outcome.values
            offset = read.nextOffset
        }
        return values
    }
}

extension Broker {
    /// One batch, from one of the group's loops.
    func produce(
        _ values: [String], _ topic: TopicID, _ index: PartitionIndex = 0, acks: Acks = .all,
        producer: (id: ProducerID, epoch: ProducerEpoch, sequence: Int32) = (-1, -1, -1),
        timeout: Duration = .seconds(20)
    ) async throws -> ProduceOutcome {
        let batch = try TestBatch.bytes(values, producer: producer)
        let loop = BrokerHarness.group.next()
        return await withCheckedContinuation { continuation in
            loop.execute {
                let item = ProduceItem(topicID: topic, partition: index, leaderEpoch: -1, bytes: 0..<batch.count)
                self.produce(
                    [item], attachment: ByteBuffer(bytes: batch), acks: acks, timeout: timeout, on: loop
                ) { continuation.resume(returning: $0[0]) }
            }
        }
    }
}
