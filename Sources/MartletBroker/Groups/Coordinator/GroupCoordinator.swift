internal import Dispatch
internal import HashTreeCollections
package import Logging
internal import MartletCore
internal import MartletMetadata
internal import MartletStorage
package import NIOCore
internal import Synchronization

/// Coordinates the groups whose partitions of `__consumer_offsets` this broker leads.
///
/// Any thread may call it; everything happens on one event loop, which keeps the order of requests, wakes once for all
/// that came meanwhile, and has no lock to wait for. (A hop costs what a heartbeat or a commit of ten partitions does
/// not notice; a thousand idle members are a thousand hops a second.) Logs are read back on a thread of their own.
///
/// Sendable: what changes is touched on the loop only, but for the counter of tokens, which is atomic.
package final class GroupCoordinator: @unchecked Sendable {
    /// How exactly deadlines are kept. What is due in one step is answered together.
    private static let tick = TimeAmount.milliseconds(20)
    /// How often leadership and topics are looked at, when no request makes it look.
    private static let lookEvery: GroupTime = 250
    private static let expireEvery: GroupTime = 60_000
    /// How long a batch may take to be kept. Past it its outcome is unknown, and the log is read again.
    private static let appendTimeout = Duration.seconds(30)
    /// Requests that wait for one partition to be loaded; more are told to come again.
    private static let waitingMax = 10_000

    private enum Slot {
        case loading(LeaderEpoch)
        /// Read up to `end`, which is not below the high watermark yet.
        case loaded(LeaderEpoch, [String: Group], end: Offset)
        case serving(GroupShard)
        /// Until `retryAt`.
        case failed(BrokerError, retryAt: GroupTime)
    }

    let broker: Broker
    private let loop: any EventLoop
    private let logger: Logger
    private let disk = DispatchQueue(label: "martlet.groups.load")
    private let nextToken = Atomic<GroupToken>(0)
    private let start = ContinuousClock.now

    private var topic: (id: TopicID, partitionCount: Int32)?
    private var slots: [PartitionIndex: Slot] = [:]
    private var waiting: [PartitionIndex: [GroupRequest]] = [:]
    /// Requests that came before the topic was there.
    private var waitingForTopic: [GroupRequest] = []
    private var isCreatingTopic = false
    private var catalog = TopicCatalog()
    private var catalogRevision: Revision = -1
    private var nextLook: GroupTime = 0
    private var nextExpiry: GroupTime = 0
    private var isFlushing = false
    private var ticking: RepeatedTask?
    private var isStopped = false

    /// Serves after ``begin()``. The loop must outlive the coordinator.
    package init(broker: Broker, on loop: any EventLoop, logger: Logger) {
        self.broker = broker
        self.loop = loop
        self.logger = logger
    }

    /// After the broker's start.
    package func begin() {
        loop.execute {
            self.look()
            self.ticking = self.loop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in
                self.takeTick()
            }
        }
    }

    /// Answers everybody that waits. Before the broker's stop.
    package func stop() async {
        try? await loop.submit {
            self.isStopped = true
            self.ticking?.cancel()
            for partition in Array(self.slots.keys) { self.drop(partition, .stopping) }
            for request in self.waitingForTopic { request.reply(.failure(.stopping)) }
            self.waitingForTopic = []
        }
        .get()
    }

    // MARK: Requests

    /// A request that may be given up.
    package struct Ticket: Sendable {
        let coordinator: GroupCoordinator
        let group: String
        let token: GroupToken

        /// Nobody waits for the answer any more.
        package func abandon() { coordinator.abandon(self) }
    }

    /// Hands `decide`'s event to the group. `reply` runs once, on the coordinator's loop, unless the ticket is
    /// abandoned.
    func submit(
        _ group: String, createsTopic: Bool, reply: @escaping @Sendable (GroupAnswer) -> Void,
        decide: @escaping @Sendable (Group?, GroupToken) -> GroupRequest.Decision
    ) -> Ticket {
        let token = nextToken.wrappingAdd(1, ordering: .relaxed).newValue
        loop.execute {
            let request = GroupRequest(
                group: group, token: token, decide: { decide($0, token) },
                reply: { reply(self.proven($0, of: group)) })
            do throws(BrokerError) {
                try OffsetsTopic.check(group: group)
                try self.route(request, createsTopic: createsTopic)
            } catch {
                reply(.failure(error))
            }
        }
        return Ticket(coordinator: self, group: group, token: token)
    }

    /// All groups that are coordinated here, sorted by name; with what is still being loaded left out, and said so.
    package func list(_ reply: @escaping @Sendable (_ groups: [GroupListing], _ isComplete: Bool) -> Void) {
        loop.execute {
            var listed: [GroupListing] = []
            var isComplete = true
            var missing = 1
            let finishPart = { (part: [GroupListing]?) in
                if let part { listed += part } else { isComplete = false }
                missing -= 1
                if missing == 0 { reply(listed.sorted { $0.name < $1.name }, isComplete) }
            }
            for slot in self.slots.values {
                missing += 1
                guard case .serving(let shard) = slot else {
                    finishPart(nil)
                    continue
                }
                let part = shard.listed
                shard.whenKept { isKept in finishPart(isKept && self.isProven(shard.partition) ? part : nil) }
            }
            finishPart([])
        }
    }

    /// The broker that coordinates a group: the leader of its partition, or this one while there is no topic yet.
    package func coordinator(of group: String) throws(BrokerError) -> BrokerDescription {
        try OffsetsTopic.check(group: group)
        let image = broker.control.image
        var id: BrokerID? = broker.settings.brokerID
        if let topic = image.topics[OffsetsTopic.name] {
            let partition = OffsetsTopic.partition(of: group, count: topic.partitionCount)
            id = image.partitions[TopicIDPartition(topicID: topic.id, partition: partition)]?.leader?.broker
        }
        guard let id, let record = image.brokers[id]?.record else {
            throw BrokerError(.coordinatorNotAvailable, "the partition of group \(group) has no leader now")
        }
        return BrokerDescription(id: id, host: record.host, port: record.port, rack: record.rack)
    }

    /// The topics as groups see them. On the coordinator's loop: for replies.
    package var topics: TopicCatalog {
        loop.preconditionInEventLoop()
        return catalog
    }

    private func abandon(_ ticket: Ticket) {
        loop.execute {
            self.waitingForTopic.removeAll { $0.token == ticket.token }
            guard let topic = self.topic else { return }
            let partition = OffsetsTopic.partition(of: ticket.group, count: topic.partitionCount)
            self.waiting[partition]?.removeAll { $0.token == ticket.token }
            if case .serving(let shard) = self.slots[partition] {
                shard.abandon(ticket.token, of: ticket.group, in: self.context)
                self.flushSoon()
            }
        }
    }

    private func route(_ request: GroupRequest, createsTopic: Bool) throws(BrokerError) {
        guard !isStopped else { throw .stopping }
        if topic == nil { look() }
        guard let topic else {
            if createsTopic { return try waitForTopic(request) }
            return take(request, with: nil)
        }
        let partition = OffsetsTopic.partition(of: request.group, count: topic.partitionCount)
        check(partition)
        switch slots[partition] {
        case .serving(let shard):
            try requireProven(partition)
            shard.take(request, in: context) { self.tooMany }
            flushSoon()
        case .loading, .loaded:
            guard waiting[partition]?.count ?? 0 < Self.waitingMax else {
                throw BrokerError(.coordinatorLoadInProgress, "the group's partition is still being loaded; try again")
            }
            waiting[partition, default: []].append(request)
        case .failed(let error, _): throw error
        case nil: throw notCoordinator(request.group, partition)
        }
    }

    /// RULES 19: past its session's deadline another broker may coordinate the group by now. Asked when a request comes,
    /// so that it changes nothing here, and again when it is answered, which may be much later.
    private func requireProven(_ partition: PartitionIndex) throws(BrokerError) {
        guard let replica = replica(partition) else { return }
        do throws(BrokerError) {
            try broker.replication.requireProven(replica)
        } catch {
            throw Self.unavailable(error)
        }
    }

    private func isProven(_ partition: PartitionIndex) -> Bool {
        (try? requireProven(partition)) != nil
    }

    private func proven(_ answer: GroupAnswer, of group: String) -> GroupAnswer {
        if case .failure = answer { return answer }
        do throws(BrokerError) {
            if let topic {
                try requireProven(OffsetsTopic.partition(of: group, count: topic.partitionCount))
            } else if broker.replication.isSessionOver {
                throw BrokerError(
                    .coordinatorNotAvailable,
                    "this broker does not reach the metadata store: there may be groups by now")
            }
            return answer
        } catch {
            return .failure(error)
        }
    }

    /// Why no further group may come to be. O(partitions), for new groups only.
    private var tooMany: BrokerError? {
        var count = 0
        for case .serving(let shard) in slots.values { count += shard.groupCount }
        guard count >= broker.settings.groupsMax else { return nil }
        return BrokerError(
            .limitReached,
            "this broker coordinates \(count) groups, as many as max.groups allows: delete some that nobody needs, or "
                + "raise it")
    }

    /// Without topic there is no group: what only looks is answered from nothing.
    private func take(_ request: GroupRequest, with group: Group?) {
        switch request.decide(group) {
        case .answer(let answer): request.reply(answer)
        case .event: request.reply(.failure(BrokerError(.groupIDNotFound, "there is no group \(request.group)")))
        }
    }

    private func notCoordinator(_ group: String, _ partition: PartitionIndex) -> BrokerError {
        BrokerError(
            .notCoordinator,
            "broker \(broker.settings.brokerID) does not lead \(OffsetsTopic.name)-\(partition), the partition of group "
                + "\"\(group)\""
        )
    }

    private func waitForTopic(_ request: GroupRequest) throws(BrokerError) {
        guard waitingForTopic.count < Self.waitingMax else {
            throw BrokerError(.coordinatorLoadInProgress, "\(OffsetsTopic.name) is being created; try again")
        }
        waitingForTopic.append(request)
        guard !isCreatingTopic else { return }
        isCreatingTopic = true
        Task {
            let result = await self.broker.createInternalTopic(
                OffsetsTopic.new(partitions: self.broker.settings.offsetsPartitions))
            self.loop.execute { self.topicCreated(result) }
        }
    }

    private func topicCreated(_ result: Result<TopicID, BrokerError>) {
        isCreatingTopic = false
        let requests = waitingForTopic
        waitingForTopic = []
        look()
        for request in requests {
            if topic == nil, case .failure(let error) = result {
                request.reply(
                    .failure(
                        BrokerError(
                            .coordinatorNotAvailable, "\(OffsetsTopic.name) cannot be created: \(error.message)")))
                continue
            }
            do throws(BrokerError) {
                try route(request, createsTopic: false)
            } catch {
                request.reply(.failure(error))
            }
        }
    }

    // MARK: Time

    private var now: GroupTime {
        let passed = ContinuousClock.now - start
        return passed.components.seconds * 1_000 + passed.components.attoseconds / 1_000_000_000_000_000
    }

    private var context: GroupContext { GroupContext(now: now, wallTime: broker.now, topics: catalog) }

    private func takeTick() {
        let now = now
        if now >= nextLook { look() }
        let expires = now >= nextExpiry
        if expires { nextExpiry = now + Self.expireEvery }
        for (partition, slot) in slots {
            switch slot {
            case .loaded(let epoch, let groups, let end): serveIfKept(partition, epoch, groups, end)
            case .serving(let shard):
                if let due = shard.nextDeadline, due <= now { shard.passTime(in: context) }
                if expires { shard.expireOffsets(retentionMs: broker.settings.offsetsRetentionMs, in: context) }
            case .loading, .failed: break
            }
        }
        flush()
    }

    // MARK: Leadership and topics

    /// Takes up what changed in the metadata and in the roles of the partitions.
    private func look() {
        nextLook = now + Self.lookEvery
        let image = broker.control.image
        if image.revision != catalogRevision {
            catalogRevision = image.revision
            takeTopics(of: image)
        }
        guard let topic else { return }
        for partition in 0..<topic.partitionCount { check(partition) }
    }

    private func takeTopics(of image: ClusterImage) {
        if let record = image.topics[OffsetsTopic.name]?.record { topic = (record.id, record.partitionCount) }
        var topics: [String: TopicCatalog.Topic] = [:]
        for versioned in image.topics.values {
            topics[versioned.name] = .init(id: versioned.id, partitionCount: versioned.partitionCount)
        }
        let catalog = TopicCatalog(topics)
        guard catalog != self.catalog else { return }
        self.catalog = catalog
        for case .serving(let shard) in slots.values { shard.takeTopics(in: context) }
        flushSoon()
    }

    private func replica(_ partition: PartitionIndex) -> Partition? {
        guard let topic,
            case .replica(let replica) = broker.table[TopicIDPartition(topicID: topic.id, partition: partition)]
        else { return nil }
        return replica
    }

    /// Makes the slot what this broker's role in the partition wants.
    private func check(_ partition: PartitionIndex) {
        let replica = replica(partition)
        guard let replica, let epoch = replica.leaderEpoch else {
            let trouble = replica?.trouble
            if case .failed = slots[partition] { return }
            let isComing = trouble?.code == .partitionRecovering
            drop(partition, trouble.map(Self.unavailable) ?? notCoordinator("", partition))
            if let trouble, isComing || trouble.code == .partitionOffline {
                slots[partition] = .failed(Self.unavailable(trouble), retryAt: now + Self.lookEvery)
            }
            return
        }
        switch slots[partition] {
        case .loading(let loaded) where loaded == epoch: return
        case .loaded(let loaded, _, _) where loaded == epoch: return
        case .serving(let shard) where shard.epoch == epoch: return
        case .failed(_, let retryAt) where retryAt > now: return
        default: load(partition, replica, epoch)
        }
    }

    private static func unavailable(_ trouble: BrokerError) -> BrokerError {
        let code: ErrorCode =
            switch trouble.code {
            case .partitionRecovering: .coordinatorLoadInProgress
            case .notLeaderOrFollower: .notCoordinator
            default: .coordinatorNotAvailable
            }
        return BrokerError(code, trouble.message)
    }

    /// Forgets what was known of a partition and tells everybody that waits.
    private func drop(_ partition: PartitionIndex, _ reason: BrokerError) {
        if case .serving(let shard) = slots.removeValue(forKey: partition) { shard.fail(reason) }
        for request in waiting.removeValue(forKey: partition) ?? [] { request.reply(.failure(reason)) }
    }

    // MARK: Loading

    private func load(_ partition: PartitionIndex, _ replica: Partition, _ epoch: LeaderEpoch) {
        if case .serving(let shard) = slots[partition] {
            shard.fail(BrokerError(.coordinatorLoadInProgress, "the group's partition has a new leader epoch"))
        }
        slots[partition] = .loading(epoch)
        let log = replica.log
        disk.async {
            let end = log.logEndOffset
            let result: Result<[String: Group], BrokerError>
            do throws(BrokerError) {
                result = .success(try GroupLoader.load(log, upTo: end))
            } catch {
                result = .failure(error)
            }
            self.loop.execute { self.loaded(partition, epoch, result, end) }
        }
    }

    private func loaded(
        _ partition: PartitionIndex, _ epoch: LeaderEpoch, _ result: Result<[String: Group], BrokerError>, _ end: Offset
    ) {
        guard case .loading(epoch) = slots[partition] else { return }
        switch result {
        case .success(let groups): serveIfKept(partition, epoch, groups, end)
        case .failure(let error):
            logger.error(
                "groups cannot be read back",
                metadata: ["partition": "\(OffsetsTopic.name)-\(partition)", "reason": "\(error.message)"])
            drop(partition, error)
            slots[partition] = .failed(error, retryAt: now + 10_000)
        }
    }

    /// Serves once everything that was read is below the high watermark (RULES 24).
    private func serveIfKept(
        _ partition: PartitionIndex, _ epoch: LeaderEpoch, _ groups: [String: Group], _ end: Offset
    ) {
        guard let replica = replica(partition), replica.leaderEpoch == epoch, replica.highWatermark >= end else {
            slots[partition] = .loaded(epoch, groups, end: end)
            return
        }
        do throws(BatchError) {
            let shard = try GroupShard(partition: partition, epoch: epoch, groups: groups, in: context)
            slots[partition] = .serving(shard)
            for request in waiting.removeValue(forKey: partition) ?? [] {
                shard.take(request, in: context) { self.tooMany }
            }
            flushSoon()
        } catch {
            slots[partition] = .failed(
                BrokerError(.coordinatorNotAvailable, "no memory for the group's partition"), retryAt: now + 1_000)
        }
    }

    // MARK: Appending

    /// After everything that has come to the loop by now.
    private func flushSoon() {
        guard !isFlushing else { return }
        isFlushing = true
        loop.execute { self.flush() }
    }

    private func flush() {
        isFlushing = false
        for slot in slots.values { if case .serving(let shard) = slot { append(shard) } }
    }

    private func append(_ shard: GroupShard) {
        guard let topic else { return }
        do throws(BatchError) {
            guard let append = try shard.nextAppend(at: broker.now) else { return }
            let item = ProduceItem(
                topicID: topic.id, partition: shard.partition, leaderEpoch: shard.epoch, bytes: 0..<append.bytes.count)
            // The reply runs on this loop, where the shard lives.
            let box = NIOLoopBound((shard, append), eventLoop: loop)
            broker.produceInternally([item], ByteBuffer(bytes: append.bytes), Self.appendTimeout, on: loop) {
                outcomes in
                let (shard, append) = box.value
                self.finished(shard, append, outcomes[0])
            }
        } catch {
            fail(shard, BrokerError(.coordinatorNotAvailable, "records of a group do not fit into a batch: \(error)"))
        }
    }

    private func finished(_ shard: GroupShard, _ append: GroupShard.Append, _ outcome: ProduceOutcome) {
        guard case .serving(let current) = slots[shard.partition], current === shard else { return }
        switch outcome {
        case .success:
            shard.appended(append, in: context)
            flushSoon()
        case .failure(let error): fail(shard, Self.unavailable(error))
        }
    }

    /// What the log holds is in doubt: it is read again before anything else is said.
    private func fail(_ shard: GroupShard, _ error: BrokerError) {
        logger.warning(
            "records of groups were not kept; reading the groups back",
            metadata: ["partition": "\(OffsetsTopic.name)-\(shard.partition)", "reason": "\(error.message)"])
        drop(shard.partition, error)
        slots[shard.partition] = .failed(error, retryAt: now + Self.lookEvery)
    }
}
