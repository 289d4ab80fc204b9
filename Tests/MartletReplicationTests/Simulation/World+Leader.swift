import HashTreeCollections
import MartletBroker
import MartletCore
import MartletMetadata

// What a partition's shell does on a leader: counts followers, answers fetches and produces, proposes.
extension World {
    func lead(_ broker: SimulatedBroker, _ record: Versioned<PartitionRecord>) throws {
        if case .leader(var state) = broker.role, state.epoch == record.leaderEpoch {
            let moved = state.follow(record, at: time)
            broker.role = .leader(state)
            if moved { try highWatermarkMoved(broker) }
            return
        }
        leaveRole(broker)
        if !broker.log.startLeaderEpoch(record.leaderEpoch), options.plant != .restartsAtSameEpoch {
            throw violation("broker \(broker.id) is to lead at \(record.leaderEpoch), which its log has seen")
        }
        let state = LeaderState(
            leader: broker.identity, record: record, logEnd: broker.log.logEndOffset,
            durable: broker.log.durableOffset, highWatermark: broker.log.highWatermark, minInSyncReplicas: minInSync,
            lagMax: .milliseconds(Self.lagMaxMs), at: time)
        broker.role = .leader(state)
        counts.elections += 1
        trace("\(broker.id) leads at \(state.epoch), log \(broker.log.summary), in sync \(state.inSyncReplicas)")
        try checks.leads(broker, self)
        try highWatermarkMoved(broker)
    }

    /// Changes the state of a leader, and acts on what moved.
    private func change(
        _ broker: SimulatedBroker, _ body: (inout LeaderState) -> Bool
    ) throws {
        guard case .leader(var state) = broker.role else { return }
        let moved = body(&state)
        broker.role = .leader(state)
        if moved { try highWatermarkMoved(broker) }
        propose(broker)
    }

    func highWatermarkMoved(_ broker: SimulatedBroker) throws {
        guard let state = broker.leaderState else { return }
        broker.log.setHighWatermark(state.highWatermark)
        try checks.committed(by: broker, upTo: state.highWatermark, self)
        for waiter in broker.waiters where waiter.reach <= state.highWatermark {
            try answer(broker, waiter)
        }
        broker.waiters.removeAll { $0.reach <= state.highWatermark }
    }

    // MARK: Followers

    func handle(_ fetch: SimulatedFetch, at broker: SimulatedBroker) throws {
        let registered = broker.image.brokers[fetch.replica.broker]?.startEpoch ?? 0
        guard let state = broker.leaderState, fetch.replica.startEpoch >= registered,
            state.epoch == fetch.epoch || options.plant == .countsOldEpoch
        else { return reply(.failure, to: fetch, from: broker) }
        let log = broker.log
        if options.plant != .countsOldEpoch || state.epoch == fetch.epoch {
            let divergence = log.divergence(offset: fetch.asked.offset, lastEpoch: fetch.asked.lastEpoch)
            if let divergence, options.plant != .appendsWithoutAsking {
                return reply(.diverging(divergence), to: fetch, from: broker)
            }
        }
        try change(broker) {
            $0.fetched(by: fetch.replica, from: fetch.asked.offset, durable: fetch.durable, at: time)
        }
        if log.batch(at: fetch.asked.offset) == nil {
            broker.parked.append(
                .init(
                    asked: fetch.asked, number: fetch.number, replica: fetch.replica, epoch: fetch.epoch,
                    until: now + Self.fetchWaitMs))
            after(Self.fetchWaitMs, on: broker) { [self] in wakeFetches(broker) }
        } else {
            replyRecords(to: fetch, from: broker)
        }
    }

    /// Answers parked fetches for which there is news, or whose time is up.
    func wakeFetches(_ broker: SimulatedBroker) {
        let parked = broker.parked
        broker.parked = []
        for fetch in parked {
            let request = SimulatedFetch(
                replica: fetch.replica, epoch: fetch.epoch, asked: fetch.asked, durable: -1, number: fetch.number)
            if broker.leaderState?.epoch != fetch.epoch {
                reply(.failure, to: request, from: broker)
            } else if broker.log.batch(at: fetch.asked.offset) != nil {
                replyRecords(to: request, from: broker)
            } else if now >= fetch.until {
                reply(.nothing, to: request, from: broker)
            } else {
                broker.parked.append(fetch)
            }
        }
    }

    private func replyRecords(to fetch: SimulatedFetch, from broker: SimulatedBroker) {
        let first = fetch.asked.offset
        let batches = (first..<first + Offset(roll(1...20))).compactMap { broker.log.batch(at: $0) }
        reply(.records, batches, to: fetch, from: broker)
    }

    private func reply(
        _ answer: FollowerState.Answer, _ batches: [SimulatedBatch] = [], to fetch: SimulatedFetch,
        from broker: SimulatedBroker
    ) {
        let highWatermark = broker.leaderState?.highWatermark ?? -1
        let logStart = broker.log.logStartOffset
        let run = self.broker(fetch.replica.broker).run
        send(from: broker.id, to: fetch.replica.broker) { [self] follower in
            guard follower.run == run else { return }
            try answered(
                SimulatedAnswer(
                    number: fetch.number, answer: answer, batches: batches, highWatermark: highWatermark,
                    logStart: logStart), follower)
        }
    }

    func reported(by replica: ReplicaIdentity, epoch: LeaderEpoch, durable: Offset, to broker: SimulatedBroker) throws {
        guard broker.leaderState?.epoch == epoch else { return }
        try change(broker) { $0.reported(by: replica, durable: durable, at: time) }
    }

    // MARK: Its own log

    func sync(_ broker: SimulatedBroker) {
        guard syncs, !broker.isSyncing else { return }
        broker.isSyncing = true
        let end = broker.log.logEndOffset
        let epoch = broker.log.highestEpoch
        after(fault(30) ? roll(20...1_500) : roll(1...8), on: broker) { [self] in
            broker.isSyncing = false
            // A cut in between is durable by itself, and a sync of before says nothing of what came after.
            guard epoch == broker.log.highestEpoch || end <= broker.log.synced else { return sync(broker) }
            broker.log.sync(to: end)
            try change(broker) { $0.kept(upTo: broker.log.durableOffset) }
            reportDurable(broker)
            if broker.log.synced < broker.log.logEndOffset { sync(broker) }
        }
    }

    func append(_ id: Int, to broker: SimulatedBroker, _ epoch: LeaderEpoch) throws -> Offset {
        let batch = broker.log.append(id, epoch: epoch)
        try checks.appended(batch, by: broker, asLeader: true, self)
        try change(broker) { state in
            state.appended(upTo: broker.log.logEndOffset)
            return state.kept(upTo: broker.log.durableOffset)
        }
        wakeFetches(broker)
        sync(broker)
        return batch.offset
    }

    // MARK: Who is in sync

    func tick(_ broker: SimulatedBroker) throws {
        if fault(200) { broker.log.checkpoint() }
        try change(broker) { state in
            _ = state.tick(at: time)
            return false
        }
        if let state = broker.leaderState { try dropOld(broker, state) }
        try ask(broker)
    }

    /// Retention.
    private func dropOld(_ broker: SimulatedBroker, _ state: LeaderState) throws {
        guard fault(20) else { return }
        var bound = state.highWatermark - 20
        if options.plant == .cleansPastHighWatermark { bound = broker.log.logEndOffset }
        broker.log.deleteRecords(before: min(bound, broker.log.logStartOffset + Offset(roll(1...300))))
        checks.deleted(upTo: min(broker.log.logStartOffset, state.highWatermark))
    }

    private func propose(_ broker: SimulatedBroker) {
        guard case .leader(var state) = broker.role, let change = state.nextChange(id: Self.partition, at: time)
        else { return }
        if options.plant == .believesShrinkEarly, change.added.isEmpty {
            // Taken as committed before it is.
            _ = state.resolve(change, .committed(state.revision + 1), at: time)
        }
        broker.role = .leader(state)
        guard let transaction = transaction(change, broker) else {
            after(1, on: broker) { [self] in try resolve(change, .conflict, broker) }
            return
        }
        if let joining = change.added.first { surprise(joining.broker) }
        commit(from: broker, transaction) { [self] outcome in
            var outcome = outcome
            if outcome == .unknown, options.plant == .unknownAdditionFailed { outcome = .conflict }
            try resolve(change, outcome, broker)
        }
    }

    private func resolve(_ proposal: InSyncChange, _ outcome: InSyncOutcome, _ broker: SimulatedBroker) throws {
        guard broker.identity == proposal.leader, broker.leaderState?.epoch == proposal.leaderEpoch else { return }
        try change(broker) { $0.resolve(proposal, outcome, at: time) }
    }

    private func transaction(_ change: InSyncChange, _ broker: SimulatedBroker) -> MetadataTransaction? {
        if options.plant == .overwritesRecord, let record = store.image.partitions[Self.partition] {
            var record = record.record
            record.inSyncReplicas = change.inSyncReplicas
            var transaction = MetadataTransaction()
            transaction.changes = [.put(.partition(record))]
            return transaction
        }
        guard var transaction = change.transaction(broker.image) ?? unchecked(change, broker) else { return nil }
        if options.plant == .staleReplicaRejoins {
            transaction.conditions.removeAll { $0.key != .partition(Self.partition) }
        }
        return transaction
    }

    /// For a planted bug: what a leader proposes that looks at the partition's record only.
    private func unchecked(_ change: InSyncChange, _ broker: SimulatedBroker) -> MetadataTransaction? {
        guard options.plant == .staleReplicaRejoins, let current = broker.image.partitions[Self.partition],
            current.revision == change.ifRevision
        else { return nil }
        var record = current.record
        record.inSyncReplicas = change.inSyncReplicas
        var transaction = MetadataTransaction()
        transaction.put(.partition(record), ifRevision: change.ifRevision)
        return transaction
    }
}
