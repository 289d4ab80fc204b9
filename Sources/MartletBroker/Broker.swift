internal import HashTreeCollections
package import Logging
package import MartletCore
package import MartletMetadata
package import MartletStorage
package import NIOCore
internal import Synchronization

/// One broker: the partitions on it, and the calls on them. No wire types: listeners translate.
///
/// Any thread may call it. Produce and fetch run on the event loop that they are called on, from the check of the
/// batch to the append, without a task or an actor in between. The control plane (topics, epochs, metadata) is an
/// actor on a thread that may block.
package final class Broker: Sendable {
    package let settings: BrokerSettings
    package let counters = BrokerCounters()
    let store: LogStore
    let metadata: any MetadataStore
    let logger: Logger
    let table = PartitionTable()
    let control: ControlPlane
    let replication: Replication
    private let mailboxes = LoopMailboxes()
    private let disk = BlockingQueue(label: "martlet.broker.disk")
    private let started = Atomic<Bool>(false)
    private let serving = Atomic<Bool>(false)
    private let nextFetchID = Atomic<UInt64>(0)

    /// Opens nothing yet. The broker owns `store` and `metadata` from here on and closes them in ``stop()``.
    ///
    /// - Parameter peers: reaches the other brokers; nil where there are none.
    package init(
        settings: BrokerSettings, store: LogStore, metadata: any MetadataStore, logger: Logger,
        peers: (any PeerTransport)? = nil
    ) {
        self.settings = settings
        self.store = store
        self.metadata = metadata
        self.logger = logger
        replication = Replication(
            settings: settings, table: table, traffic: counters, peers: peers, logger: logger)
        control = ControlPlane(
            settings: settings, store: store, metadata: metadata, table: table, replication: replication,
            logger: logger, peers: peers)
    }

    /// Registers with the metadata store, opens the partitions and gives each a new leader epoch (RULES 2, 3). Serves
    /// on return, but for partitions that are still being recovered, which answer PARTITION_RECOVERING. Clients are told
    /// to come to `host` and `port`.
    ///
    /// - Throws: ``BrokerError`` when the settings are wrong, or the metadata store and the data directory do not
    /// belong together.
    package func start(host: String, port: UInt16) async throws(BrokerError) {
        try await start(host: host, port: port, syncing: true)
    }

    /// Tests leave the syncing out, so that nothing becomes durable before they say so.
    func start(host: String, port: UInt16, syncing: Bool) async throws(BrokerError) {
        try settings.check()
        try await control.start(host: host, port: port)
        if syncing { store.startBackground() }
        started.store(true, ordering: .sequentiallyConsistent)
        serving.store(true, ordering: .sequentiallyConsistent)
    }

    /// In a cluster gives leadership to others and leaves the in-sync sets, serving clients and followers all the
    /// while. Returns when nothing more is to be handed over, or after the grace; a second call returns at once.
    package func handOver() async {
        await control.handOver()
    }

    /// Returns why, once another process has registered as this broker: this one serves nothing any more, and is to be
    /// stopped. Nil when the task is cancelled, or the broker stops first. For one caller.
    package func untilDisplaced() async -> BrokerError? {
        await control.displacement.stream.first { _ in true }
    }

    /// Hands over, unless that was done; then fails what waits with a retriable error, syncs and closes the logs and
    /// the metadata store.
    package func stop() async {
        await handOver()
        serving.store(false, ordering: .sequentiallyConsistent)
        await control.stop()
    }

    /// Wall time, for timestamps.
    var now: TimestampMs { settings.clock.wallTime }

    package var isServing: Bool { serving.load(ordering: .relaxed) }

    /// What calls are told while it does not serve.
    var notServing: BrokerError { started.load(ordering: .relaxed) ? .stopping : .starting }

    // MARK: Data path

    /// Appends batches and replies once they are kept as `acks` and each topic's `flush` say (DESIGN section 3).
    ///
    /// - Parameters:
    ///   - items: at most one batch for each partition; each inside the attachment's readable bytes.
    ///   - timeout: how long to wait for acks; what is not kept by then fails with REQUEST_TIMED_OUT, its outcome
    /// unknown.
    ///   - loop: the calling event loop; `reply` runs on it once, perhaps before this returns, with one outcome for
    /// each item.
    package func produce(
        _ items: [ProduceItem], attachment: ByteBuffer, acks: Acks, timeout: Duration, on loop: any EventLoop,
        reply: @escaping @Sendable ([ProduceOutcome]) -> Void
    ) {
        let call = ProduceCall(
            broker: self, items: items, attachment: attachment, acks: acks, mailbox: mailboxes.mailbox(of: loop),
            reply: reply)
        call.start(timeout: min(timeout, settings.produceTimeoutMax))
    }

    /// ``produce(_:attachment:acks:timeout:on:reply:)`` with acks=all, into the broker's own topics, which clients do
    /// not write to.
    func produceInternally(
        _ items: [ProduceItem], _ attachment: ByteBuffer, _ timeout: Duration, on loop: any EventLoop,
        reply: @escaping @Sendable ([ProduceOutcome]) -> Void
    ) {
        let call = ProduceCall(
            broker: self, items: items, attachment: attachment, acks: .all, mailbox: mailboxes.mailbox(of: loop),
            writesInternalTopics: true, reply: reply)
        call.start(timeout: timeout)
    }

    /// Finds records; waits for `query.minBytes` of them at most `query.maxWait`. Nothing is copied: outcomes name
    /// file ranges. Ranges that are not in memory are read on a storage thread first (RULES 29), which may take longer.
    ///
    /// The reply has an outcome for each item with records or an error; when there is neither, for each item, which
    /// then tells offsets.
    ///
    /// - Returns: what cancels the fetch while it waits; nil when `reply` has run already.
    package func fetch(
        _ query: FetchQuery, on loop: any EventLoop, reply: @escaping @Sendable ([FetchOutcome]) -> Void
    ) -> FetchTicket? {
        var query = query
        query.maxBytes = min(query.maxBytes, settings.fetchBytesMax)
        query.minBytes = min(query.minBytes, query.maxBytes)
        let reader = FetchReader(broker: self, query: query)
        let looks = reader.lookAtAll(isArrival: true)
        let wait = min(query.maxWait, settings.fetchWaitMax)
        if !looks.contains(where: \.isCold), wait <= .zero || reader.isEnough(looks) {
            reply(reader.answer(looks))
            return nil
        }
        let call = FetchCall(
            id: nextFetchID.wrappingAdd(1, ordering: .relaxed).newValue, reader: reader, looks: looks,
            mailbox: mailboxes.mailbox(of: loop), reply: reply)
        call.start(timeout: wait)
        return call.isOpen ? FetchTicket(call: call) : nil
    }

    /// For the answer to a replica's fetch. Cheap.
    package var liveTraffic: LiveTraffic { replication.live.traffic(at: replication.elapsed) }

    /// One result for each item, in order. Times are looked up on a thread that may block.
    package func listOffsets(_ items: [ListOffsetsItem]) async -> [Result<ListedOffset, BrokerError>] {
        var results: [Result<ListedOffset, BrokerError>] = []
        for item in items { results.append(await listOffset(item)) }
        // RULES 19: a lookup by time may have waited for the disk while others took over.
        return zip(items, results).map { item, result in
            result.flatMap { found in
                Result { () throws(BrokerError) in
                    try replication.requireProven(try table.replica(item.topicID, item.partition))
                    return found
                }
            }
        }
    }

    private func listOffset(_ item: ListOffsetsItem) async -> Result<ListedOffset, BrokerError> {
        guard isServing else { return .failure(notServing) }
        do throws(BrokerError) {
            let partition = try table.replica(item.topicID, item.partition)
            let latest = try partition.latestOffset(item.leaderEpoch)
            switch item.spec {
            case .earliest:
                return .success(
                    ListedOffset(offset: partition.log.logStartOffset, timestamp: -1, leaderEpoch: latest.epoch))
            case .latest:
                return .success(ListedOffset(offset: latest.offset, timestamp: -1, leaderEpoch: latest.epoch))
            case .timestamp(let time):
                return await disk.run { () throws(BrokerError) in
                    try partition.offset(forTimestamp: time, below: latest.offset)
                }
            }
        } catch {
            return .failure(error)
        }
    }

    /// Moves log starts up. Durable on return. One new log start for each item, in order.
    package func deleteRecords(_ items: [DeleteRecordsItem]) async -> [Result<Offset, BrokerError>] {
        var results: [Result<Offset, BrokerError>] = []
        for item in items {
            guard isServing else {
                results.append(.failure(notServing))
                continue
            }
            results.append(
                await disk.run { [table] () throws(BrokerError) in
                    let partition = try table.replica(item.topicID, item.partition)
                    try partition.requireClientsMayWrite()
                    return try partition.deleteRecords(before: item.before)
                })
        }
        return results
    }

    // MARK: Topics and the rest of the control plane

    /// Creates topics, each for itself; with `validateOnly` says what would happen. Durable on return, and ready to be
    /// produced to.
    package func createTopics(_ topics: [NewTopic], validateOnly: Bool = false) async -> [Result<TopicID, BrokerError>]
    {
        guard isServing else { return topics.map { _ in .failure(notServing) } }
        return await control.create(topics, validateOnly: validateOnly)
    }

    /// Creates one of the broker's own topics; one that is there already is a success.
    func createInternalTopic(_ topic: NewTopic) async -> Result<TopicID, BrokerError> {
        guard isServing else { return .failure(notServing) }
        let result = await control.create([topic], validateOnly: false, isInternal: true)[0]
        if case .failure(let error) = result, error.code == .topicAlreadyExists,
            let existing = control.image.topics[topic.name]
        {
            return .success(existing.id)
        }
        return result
    }

    /// Deletes topics with all their records, each for itself. Durable on return. The results are the ids that they
    /// had.
    package func deleteTopics(_ names: [String]) async -> [Result<TopicID, BrokerError>] {
        var results: [Result<TopicID, BrokerError>] = []
        for name in names {
            results.append(await whileServing { () throws(BrokerError) in try await self.control.delete(name) })
        }
        return results
    }

    /// Changes settings, adds partitions, or both, in one step. Durable on return.
    package func alterTopic(_ alteration: TopicAlteration, validateOnly: Bool = false) async throws(BrokerError)
        -> TopicID
    {
        guard isServing else { throw notServing }
        return try await control.alter(alteration, validateOnly: validateOnly)
    }

    /// Describes topics; with `auto.create.topics.enable` creates those that are asked for by name and missing.
    ///
    /// - Throws: `starting` while it does not know its topics yet: clients would believe that there are none.
    package func describeTopics(_ query: TopicQuery) async throws(BrokerError) -> ClusterDescription {
        guard started.load(ordering: .relaxed) else { throw .starting }
        if settings.createsTopicsAutomatically, isServing {
            let missing = Set(query.names).filter {
                control.image.topics[$0] == nil && !TopicName.isReserved($0)
            }
            if !missing.isEmpty { _ = await createTopics(missing.sorted().map { NewTopic(name: $0, partitions: -1) }) }
        }
        return TopicDescriber(image: control.image, settings: settings, table: table).describe(query)
    }

    /// A new producer id at epoch 0, or the next epoch of an id that the caller has. Ids are reserved durably before
    /// they are given out and never given out twice.
    package func initProducerID(
        _ producerID: ProducerID, epoch: ProducerEpoch
    ) async throws(BrokerError) -> (id: ProducerID, epoch: ProducerEpoch) {
        guard isServing else { throw notServing }
        return try await control.producerID(producerID, epoch: epoch)
    }

    /// How the broker is doing. O(partitions).
    package func status() -> BrokerStatus {
        StatusReport(
            settings: settings, image: control.image, table: table, counters: counters, setAside: control.setAside
        )
        .status
    }

    private func whileServing<Value: Sendable>(
        _ body: () async throws(BrokerError) -> Value
    ) async -> Result<Value, BrokerError> {
        guard isServing else { return .failure(notServing) }
        do throws(BrokerError) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
