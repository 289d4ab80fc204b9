internal import HashTreeCollections
internal import Logging
internal import MartletCore
package import MartletMetadata
internal import MartletStorage
internal import NIOCore
internal import Synchronization

/// Copies what other brokers lead, and keeps account of those that copy from this one. Any thread.
///
/// A broker without peers (one on the embedded store) pays for none of it: its partitions have no followers, and its
/// session never ends.
package final class Replication: PartitionHost {
    private struct State {
        var own: ReplicaIdentity?
        weak var control: (any ReplicationControl)?
        var onMoveWanted: (@Sendable (MoveRequest) async -> Void)?
        var brokers: TreeDictionary<BrokerID, Versioned<BrokerRecord>> = [:]
        /// With the number of partitions that each copies.
        var fetchers: [PartitionLeader: (fetcher: ReplicaFetcher, partitions: Int)] = [:]
        /// Who is followed, by partition.
        var followed: [TopicIDPartition: PartitionLeader] = [:]
        var ticker: Task<Void, Never>?
        var isStopped = false
    }

    package let counters = ReplicationCounters()
    let settings: BrokerSettings
    let table: PartitionTable
    let logger: Logger
    private let peers: (any PeerTransport)?
    private let state = Mutex(State())
    private let session = Mutex<(any MetadataSession)?>(nil)
    private let hasDeadline = Atomic<Bool>(false)
    private let incarnations = Atomic<Int32>(0)
    /// What the partitions on this broker are as.
    private let appliedRevision = Atomic<Revision>(0)
    private let inSync: InSyncQueue
    private let repairer: Repairer
    let throttle: ReplicationThrottle
    let live: LiveTrafficMeter
    /// Leaders from which this broker copies for replicas that are behind.
    let catchingUp = Atomic<Int>(0)
    /// For cuts of logs, which wait for the disk.
    private let disks = (0..<4).map { BlockingQueue(label: "martlet.broker.replica.\($0)") }
    /// For looks at what others found damaged, and when each partition was looked at last.
    private let checks = BlockingQueue(label: "martlet.broker.check")
    private let checked = Mutex<[TopicIDPartition: Duration]>([:])
    private static let checkInterval = Duration.seconds(5)

    init(
        settings: BrokerSettings, table: PartitionTable, traffic: BrokerCounters, peers: (any PeerTransport)?,
        logger: Logger
    ) {
        self.settings = settings
        self.table = table
        self.peers = peers
        self.logger = logger
        let clock = settings.clock
        repairer = Repairer(logger: logger)
        inSync = InSyncQueue(counters: counters) { clock.elapsed }
        live = LiveTrafficMeter(traffic)
        throttle = ReplicationThrottle(bytesPerSecond: settings.replicationThrottle)
    }

    // MARK: Life

    /// This broker has registered as `startEpoch`. Before the first ``assign(_:_:)``.
    ///
    /// - Parameter onMoveWanted: told of partitions that should be led by others (RULES 20).
    package func begin(
        startEpoch: StartEpoch, control: any ReplicationControl,
        onMoveWanted: (@Sendable (MoveRequest) async -> Void)? = nil
    ) {
        state.withLock { state in
            state.own = ReplicaIdentity(broker: settings.brokerID, startEpoch: startEpoch)
            state.control = control
            state.onMoveWanted = onMoveWanted
            guard peers != nil, state.ticker == nil else { return }
            state.ticker = Task { [weak self] in
                while !Task.isCancelled {
                    await self?.tick()
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
        }
    }

    package func stop() {
        let (fetchers, ticker) = state.withLock { state in
            defer {
                state.fetchers = [:]
                state.followed = [:]
                state.ticker = nil
                state.isStopped = true
            }
            return (state.fetchers.values.map(\.fetcher), state.ticker)
        }
        ticker?.cancel()
        repairer.stop()
        for fetcher in fetchers { fetcher.stop() }
    }

    /// Bytes a second for replicas that are not in sync, from all leaders together; nil: as many as there are.
    package func setThrottle(_ bytesPerSecond: Int64?) {
        throttle.set(bytesPerSecond)
    }

    // MARK: What the metadata says

    /// Brokers may have come, moved or gone. Before the first ``assign(_:_:)``, and after each change of the image
    /// that touches them.
    package func apply(_ image: ClusterImage) {
        state.withLock { $0.brokers = image.brokers }
    }

    /// Gives the replica the role that its record gives it. One call at a time; may block for moments.
    func assign(_ partition: Partition, _ record: Versioned<PartitionRecord>) {
        guard let own = state.withLock({ $0.own }) else { return }
        guard let leader = record.leader else {
            return unassign(
                partition, BrokerError(.leaderNotAvailable, "\(partition.name) has no leader now"))
        }
        if case .recovering = partition.log.state {
            return unassign(
                partition,
                BrokerError(.partitionRecovering, "\(partition.name) is being recovered after a crash; try again"))
        }
        if leader == PartitionLeader(broker: own.broker, startEpoch: own.startEpoch) {
            leave(partition.id)
            partition.lead(record, as: own, lagMax: settings.replicaLagMax, at: elapsed)
        } else if leader.broker != own.broker, peers != nil, record.replicas.contains(own.broker) {
            follow(partition, leader, record)
        } else {
            unassign(
                partition,
                BrokerError(
                    .notLeaderOrFollower, "\(partition.name) is led by broker \(leader.broker)",
                    leader: LeaderHint(brokerID: leader.broker, leaderEpoch: record.leaderEpoch)))
        }
    }

    /// The replica neither leads nor follows: its topic is gone, or it moved away, or the broker stops.
    func unassign(_ partition: Partition, _ reason: BrokerError) {
        leave(partition.id)
        partition.step(down: reason)
    }

    private func follow(_ partition: Partition, _ leader: PartitionLeader, _ record: Versioned<PartitionRecord>) {
        guard let fetcher = fetcher(for: leader) else {
            return unassign(
                partition,
                BrokerError(
                    .notLeaderOrFollower, "\(partition.name) is led by broker \(leader.broker), which is not known",
                    leader: LeaderHint(brokerID: leader.broker, leaderEpoch: record.leaderEpoch)))
        }
        let former = state.withLock { state in
            let former = state.followed[partition.id]
            if former != leader { state.fetchers[leader]?.partitions += 1 }
            return former
        }
        if let former, former != leader { leave(partition.id) }
        state.withLock { $0.followed[partition.id] = leader }
        guard partition.follow(leader, record.leaderEpoch, with: fetcher) else { return leave(partition.id) }
        fetcher.add(
            partition, epoch: record.leaderEpoch, isInSync: record.inSyncReplicas.contains(settings.brokerID))
    }

    /// The one that copies from this run of a broker; made when there is none. Nil when its address is not known or
    /// replication has stopped.
    private func fetcher(for leader: PartitionLeader) -> ReplicaFetcher? {
        state.withLock { state in
            if let entry = state.fetchers[leader] { return entry.fetcher }
            guard let peers, let own = state.own, !state.isStopped, let broker = state.brokers[leader.broker],
                broker.startEpoch == leader.startEpoch
            else { return nil }
            let address = PeerAddress(
                broker: leader.broker, startEpoch: leader.startEpoch, host: broker.host, port: broker.port)
            let fetcher = ReplicaFetcher(peer: peers.peer(address), leader: leader, own: own, replication: self)
            state.fetchers[leader] = (fetcher, 0)
            return fetcher
        }
    }

    /// Follows nobody any more; a fetcher without partitions goes.
    private func leave(_ id: TopicIDPartition) {
        let (fetcher, isLast) = state.withLock { state -> (ReplicaFetcher?, Bool) in
            guard let leader = state.followed.removeValue(forKey: id), let entry = state.fetchers[leader] else {
                return (nil, false)
            }
            let isLast = entry.partitions == 1
            state.fetchers[leader] = isLast ? nil : (entry.fetcher, entry.partitions - 1)
            return (entry.fetcher, isLast)
        }
        fetcher?.remove(id)
        if isLast { fetcher?.stop() }
    }

    func disk(for id: TopicIDPartition) -> BlockingQueue {
        disks[Int(UInt(bitPattern: id.hashValue) % UInt(disks.count))]
    }

    /// Where a broker stands; nil: it is not known, or counts for nothing.
    func rack(of broker: BrokerID) -> String? {
        state.withLock { state in
            state.brokers[broker].flatMap { $0.isFenced || $0.isStopping ? nil : $0.rack }
        }
    }

    // MARK: What replicas say

    /// RULES 13: refuses a run of a broker that has been followed by another.
    func refusal(of replica: ReplicaIdentity) -> BrokerError? {
        let known = state.withLock { $0.brokers[replica.broker]?.startEpoch } ?? 0
        guard replica.startEpoch < known else { return nil }
        return BrokerError(
            .staleBrokerEpoch,
            "broker \(replica.broker) has started again since: run \(replica.startEpoch) is over, \(known) runs")
    }

    // MARK: Whether this broker may answer (RULES 19)

    /// The session with the metadata store, whenever it was opened or is gone.
    package func session(_ session: (any MetadataSession)?) {
        self.session.withLock { $0 = session }
        hasDeadline.store(session?.deadline != nil, ordering: .relaxed)
    }

    /// The partitions on this broker are as `revision` wants them.
    func applied(_ revision: Revision) {
        appliedRevision.store(revision, ordering: .releasing)
    }

    /// Whether the controller may have given this broker's partitions to others by now, or has while it had no
    /// session, and the news is still on its way.
    var isSessionOver: Bool {
        guard hasDeadline.load(ordering: .relaxed) else { return false }
        // The deadline first: the session moves both at once.
        guard let session = session.withLock({ $0 }), let deadline = session.deadline else { return true }
        return ContinuousClock.now >= deadline || appliedRevision.load(ordering: .acquiring) < session.registeredAt
    }

    func requireProven(_ partition: Partition) throws(BrokerError) {
        guard isSessionOver, !partition.isProven(at: elapsed) else { return }
        throw partition.unproven
    }

    // MARK: Who is in sync

    private func tick() async {
        let now = elapsed
        var wanted: [MoveRequest.Item] = []
        var useless: [TopicIDPartition] = []
        for (id, entry) in table.snapshot {
            guard case .replica(let partition) = entry, !partition.log.isOffline else {
                useless.append(id)
                continue
            }
            guard let epoch = partition.tick(at: now) else { continue }
            wanted.append(MoveRequest.Item(id: id, leaderEpoch: epoch))
        }
        let (own, control, onMoveWanted) = state.withLock { ($0.own, $0.control, $0.onMoveWanted) }
        if !useless.isEmpty { await control?.withdraw(useless) }
        guard !wanted.isEmpty, let own, let onMoveWanted else { return }
        await onMoveWanted(MoveRequest(leader: own, items: wanted))
    }

    // MARK: PartitionHost

    var elapsed: Duration { settings.clock.elapsed }
    func nextIncarnation() -> Int32 { incarnations.wrappingAdd(1, ordering: .relaxed).newValue }
    var replicaLagMax: Duration { settings.replicaLagMax }
    var servesFollowerReads: Bool { settings.selectsReplicasByRack }

    func logIsOnline(_ partition: Partition) {
        guard let control = state.withLock({ $0.control }) else { return }
        let id = partition.id
        Task { await control.logIsOnline(id) }
    }

    func logIsOffline(_ partition: Partition) {
        leave(partition.id)
    }

    func corruptionFound(_ offsets: Range<Offset>, in partition: Partition) {
        counters.foundDamage()
        guard peers != nil else { return }
        repairer.repair(partition, offsets, on: disk(for: partition.id)) { [weak self, weak partition] in
            partition.flatMap { self?.sources(for: $0) } ?? []
        }
    }

    /// Looks at the disk, now and then at most: whoever was sent damage asks again and again.
    func damageSuspected(at offset: Offset, in partition: Partition) {
        let now = elapsed
        let isDue = checked.withLock { checked in
            checked = checked.filter { now - $0.value < Self.checkInterval }
            guard checked[partition.id] == nil else { return false }
            checked[partition.id] = now
            return true
        }
        if isDue { checks.submit { partition.log.check(segmentHolding: offset) } }
    }

    /// The replica is replaced by one that holds nothing, to be copied from the leader. `failed` is told when that
    /// cannot be done now.
    func copyAnew(
        _ id: TopicIDPartition, told: ReplicaStatement, failed: @escaping @Sendable (String) -> Void
    ) {
        guard let control = state.withLock({ $0.control }) else { return failed("the broker stops") }
        Task {
            do throws(BrokerError) {
                try await control.copyAnew(id, told: told)
            } catch {
                failed(error.message)
            }
        }
    }

    /// Who has what this replica should have: its leader, or its followers, those in sync first. Whoever asks closes
    /// them.
    private func sources(for partition: Partition) -> [any Peer] {
        let brokers = partition.state.withLock { state -> [BrokerID] in
            if let following = state.following { return [following.leader.broker] }
            let followers = state.leader?.followers ?? []
            return followers.filter(\.isInSync).map(\.broker) + followers.filter { !$0.isInSync }.map(\.broker)
        }
        return state.withLock { state in
            brokers.compactMap { id in
                state.brokers[id].flatMap { broker in
                    peers?.peer(
                        PeerAddress(broker: id, startEpoch: broker.startEpoch, host: broker.host, port: broker.port))
                }
            }
        }
    }

    func propose(_ change: InSyncChange, of partition: Partition) {
        guard let control = state.withLock({ $0.control }) else { return }
        inSync.add(change, of: partition, for: control)
    }
}
