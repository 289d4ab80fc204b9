internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata
internal import MartletStorage
internal import Synchronization

/// Keeps the partitions on this broker as the metadata wants them, and changes the metadata. Runs on a thread that may
/// block.
///
/// Everything that happens to partitions comes from the metadata's feed, this broker's own changes too: who made a
/// change waits until it was applied.
actor ControlPlane {
    let settings: BrokerSettings
    let store: LogStore
    let metadata: any MetadataStore
    let table: PartitionTable
    let replication: Replication
    let logger: Logger
    let peers: (any PeerTransport)?

    private let executor = BlockingExecutor(label: "martlet.broker.control")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What was applied last, for everybody.
    private let published = Mutex(ClusterImage())
    private let publishedSetAside = Mutex<[SetAsideDirectory]>([])
    private let publishedController = Mutex<Controller?>(nil)

    var mirror = ClusterImage()
    /// 0 until this run is registered: replicas have no roles before.
    var startEpoch: StartEpoch = 0
    /// The partitions on this broker by topic, for finding those that are to go.
    private(set) var local: [TopicID: Set<PartitionIndex>] = [:]
    var session: (any MetadataSession)?
    /// Tells whoever runs this broker that another process has taken its place.
    nonisolated let displacement = AsyncStream.makeStream(of: BrokerError.self, bufferingPolicy: .bufferingOldest(1))
    /// Keeps this run's place in the cluster.
    var keeper: Task<Void, Never>?
    /// Since when this run's session is missed in the metadata.
    var sessionMissedSince: ContinuousClock.Instant?
    /// Another process registered as this broker: this run has no say any more.
    var isSuperseded = false
    var isStopping = false
    /// Of the topic that was last looked at.
    private var lastSettings: (own: [String: String], defaults: [String: String], replicas: Int, parsed: TopicSettings)?
    private var revisionNotedAt = ContinuousClock.now
    var feed: Task<Void, Never>?
    private var waiters: [(revision: Revision, continuation: CheckedContinuation<Void, Never>)] = []
    var producerIDs = ProducerIDSupply()
    var refill: Task<Result<Void, BrokerError>, Never>?

    init(
        settings: BrokerSettings, store: LogStore, metadata: any MetadataStore, table: PartitionTable,
        replication: Replication, logger: Logger, peers: (any PeerTransport)?
    ) {
        self.settings = settings
        self.store = store
        self.metadata = metadata
        self.table = table
        self.replication = replication
        self.logger = logger
        self.peers = peers
    }

    private static let revisionNotedEvery = Duration.seconds(5)

    /// The image that partitions on this broker follow. Any thread.
    nonisolated var image: ClusterImage { published.withLock { $0 } }
    /// Until a person has deleted them.
    nonisolated var setAside: [SetAsideDirectory] {
        publishedSetAside.withLock { directories in
            directories.removeAll { !LogStore.isThere($0.path) }
            return directories
        }
    }
    /// Nil for a broker that is in no cluster, and before the start.
    nonisolated var controller: Controller? { publishedController.withLock { $0 } }

    // MARK: Life

    func start(host: String, port: UInt16) async throws(BrokerError) {
        do {
            if settings.isClustered {
                try await joinCluster(host: host, port: port)
            } else {
                try await register(host: host, port: port)
                try await takeOver()
            }
            mirror = try await patiently { try await metadata.image() }
            try noteRevision()
            let feed = try await patiently { try await metadata.changes(after: mirror.revision) }
            replication.begin(startEpoch: startEpoch, control: self) { [weak self] request in
                await self?.passOn(request)
            }
            replication.session(session)
            replication.apply(mirror)
            throttle()
            let onDisk = try openReplicas()
            for deletion in Array(mirror.deletions.values) { await finish(deletion.record, onDisk: onDisk) }
            publish()
            beginControlling()
            self.feed = Task { await self.follow(feed) }
            if settings.isClustered { _ = await replenishing().value }
        } catch {
            throw BrokerError(error, "the broker does not start")
        }
    }

    /// Opens the replicas that the image assigns to this broker, gives them their roles once it is registered, and
    /// moves away what the image does not know. What lies on the disk.
    @discardableResult
    func openReplicas() throws(StorageError) -> [TopicIDPartition: String] {
        let onDisk = try store.partitionsOnDisk()
        try setAsideUnknown(onDisk)
        for id in Array(mirror.topicNames.keys) { reconcile(id, onDisk: onDisk) }
        return onDisk
    }

    private func beginControlling() {
        guard settings.isClustered else { return }
        let me = PartitionLeader(broker: settings.brokerID, startEpoch: startEpoch)
        let controller = Controller(me, metadata: metadata, peers: peers, logger: logger)
        publishedController.withLock { $0 = controller }
        controller.send(.imageLoaded(mirror))
        controller.start(ControllerSettings(settings))
        keeper = Task { await self.keepPlace() }
    }

    /// Ends at once. A clustered broker has handed over before (``handOver()``).
    func stop() async {
        isStopping = true
        displacement.continuation.finish()
        keeper?.cancel()
        feed?.cancel()
        feed = nil
        for (_, entry) in table.snapshot {
            if case .replica(let replica) = entry { replication.unassign(replica, .stopping) }
        }
        replication.stop()
        do {
            try noteRevision()
        } catch {
            logger.error("the data directory's identity was not updated", metadata: ["error": "\(error)"])
        }
        controller?.stop()
        await session?.close()
        session = nil
        store.close()
        await metadata.close()
        resumeWaiters(upTo: .max)
    }

    /// RULES 3. What the directory remembers may lag behind the store, never the other way round.
    private func noteRevision() throws(StorageError) {
        let revision = mirror.revision
        revisionNotedAt = .now
        try store.updateIdentity { $0.storeRevision = max($0.storeRevision, revision) }
    }

    /// Every few seconds in which something changed: after a crash too, a store that was rolled back is known by it.
    private func noteRevisionNowAndThen() {
        guard ContinuousClock.now - revisionNotedAt >= Self.revisionNotedEvery else { return }
        do {
            try noteRevision()
        } catch {
            logger.error("the data directory's identity was not updated", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Following the metadata

    private func follow(_ feed: MetadataFeed) async {
        var feed = feed
        while true {
            do {
                for try await update in feed { await apply(update) }
                // The store is closed, or this broker stops.
                return
            } catch {
                guard let next = await catchUp(after: error) else { return }
                feed = next
            }
        }
    }

    /// Starts again from an image where the feed cannot go on, as often as it takes. Nil: the broker stops.
    private func catchUp(after error: any Error) async -> MetadataFeed? {
        logger.warning("the metadata feed ended; reading everything anew", metadata: ["reason": "\(error)"])
        var pause = Duration.milliseconds(50)
        while !Task.isCancelled {
            do throws(MetadataError) {
                return try await readAnew()
            } catch {
                guard error.code != .closed else { return nil }
                logger.error("the metadata cannot be read; tried again", metadata: ["reason": "\(error)"])
            }
            // Cancelled while it sleeps: the loop's condition says so.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
        return nil
    }

    private func readAnew() async throws(MetadataError) -> MetadataFeed {
        let image = try await metadata.image()
        let next = try await metadata.changes(after: image.revision)
        let old = mirror
        mirror = image
        replication.apply(mirror)
        throttle()
        controller?.send(.imageLoaded(image))
        for id in Set(old.topicNames.keys).union(mirror.topicNames.keys) { reconcile(id) }
        publish()
        for deletion in Array(mirror.deletions.values) { await finish(deletion.record) }
        replication.applied(image.revision)
        resumeWaiters(upTo: image.revision)
        return next
    }

    private func apply(_ update: MetadataUpdate) async {
        guard update.revision > mirror.revision else { return }
        let hadDefaults = mirror.defaults
        mirror.apply(update)
        replication.apply(mirror)
        // Before what may wait for the disk.
        controller?.send(.updated(mirror, update))
        var topics: Set<TopicID> = []
        var partitions: [TopicID: [PartitionIndex]] = [:]
        var deletions: [TopicDeletion] = []
        for change in update.changes {
            switch change {
            case .put(.topic(let topic)): topics.insert(topic.id)
            case .put(.partition(let partition)):
                partitions[partition.id.topicID, default: []].append(partition.id.partition)
            case .put(.deletion(let deletion)): deletions.append(deletion)
            default: break
            }
        }
        if mirror.defaults != hadDefaults {
            topics.formUnion(mirror.topicNames.keys)
            throttle()
        }
        for id in topics { reconcile(id) }
        for (id, indexes) in partitions where !topics.contains(id) { reconcile(id, only: indexes) }
        publish()
        // After the new image is out: the topic is gone for everybody before its files go.
        for deletion in deletions { await finish(deletion) }
        replication.applied(update.revision)
        resumeWaiters(upTo: update.revision)
        noteRevisionNowAndThen()
    }

    /// What is set for the cluster goes before this broker's own.
    private func throttle() {
        let ordered = ClusterPlanner.throttle(mirror)
        replication.setThrottle(ordered == 0 ? nil : ordered ?? settings.replicationThrottle)
    }

    /// Returns once the partitions on this broker are as `revision` wants them.
    func applied(_ revision: Revision) async {
        guard mirror.revision < revision || !waiters.isEmpty, feed != nil else { return }
        await withCheckedContinuation { waiters.append((revision, $0)) }
    }

    private func resumeWaiters(upTo revision: Revision) {
        let ready = waiters.filter { $0.revision <= revision }
        waiters.removeAll { $0.revision <= revision }
        for waiter in ready { waiter.continuation.resume() }
    }

    private func publish() {
        published.withLock { $0 = mirror }
    }

    // MARK: Partitions

    /// Makes the partitions of a topic on this broker, or those at `indexes`, what the image says of them.
    func reconcile(
        _ id: TopicID, only indexes: [PartitionIndex]? = nil, onDisk: [TopicIDPartition: String]? = nil
    ) {
        guard !isSuperseded, let topic = mirror.topic(id)?.record else { return }
        for index in indexes ?? Array(0..<topic.partitionCount) where index < topic.partitionCount {
            let id = TopicIDPartition(topicID: id, partition: index)
            guard let record = mirror.partitions[id] else { continue }
            guard record.replicas.contains(self.settings.brokerID) else {
                release(id, record.record)
                continue
            }
            local[id.topicID, default: []].insert(index)
            do throws(BrokerError) {
                let settings = try topicSettings(topic, replicas: record.record.finalReplicas.count)
                let partition = try replica(id, topic, record.record, settings, onDisk)
                partition.update(settings)
                replication.assign(partition, record)
            } catch {
                fail(id, topic.name, error)
            }
        }
    }

    /// Parsed once for many partitions of one topic.
    private func topicSettings(_ topic: TopicRecord, replicas: Int) throws(BrokerError) -> TopicSettings {
        let defaults = TopicPlanner.defaults(mirror, settings)
        if let last = lastSettings, last.own == topic.settings, last.defaults == defaults, last.replicas == replicas {
            return last.parsed
        }
        let parsed = try TopicSettings(
            topic.settings, defaults: defaults, replicas: replicas, producerExpiration: settings.producerExpiration)
        lastSettings = (topic.settings, defaults, replicas, parsed)
        return parsed
    }

    /// The replica has moved to other brokers. Its directory is set aside: only the deletion of its topic deletes it
    /// (RULES 3).
    private func release(_ id: TopicIDPartition, _ record: PartitionRecord) {
        guard local[id.topicID]?.remove(id.partition) != nil else { return }
        let reason = BrokerError(
            .notLeaderOrFollower, "the partition has moved to brokers \(record.replicas)",
            leader: record.leader.map { LeaderHint(brokerID: $0.broker, leaderEpoch: record.leaderEpoch) })
        let topic = mirror.topic(id.topicID)?.name ?? ""
        if case .replica(let replica) = table[id] { replication.unassign(replica, reason) }
        table[id] = nil
        do {
            try setAside(id, topic, "its replica has moved to brokers \(record.replicas)")
        } catch {
            logger.error(
                "the directory of a replica that has moved away stays where it is until the next start",
                metadata: ["partition": "\(topic)-\(id.partition)", "error": "\(error)"])
        }
    }

    /// The replica, opened or made when it is not there yet.
    private func replica(
        _ id: TopicIDPartition, _ topic: TopicRecord, _ record: PartitionRecord, _ settings: TopicSettings,
        _ onDisk: [TopicIDPartition: String]?
    ) throws(BrokerError) -> Partition {
        if case .replica(let replica) = table[id] { return replica }
        let log: PartitionLog
        do {
            if onDisk?[id] != nil {
                log = try store.open(id, topic: topic.name, settings: settings.log)
            } else {
                log = try store.create(id, topic: topic.name, settings: settings.log)
                // Its creation gave it epoch 0, and this start another one: it may have been led, and lost.
                if onDisk != nil, record.leaderEpoch > 1 {
                    logger.error(
                        "a partition's directory is gone; it starts empty",
                        metadata: ["partition": "\(topic.name)-\(id.partition)", "epoch": "\(record.leaderEpoch)"])
                }
            }
        } catch {
            throw BrokerError(error)
        }
        let partition = Partition(
            log: log, brokerID: self.settings.brokerID, settings: settings, host: replication)
        log.setObserver(partition)
        table[id] = .replica(partition)
        return partition
    }

    func fail(_ id: TopicIDPartition, _ topic: String, _ error: BrokerError) {
        logger.error(
            "partition not available",
            metadata: ["partition": "\(topic)-\(id.partition)", "reason": "\(error.message)"])
        if case .replica(let replica) = table[id] {
            replication.unassign(replica, error)
        } else {
            table[id] = .failed(topic: topic, error)
        }
    }

    // MARK: Deleted and unknown directories

    /// Removes a deleted topic from this broker, and says so in the store. What cannot be removed now is tried again
    /// at the next start.
    private func finish(_ deletion: TopicDeletion, onDisk: [TopicIDPartition: String]? = nil) async {
        guard deletion.pending.contains(settings.brokerID) else { return }
        var indexes = local.removeValue(forKey: deletion.id) ?? []
        for id in onDisk?.keys.filter({ $0.topicID == deletion.id }) ?? [] { indexes.insert(id.partition) }
        let gone = BrokerError(.unknownTopicID, "topic \(deletion.name) was deleted")
        do {
            for index in indexes.sorted() {
                let id = TopicIDPartition(topicID: deletion.id, partition: index)
                if case .replica(let replica) = table[id] { replication.unassign(replica, gone) }
                table[id] = nil
                try store.remove(id)
            }
            try await confirm(deletion.id)
        } catch {
            logger.error(
                "a deleted topic's files are still there; removing them is tried again at the next start",
                metadata: ["topic": "\(deletion.name)", "id": "\(deletion.id)", "error": "\(error)"])
        }
    }

    /// Takes this broker out of those that still have files of the topic; the last one removes the record.
    private func confirm(_ id: TopicID) async throws(MetadataError) {
        while let deletion = try await metadata.image().deletions[id] {
            var record = deletion.record
            record.pending.removeAll { $0 == settings.brokerID }
            var transaction = MetadataTransaction()
            if record.pending.isEmpty {
                transaction.remove(.deletion(id), ifRevision: deletion.revision)
            } else {
                transaction.put(.deletion(record), ifRevision: deletion.revision)
            }
            if case .committed = try await metadata.commit(transaction) { return }
        }
    }

    /// RULES 3: moves away what the image neither knows nor has seen deleted.
    private func setAsideUnknown(_ onDisk: [TopicIDPartition: String]) throws(StorageError) {
        for (id, topic) in onDisk where mirror.deletions[id.topicID] == nil {
            let isKnown = mirror.partitions[id]?.replicas.contains(settings.brokerID) ?? false
            if isKnown { continue }
            table[id] = nil
            let moved = mirror.partitions[id].map { "its replica has moved to brokers \($0.replicas)" }
            try setAside(id, topic, moved ?? "the metadata does not know topic id \(id.topicID)")
        }
    }

    /// Moves a directory out of the way; status names it from then on.
    func setAside(_ id: TopicIDPartition, _ topic: String, _ reason: String) throws(StorageError) {
        let path = try store.setAside(id, reason: reason)
        let directory = SetAsideDirectory(id: id, topic: topic, path: path, reason: reason)
        publishedSetAside.withLock { $0.append(directory) }
    }
}
