internal import MartletCore
internal import MartletMetadata
internal import MartletStorage
internal import Synchronization

// The roles of a replica. Called by the control plane, one at a time for a partition. They may block for moments.
extension Partition {
    /// Leads as `record` says, in this run of this broker, with its in-sync replicas; goes on leading when it does
    /// already. A log that is not online keeps the partition unavailable: it is tried again when it is.
    func lead(_ record: Versioned<PartitionRecord>, as leader: ReplicaIdentity, lagMax: Duration, at now: Duration) {
        let epoch = record.leaderEpoch
        if leaderEpoch == epoch {
            return changeLeader { $0.follow(record, at: now) }
        }
        do {
            try log.startLeaderEpoch(epoch)
        } catch {
            return resign(refusal(error))
        }
        // Read before the role changes: what is appended from then on is the new epoch's.
        let logEnd = log.logEndOffset
        let durable = log.durableOffset
        let highWatermark = min(log.highWatermark, logEnd)
        let reason = BrokerError(
            .notLeaderOrFollower, "\(name) has a new leader epoch, \(epoch)", leader: hint(epoch))
        var wakeups = Wakeups()
        let moved = state.withLock { state in
            let new = LeaderState(
                leader: leader, record: record, logEnd: logEnd, durable: durable, highWatermark: highWatermark,
                minInSyncReplicas: state.minInSyncReplicas, lagMax: lagMax, at: now)
            state.lead(new, failing: reason, &wakeups)
            return new.highWatermark
        }
        log.setHighWatermark(moved)
        wakeups.send()
        // A sync may have ended between the look and the change of role.
        noteDurable(log.durableOffset)
        if case .offline(let reason) = log.state { resign(BrokerError(.partitionOffline, offlineMessage(reason))) }
    }

    /// Follows `leader`, with `fetcher`, in `epoch`. False when it cannot; the partition is unavailable then. Calls
    /// are sent to the leader.
    func follow(_ leader: PartitionLeader, _ epoch: LeaderEpoch, with fetcher: ReplicaFetcher) -> Bool {
        let isSame = state.withLock { state in
            state.following.map { $0.leader == leader && $0.epoch == epoch } ?? false
        }
        if isSame { return true }
        do {
            try log.startFollowing(epoch)
        } catch {
            resign(refusal(error))
            return false
        }
        let reason = BrokerError(
            .notLeaderOrFollower, "\(name) is led by broker \(leader.broker)",
            leader: LeaderHint(brokerID: leader.broker, leaderEpoch: epoch))
        var wakeups = Wakeups()
        state.withLock { state in
            state.change(to: .unavailable(reason), failing: reason, &wakeups)
            state.following = PartitionState.Following(leader: leader, epoch: epoch, fetcher: fetcher)
        }
        wakeups.send()
        return true
    }

    /// ``resign(_:)``, and the log takes no appends of either kind any more.
    func step(down reason: BrokerError) {
        resign(reason)
        log.stopLeading()
    }

    private func refusal(_ error: StorageError) -> BrokerError {
        switch error.code {
        case .wrongEpoch:
            // RULES 3: going on would give one offset two meanings.
            BrokerError(.partitionOffline, "the metadata is older than the log: \(error.message)")
        default:
            BrokerError(error)
        }
    }
}

// What its followers tell a leader.
extension Partition {
    /// Changes what the leader knows, tells those who wait, and proposes another in-sync set when one is due.
    func changeLeader(_ event: @Sendable (inout LeaderState) -> Bool) {
        let now = host?.elapsed ?? .zero
        var wakeups = Wakeups()
        let (moved, change) = state.withLock { state in
            let moved = state.changeLeader(&wakeups, event)
            return (moved, state.nextChange(id, at: now))
        }
        if let moved { log.setHighWatermark(moved) }
        wakeups.send()
        if let change { host?.propose(change, of: self) }
    }

    /// A follower fetches, in the epoch that this broker leads in. Nil: its log is the beginning of this one, and
    /// counts. Else: where it is to look for what the logs share.
    func count(_ item: FetchItem, from replica: ReplicaIdentity, at now: Duration) -> EpochEnd? {
        if let end = divergence(item) { return end }
        changeLeader { leader in
            guard leader.epoch == item.leaderEpoch else { return false }
            return leader.fetched(
                by: replica, incarnation: item.incarnation, from: item.fetchOffset, durable: item.durableOffset,
                condition: item.condition, at: now)
        }
        guard item.condition == .toBeCopied, mayBeginAnew(replica, item.leaderEpoch) else { return nil }
        return EpochEnd(leaderEpoch: -1, endOffset: log.logStartOffset)
    }

    /// RULES 17. Not while this log is damaged, too: what it lacks the replica may have.
    private func mayBeginAnew(_ replica: ReplicaIdentity, _ epoch: LeaderEpoch) -> Bool {
        guard !log.hasDamage else { return false }
        return state.withLock { $0.leader?.epoch == epoch && $0.leader?.mayBeginAnew(replica) == true }
    }

    private func divergence(_ item: FetchItem) -> EpochEnd? {
        // Nearly always: what it has last, it has of this leader.
        let isOwn = state.withLock { state in
            state.leader?.epoch == item.lastFetchedEpoch && state.leader?.epochStart ?? .max <= item.fetchOffset
        }
        if isOwn, item.fetchOffset <= log.logEndOffset, item.fetchOffset >= log.logStartOffset { return nil }
        return log.divergence(offset: item.fetchOffset, lastEpoch: item.lastFetchedEpoch)
    }

    /// A follower has made more durable.
    func count(_ report: DurableReport.Item, from replica: ReplicaIdentity, at now: Duration) {
        changeLeader { leader in
            guard leader.epoch == report.leaderEpoch else { return false }
            return leader.reported(
                by: replica, incarnation: report.incarnation, durable: report.durableOffset, at: now)
        }
    }

    /// Time passes. Its epoch, when the partition should be led by another (RULES 20).
    func tick(at now: Duration) -> LeaderEpoch? {
        let condition = condition
        let (wantsMove, change) = state.withLock { ($0.tick(at: now, condition), $0.nextChange(id, at: now)) }
        if let change { host?.propose(change, of: self) }
        return wantsMove
    }

    /// What became of a change that was proposed.
    func resolve(_ change: InSyncChange, _ outcome: InSyncOutcome, at now: Duration) {
        changeLeader { leader in
            guard leader.epoch == change.leaderEpoch else { return false }
            return leader.resolve(change, outcome, at: now)
        }
    }

    /// How the log is.
    var condition: ReplicaCondition { statement.condition }

    /// What the replica says of its log.
    var statement: ReplicaStatement {
        // In this order: what is said to be sound was so under this incarnation.
        let (isBeyondRepair, incarnation) = state.withLock { ($0.isBeyondRepair, $0.incarnation) }
        guard log.hasDamage else { return ReplicaStatement(condition: .sound, incarnation: incarnation) }
        return ReplicaStatement(condition: isBeyondRepair ? .toBeCopied : .underRepair, incarnation: incarnation)
    }

    /// What was damaged of the log was repaired, or cannot be. A replica beyond repair is another incarnation: once its
    /// leader has let it begin anew, no older fetch that arrives late, and says that all is well, makes it count.
    func noteRepair(_ isPossible: Bool) {
        if isPossible, log.hasDamage { return }
        let next = isPossible ? nil : host?.nextIncarnation()
        state.withLock { state in
            if let next, !state.isBeyondRepair { state.incarnation = max(state.incarnation, next) }
            state.isBeyondRepair = !isPossible
        }
    }

    /// RULES 19; for when the session's deadline has passed.
    func isProven(at now: Duration) -> Bool {
        state.withLock { $0.leader?.isProven(at: now) ?? false }
    }

    var unproven: BrokerError {
        BrokerError(
            .notLeaderOrFollower,
            "\(name): this broker has lost touch with the metadata and with replicas that may lead by now")
    }
}

extension PartitionLog: ReplicaLog {}
