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

    private let executor = BlockingExecutor(label: "martlet.broker.control")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What was applied last, for everybody.
    private let published = Mutex(ClusterImage())
    private let publishedSetAside = Mutex<[SetAsideDirectory]>([])

    var mirror = ClusterImage()
    var startEpoch: StartEpoch = 0
    /// The partitions on this broker by topic, for finding those that are to go.
    private var local: [TopicID: Set<PartitionIndex>] = [:]
    private var session: (any MetadataSession)?
    private var feed: Task<Void, Never>?
    private var waiters: [(revision: Revision, continuation: CheckedContinuation<Void, Never>)] = []
    /// Reserved and not yet given out.
    var producerIDs: Range<ProducerID> = 0..<0
    var refill: Task<Result<Void, BrokerError>, Never>?

    init(
        settings: BrokerSettings, store: LogStore, metadata: any MetadataStore, table: PartitionTable,
        replication: Replication, logger: Logger
    ) {
        self.settings = settings
        self.store = store
        self.metadata = metadata
        self.table = table
        self.replication = replication
        self.logger = logger
    }

    /// The image that partitions on this broker follow. Any thread.
    nonisolated var image: ClusterImage { published.withLock { $0 } }
    nonisolated var setAside: [SetAsideDirectory] { publishedSetAside.withLock { $0 } }

    // MARK: Life

    func start(host: String, port: UInt16) async throws(BrokerError) {
        do {
            try await register(host: host, port: port)
            try await takeOver()
            mirror = try await metadata.image()
            try noteRevision()
            let feed = try await metadata.changes(after: mirror.revision)
            replication.begin(startEpoch: startEpoch, control: self)
            replication.session(session)
            replication.apply(mirror)
            let onDisk = try store.partitionsOnDisk()
            try setAsideUnknown(onDisk)
            for id in Array(mirror.topicNames.keys) { reconcile(id, onDisk: onDisk) }
            for deletion in Array(mirror.deletions.values) { await finish(deletion.record, onDisk: onDisk) }
            publish()
            self.feed = Task { await self.follow(feed) }
        } catch let error as MetadataError {
            throw BrokerError(error)
        } catch let error as StorageError {
            throw BrokerError(error)
        } catch let error as BrokerError {
            throw error
        } catch {
            throw BrokerError(.unknownServerError, "the broker does not start: \(error)")
        }
    }

    func stop() async {
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
        await session?.close()
        session = nil
        store.close()
        await metadata.close()
        resumeWaiters(upTo: .max)
    }

    private func register(host: String, port: UInt16) async throws {
        let image = try await metadata.image()
        let plan = StartPlanner(image: image, settings: settings, identity: store.identity)
        try plan.check()
        startEpoch = plan.startEpoch
        var generator = SystemRandomNumberGenerator()
        let clusterID = image.cluster?.id ?? "\(TopicID.random(using: &generator))"
        guard
            case .committed = try await metadata.commit(plan.registration(clusterID: clusterID, host: host, port: port))
        else {
            throw BrokerError(
                .brokerUnavailable, "another process registered as broker \(settings.brokerID); is it running?")
        }
        try store.updateIdentity { identity in
            identity.clusterID = clusterID
            identity.brokerID = settings.brokerID
        }
        session = try await metadata.openSession(broker: settings.brokerID, startEpoch: startEpoch)
    }

    private func takeOver() async throws {
        let plan = StartPlanner(image: try await metadata.image(), settings: settings, identity: store.identity)
        let transactions = plan.takeover(startEpoch: startEpoch, transactionKeysMax: metadata.transactionKeysMax)
        for transaction in transactions {
            guard case .committed = try await metadata.commit(transaction) else {
                throw BrokerError(
                    .brokerUnavailable, "the metadata changed while the broker was starting; start it again")
            }
        }
    }

    /// RULES 3. What the directory remembers may lag behind the store, never the other way round.
    private func noteRevision() throws(StorageError) {
        let revision = mirror.revision
        try store.updateIdentity { $0.storeRevision = max($0.storeRevision, revision) }
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
        for id in Set(old.topicNames.keys).union(mirror.topicNames.keys) { reconcile(id) }
        publish()
        for deletion in Array(mirror.deletions.values) { await finish(deletion.record) }
        resumeWaiters(upTo: image.revision)
        return next
    }

    private func apply(_ update: MetadataUpdate) async {
        guard update.revision > mirror.revision else { return }
        let hadDefaults = mirror.defaults
        mirror.apply(update)
        replication.apply(mirror)
        var topics: Set<TopicID> = []
        var deletions: [TopicDeletion] = []
        for change in update.changes {
            switch change {
            case .put(.topic(let topic)): topics.insert(topic.id)
            case .put(.partition(let partition)): topics.insert(partition.id.topicID)
            case .put(.deletion(let deletion)): deletions.append(deletion)
            default: break
            }
        }
        if mirror.defaults != hadDefaults { topics.formUnion(mirror.topicNames.keys) }
        for id in topics { reconcile(id) }
        publish()
        // After the new image is out: the topic is gone for everybody before its files go.
        for deletion in deletions { await finish(deletion) }
        resumeWaiters(upTo: update.revision)
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

    /// Makes the partitions of a topic on this broker what the image says of them.
    private func reconcile(_ id: TopicID, onDisk: [TopicIDPartition: String]? = nil) {
        guard let topic = mirror.topic(id)?.record else { return }
        let settings: Result<TopicSettings, BrokerError>
        do throws(BrokerError) {
            settings = .success(
                try TopicSettings(
                    topic.settings, defaults: TopicPlanner.defaults(mirror, self.settings),
                    producerExpiration: self.settings.producerExpiration))
        } catch {
            settings = .failure(error)
        }
        for index in 0..<topic.partitionCount {
            let id = TopicIDPartition(topicID: id, partition: index)
            guard let record = mirror.partitions[id], record.replicas.contains(self.settings.brokerID) else {
                continue
            }
            local[id.topicID, default: []].insert(index)
            do throws(BrokerError) {
                let settings = try settings.get()
                let partition = try replica(id, topic, record.record, settings, onDisk)
                partition.update(settings)
                replication.assign(partition, record)
            } catch {
                fail(id, topic.name, error)
            }
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
        let partition = Partition(log: log, brokerID: self.settings.brokerID, settings: settings, host: replication)
        log.setObserver(partition)
        table[id] = .replica(partition)
        return partition
    }

    private func fail(_ id: TopicIDPartition, _ topic: String, _ error: BrokerError) {
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
            let path = try store.setAside(id, reason: "the metadata does not know it")
            publishedSetAside.withLock { $0.append(SetAsideDirectory(id: id, topic: topic, path: path)) }
        }
    }
}
