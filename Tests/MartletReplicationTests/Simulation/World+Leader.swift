import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

// What a partition's shell does on a leader: counts followers, answers fetches and produces, proposes.
extension World {
    func lead(_ replica: SimulatedReplica, _ record: Versioned<PartitionRecord>) throws {
        let broker = replica.broker
        if case .leader(var state) = replica.role, state.epoch == record.leaderEpoch {
            let moved = state.follow(record, at: time(broker))
            replica.role = .leader(state)
            if moved { try highWatermarkMoved(replica) }
            return
        }
        leaveRole(replica)
        if !replica.log.startLeaderEpoch(record.leaderEpoch), options.plant != .restartsAtSameEpoch {
            throw violation("broker \(broker.id) is to lead at \(record.leaderEpoch), which its log has seen")
        }
        let state = LeaderState(
            leader: broker.identity, record: record, logEnd: replica.log.logEndOffset,
            durable: replica.log.durableOffset, highWatermark: replica.log.highWatermark, minInSyncReplicas: minInSync,
            lagMax: .milliseconds(Self.lagMaxMs), at: time(broker))
        replica.role = .leader(state)
        counts[.elections] += 1
        trace(
            "\(broker.id) leads \(replica.index) at \(state.epoch), log \(replica.log.summary), in sync "
                + "\(state.inSyncReplicas)")
        try checks[replica.index].leads(replica, self)
        try highWatermarkMoved(replica)
    }

    /// Changes the state of a leader, and acts on what moved.
    private func change(_ replica: SimulatedReplica, _ body: (inout LeaderState) -> Bool) throws {
        guard case .leader(var state) = replica.role else { return }
        let moved = body(&state)
        replica.role = .leader(state)
        if moved { try highWatermarkMoved(replica) }
        propose(replica)
    }

    func highWatermarkMoved(_ replica: SimulatedReplica) throws {
        guard let state = replica.leaderState else { return }
        replica.log.setHighWatermark(state.highWatermark)
        try checks[replica.index].committed(by: replica, upTo: state.highWatermark, self)
        let ready = replica.waiters.filter { $0.reach <= state.highWatermark }
        replica.waiters.removeAll { $0.reach <= state.highWatermark }
        for waiter in ready { try answer(replica, waiter) }
    }

    // MARK: Followers

    func handle(_ fetch: SimulatedFetch, at broker: SimulatedBroker) throws {
        let replica = broker.replicas[fetch.partition]
        let registered = broker.image.brokers[fetch.replica.broker]?.startEpoch ?? 0
        guard let state = replica.leaderState, fetch.replica.startEpoch >= registered,
            state.epoch == fetch.epoch || options.plant == .countsOldEpoch
        else { return reply(.failure, to: fetch, from: replica) }
        let log = replica.log
        if state.epoch == fetch.epoch {
            let divergence = log.divergence(offset: fetch.asked.offset, lastEpoch: fetch.asked.lastEpoch)
            if let divergence, options.plant != .appendsWithoutAsking {
                return reply(.diverging(divergence), to: fetch, from: replica)
            }
        }
        if fetch.foundDamage { suspectDamage(of: replica) }
        try change(replica) {
            $0.fetched(
                by: fetch.replica, incarnation: fetch.incarnation, from: fetch.asked.offset, durable: fetch.durable,
                condition: fetch.condition, at: time(broker))
        }
        if fetch.condition == .toBeCopied, !log.damage.isKnown,
            replica.leaderState?.mayBeginAnew(fetch.replica) == true
        {
            let nothingShared = EpochEnd(leaderEpoch: -1, endOffset: log.logStartOffset)
            return reply(.diverging(nothingShared), to: fetch, from: replica)
        }
        if log.batch(at: fetch.asked.offset) == nil {
            replica.parked.append(.init(fetch: fetch, until: now + Self.fetchWaitMs))
            after(Self.fetchWaitMs, on: broker) { [self] in wakeFetches(replica) }
        } else {
            replyRecords(to: fetch, from: replica)
        }
    }

    /// Answers parked fetches for which there is news, or whose time is up.
    func wakeFetches(_ replica: SimulatedReplica) {
        let parked = replica.parked
        replica.parked = []
        for waiting in parked {
            let fetch = waiting.fetch
            if replica.leaderState?.epoch != fetch.epoch {
                reply(.failure, to: fetch, from: replica)
            } else if replica.log.batch(at: fetch.asked.offset) != nil {
                replyRecords(to: fetch, from: replica)
            } else if now >= waiting.until {
                reply(.nothing, to: fetch, from: replica)
            } else {
                replica.parked.append(waiting)
            }
        }
    }

    private func replyRecords(to fetch: SimulatedFetch, from replica: SimulatedReplica) {
        let first = fetch.asked.offset
        let damage = replica.log.damage
        guard !damage.isKnown(at: first) else { return reply(.failure, to: fetch, from: replica) }
        let end = damage.firstKnown(after: first) ?? .max
        let batches = (first..<min(end, first + roll(1...20))).compactMap { replica.log.batch(at: $0) }
        reply(.records, batches, to: fetch, from: replica)
    }

    private func reply(
        _ answer: FollowerState.Answer, _ batches: [SimulatedBatch] = [], to fetch: SimulatedFetch,
        from replica: SimulatedReplica
    ) {
        let highWatermark = replica.leaderState?.highWatermark ?? -1
        let logStart = replica.log.logStartOffset
        let run = broker(fetch.replica.broker).run
        let soundCount = batches.prefix { !replica.log.damage.covers($0.offset) }.count
        send(from: replica.broker.id, to: fetch.replica.broker) { [self] follower in
            guard follower.run == run else { return }
            try answered(
                SimulatedAnswer(
                    number: fetch.number, answer: answer, batches: batches, soundCount: soundCount,
                    highWatermark: highWatermark, logStart: logStart), follower.replicas[fetch.partition])
        }
    }

    func reported(
        by identity: ReplicaIdentity, _ incarnation: Int32, epoch: LeaderEpoch, durable: Offset,
        to replica: SimulatedReplica
    ) throws {
        guard replica.leaderState?.epoch == epoch else { return }
        try change(replica) {
            $0.reported(by: identity, incarnation: incarnation, durable: durable, at: time(replica.broker))
        }
    }

    // MARK: Its own log

    func sync(_ replica: SimulatedReplica) {
        guard syncs, !replica.isSyncing else { return }
        replica.isSyncing = true
        let end = replica.log.logEndOffset
        let epoch = replica.log.highestEpoch
        after(fault(30) ? roll(20...1_500) : roll(1...8), on: replica.broker) { [self] in
            replica.isSyncing = false
            // A cut in between is durable by itself, and a sync of before says nothing of what came after.
            guard epoch == replica.log.highestEpoch || end <= replica.log.synced else { return sync(replica) }
            replica.log.sync(to: end)
            try change(replica) { $0.kept(upTo: replica.log.durableOffset) }
            reportDurable(replica)
            if replica.log.synced < replica.log.logEndOffset { sync(replica) }
        }
    }

    func append(_ id: Int, to replica: SimulatedReplica, _ epoch: LeaderEpoch) throws -> Offset {
        let batch = replica.log.append(id, epoch: epoch)
        try checks[replica.index].appended(batch, by: replica, asLeader: true, self)
        try change(replica) { state in
            state.appended(upTo: replica.log.logEndOffset)
            return state.kept(upTo: replica.log.durableOffset)
        }
        wakeFetches(replica)
        sync(replica)
        return batch.offset
    }

    // MARK: Who is in sync

    func tick(_ broker: SimulatedBroker) throws {
        let run = broker.run
        for replica in broker.replicas where broker.run == run {
            if fault(200) { replica.log.checkpoint() }
            var wantsMove = false
            try change(replica) { state in
                wantsMove = state.tick(at: time(broker), condition: replica.condition)
                return false
            }
            if let state = replica.leaderState {
                try dropOld(replica, state)
                if wantsMove { try passOn(state, of: replica) }
            }
            try ask(replica)
        }
        withdraw(broker)
    }

    /// Retention.
    private func dropOld(_ replica: SimulatedReplica, _ state: LeaderState) throws {
        guard fault(20) else { return }
        var bound = state.highWatermark - 20
        if options.plant == .cleansPastHighWatermark { bound = replica.log.logEndOffset }
        replica.log.deleteRecords(before: min(bound, replica.log.logStartOffset + roll(1...300)))
        checks[replica.index].deleted(upTo: min(replica.log.logStartOffset, state.highWatermark))
    }

    private func propose(_ replica: SimulatedReplica) {
        let broker = replica.broker
        guard case .leader(var state) = replica.role, let change = state.nextChange(id: replica.id, at: time(broker))
        else { return }
        if options.plant == .believesShrinkEarly, change.added.isEmpty {
            // Taken as committed before it is.
            _ = state.resolve(change, .committed(state.revision + 1), at: time(broker))
        }
        replica.role = .leader(state)
        guard let transaction = transaction(change, broker) else {
            after(1, on: broker) { [self] in try resolve(change, .conflict, replica) }
            return
        }
        let isSlow = change.added.first.map { surprise($0.broker) } ?? false
        commit(from: broker, transaction, by: .leader, isSlow: isSlow) { [self] answer in
            let outcome: InSyncOutcome =
                switch answer {
                case .committed(let revision): .committed(revision)
                case .conflict: .conflict
                case .unknown: options.plant == .unknownAdditionFailed ? .conflict : .unknown
                }
            try resolve(change, outcome, replica)
        }
    }

    private func resolve(_ proposal: InSyncChange, _ outcome: InSyncOutcome, _ replica: SimulatedReplica) throws {
        guard replica.broker.identity == proposal.leader, replica.leaderState?.epoch == proposal.leaderEpoch else {
            return
        }
        try change(replica) { $0.resolve(proposal, outcome, at: time(replica.broker)) }
    }

    private func transaction(_ change: InSyncChange, _ broker: SimulatedBroker) -> MetadataTransaction? {
        if options.plant == .overwritesRecord, let record = store.image.partitions[change.id] {
            var record = record.record
            record.inSyncReplicas = change.inSyncReplicas
            var transaction = MetadataTransaction()
            transaction.changes = [.put(.partition(record))]
            return transaction
        }
        guard var transaction = change.transaction(broker.image) ?? unchecked(change, broker) else { return nil }
        if options.plant == .staleReplicaRejoins {
            transaction.conditions.removeAll { $0.key != .partition(change.id) }
        }
        return transaction
    }

    /// For a planted bug: what a leader proposes that looks at the partition's record only.
    private func unchecked(_ change: InSyncChange, _ broker: SimulatedBroker) -> MetadataTransaction? {
        guard options.plant == .staleReplicaRejoins, let current = broker.image.partitions[change.id],
            current.revision == change.ifRevision
        else { return nil }
        var record = current.record
        record.inSyncReplicas = change.inSyncReplicas
        var transaction = MetadataTransaction()
        transaction.put(.partition(record), ifRevision: change.ifRevision)
        return transaction
    }
}
