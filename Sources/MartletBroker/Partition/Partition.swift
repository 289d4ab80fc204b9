internal import MartletCore
internal import MartletStorage
internal import Synchronization

/// A replica of a partition on this broker: its log, its role, and who waits for it. Any thread; the lock is held for
/// moments and never across a call into the log that takes a lock of its own.
final class Partition: Sendable {
    let id: TopicIDPartition
    let topic: String
    let log: PartitionLog
    let brokerID: BrokerID
    let state: Mutex<PartitionState>
    /// Held weakly: it holds the partitions.
    private let hostReference: HostReference

    private struct HostReference: Sendable {
        weak let value: (any PartitionHost)?
    }

    init(
        log: PartitionLog, brokerID: BrokerID, settings: TopicSettings, host: any PartitionHost
    ) {
        self.id = log.id
        self.topic = log.topic
        self.log = log
        self.brokerID = brokerID
        hostReference = HostReference(value: host)
        let name = TopicPartition(topic: log.topic, partition: log.id.partition)
        state = Mutex(
            PartitionState(
                role: .unavailable(BrokerError(.leaderNotAvailable, "\(name) has no leader on this broker yet")),
                minInSyncReplicas: settings.minInSyncReplicas, incarnation: host.nextIncarnation()))
    }

    var host: (any PartitionHost)? { hostReference.value }

    var name: String { "\(topic)-\(id.partition)" }

    /// Throws for the broker's own topics.
    func requireClientsMayWrite() throws(BrokerError) {
        guard !TopicName.isReserved(topic) else {
            throw BrokerError(.invalidTopic, "topic \(topic) is the broker's own: clients only read it")
        }
    }

    // MARK: Facts

    var highWatermark: Offset { state.withLock { $0.leader?.highWatermark } ?? log.highWatermark }

    /// Why calls are refused; nil while this broker leads.
    var trouble: BrokerError? {
        state.withLock { state in
            if case .unavailable(let error) = state.role { error } else { nil }
        }
    }

    /// Why the replica is of no use here: as ``trouble``, unless it is only that another broker leads.
    var fault: BrokerError? { trouble.flatMap { $0.code == .notLeaderOrFollower ? nil : $0 } }

    var leaderEpoch: LeaderEpoch? {
        state.withLock { state in
            if case .leader(let epoch) = state.role { epoch } else { nil }
        }
    }

    /// Neither leads nor follows. Everything that waits fails with `reason`, and every later call.
    func resign(_ reason: BrokerError) {
        var wakeups = Wakeups()
        state.withLock { $0.change(to: .unavailable(reason), failing: reason, &wakeups) }
        wakeups.send()
    }

    func update(_ settings: TopicSettings) {
        let now = host?.elapsed ?? .zero
        state.withLock { state in
            state.minInSyncReplicas = settings.minInSyncReplicas
            var wakeups = Wakeups()
            _ = state.changeLeader(&wakeups) { leader in
                leader.set(minInSyncReplicas: settings.minInSyncReplicas, at: now)
                return false
            }
        }
        if log.settings != settings.log { log.update(settings: settings.log) }
        noteDurable(log.durableOffset)
    }

    func hint(_ epoch: LeaderEpoch) -> LeaderHint {
        LeaderHint(brokerID: brokerID, leaderEpoch: epoch)
    }

    func offlineMessage(_ reason: String) -> String {
        "\(name) is offline on this broker until it restarts: \(reason)"
    }

    // MARK: Epochs of calls

    enum EpochCheck {
        case current(LeaderEpoch)
        /// The caller knows a newer epoch than this broker.
        case ahead
        case failed(BrokerError)
    }

    func check(_ epoch: LeaderEpoch, _ state: borrowing PartitionState) -> EpochCheck {
        switch state.role {
        case .unavailable(let error):
            return .failed(error)
        case .leader(let current):
            if epoch == -1 || epoch == current { return .current(current) }
            if epoch > current { return .ahead }
            return .failed(
                BrokerError(
                    .fencedLeaderEpoch,
                    "\(name): leader epoch \(epoch) is over; broker \(brokerID) leads at \(current)",
                    leader: hint(current)))
        }
    }

    func check(_ epoch: LeaderEpoch) -> EpochCheck {
        state.withLock { check(epoch, $0) }
    }

    func unknownEpoch(_ epoch: LeaderEpoch) -> BrokerError {
        let current = leaderEpoch
        return BrokerError(
            .unknownLeaderEpoch, "\(name): this broker has not heard of leader epoch \(epoch) yet",
            leader: current.map(hint))
    }
}

// MARK: Producing
extension Partition {
    enum AppendStep {
        case failed(BrokerError)
        case epochAhead
        /// Everything below `reach` has to be kept before the batch is acknowledged, by the leader of `epoch`.
        case appended(AppendedBatch, reach: Offset, epoch: LeaderEpoch)
    }

    /// Appends one batch as the leader. Does not wait.
    func append(
        _ batch: UnsafeRawBufferPointer, leaderEpoch: LeaderEpoch, acks: Acks, now: TimestampMs
    ) -> AppendStep {
        let (checked, shortage) = state.withLock { state in
            (
                check(leaderEpoch, state),
                acks == .all && state.leader?.isBelowMinimum == true
            )
        }
        switch checked {
        case .failed(let error): return .failed(error)
        case .ahead: return .epochAhead
        case .current(let epoch):
            if shortage {
                return .failed(
                    BrokerError(
                        .notEnoughReplicas,
                        "\(name): fewer replicas are in sync and keep up than min.insync.replicas asks for"))
            }
            do {
                let result = try log.append(batch, leaderEpoch: epoch, now: now)
                let appended = AppendedBatch(
                    baseOffset: result.baseOffset, logAppendTime: result.logAppendTime,
                    logStartOffset: log.logStartOffset)
                return .appended(appended, reach: result.lastOffset + 1, epoch: epoch)
            } catch {
                return .failed(BrokerError(error))
            }
        }
    }

    /// Answers an appended batch now, or has `call` woken when it is kept. Nil: it waits.
    func settle(
        _ batch: AppendedBatch, reach: Offset, epoch: LeaderEpoch, acks: Acks,
        waiter: @autoclosure () -> PartitionState.AckWaiter
    ) -> ProduceOutcome? {
        // Without syncing, what was appended counts at once, and nobody else tells.
        let durable = log.durableOffset
        let logEnd = log.logEndOffset
        var wakeups = Wakeups()
        var moved: Offset?
        let outcome = state.withLock { state -> ProduceOutcome? in
            guard case .leader(epoch) = state.role else {
                if acks == .none { return .success(batch) }
                return .failure(
                    BrokerError(
                        .notLeaderOrFollower, "\(name): the leader changed while the batch was being written"
                    ).afterAppend)
            }
            moved = state.advance(durable: durable, logEnd: logEnd, &wakeups)
            if state.isKept(reach, for: acks) {
                if acks == .all, let shortage = state.shortageAfterAppend { return .failure(shortage) }
                return .success(batch)
            }
            state.wait(waiter(), reach: reach, for: acks)
            return nil
        }
        if let moved { log.setHighWatermark(moved) }
        wakeups.send()
        return outcome
    }

    /// Has `call` try again when the partition's role changes. False when it is not ahead any more.
    func waitForEpoch(_ epoch: LeaderEpoch, _ waiter: PartitionState.EpochWaiter) -> Bool {
        state.withLock { state in
            guard case .ahead = check(epoch, state) else { return false }
            state.waitForEpoch(waiter)
            return true
        }
    }

    func forget(_ call: ProduceCall) {
        state.withLock { $0.forget(call) }
    }

    func noteDurable(_ offset: Offset) {
        let logEnd = log.logEndOffset
        var wakeups = Wakeups()
        let (moved, following) = state.withLock { state in
            (state.advance(durable: offset, logEnd: logEnd, &wakeups), state.following)
        }
        if let moved { log.setHighWatermark(moved) }
        wakeups.send()
        following?.fetcher.durableAdvanced(self, epoch: following?.epoch ?? -1, to: offset)
    }
}

// MARK: Fetching
extension Partition {
    /// Where a partition stood when a fetch looked at it.
    struct FetchView {
        var check: EpochCheck
        var highWatermark: Offset
        var logEnd: Offset
        /// It answers as a follower, with what it knows to be kept everywhere.
        var isFollower = false
    }

    /// - Parameter mayFollow: a follower may answer, too.
    func fetchView(_ epoch: LeaderEpoch, mayFollow: Bool) -> FetchView {
        let now = mayFollow ? host?.elapsed ?? .zero : .zero
        return state.withLock { state in
            if mayFollow { state.following?.lastReader = now }
            return fetchView(epoch, mayFollow: mayFollow, at: now, state)
        }
    }

    private func fetchView(
        _ epoch: LeaderEpoch, mayFollow: Bool, at now: Duration, _ state: borrowing PartitionState
    ) -> FetchView {
        if mayFollow, let following = state.following {
            return FetchView(
                check: check(epoch, following, at: now), highWatermark: log.highWatermark, logEnd: log.logEndOffset,
                isFollower: true)
        }
        return FetchView(
            check: check(epoch, state), highWatermark: state.leader?.highWatermark ?? -1, logEnd: log.logEndOffset)
    }

    /// Wakes the call once when the partition is no longer as in `view`, and there is more for the item. False when
    /// that is so already.
    func wait(_ call: FetchCall, item: Int, query: FetchItem, since view: FetchView) -> Bool {
        let time = call.mayReadFollowers ? host?.elapsed ?? .zero : .zero
        return state.withLock { state in
            let current = fetchView(query.leaderEpoch, mayFollow: call.mayReadFollowers, at: time, state)
            switch (view.check, current.check) {
            case (.ahead, .ahead):
                state.wait(PartitionState.FetchWaiter(call: call, item: item), threshold: .max)
                return true
            case (.current(let seen), .current(let now)) where seen == now:
                // What is appended later is told under this lock after it is in the log.
                let seen = call.isReplica ? view.logEnd : view.highWatermark
                let now = call.isReplica ? current.logEnd : current.highWatermark
                let threshold = max(query.fetchOffset, seen)
                guard now <= threshold, !query.isOutdated(by: current.highWatermark) else { return false }
                let waiter = PartitionState.FetchWaiter(call: call, item: item)
                state.wait(waiter, threshold: threshold)
                if let seen = query.readersSee, seen < query.fetchOffset { state.waitForReaders(waiter, above: seen) }
                return true
            default:
                return false
            }
        }
    }

    func forget(_ call: FetchCall, item: Int) {
        state.withLock { $0.forget(call, item: item) }
    }

    /// The latest offset that consumers may read up to, and the epoch. RULES 15.
    func latestOffset(_ epoch: LeaderEpoch) throws(BrokerError) -> (offset: Offset, epoch: LeaderEpoch) {
        let result: Result<(offset: Offset, epoch: LeaderEpoch), BrokerError> = state.withLock { state in
            switch check(epoch, state) {
            case .failed(let error): .failure(error)
            case .ahead: .failure(BrokerError(.unknownLeaderEpoch, "\(name): leader epoch \(epoch) is not known yet"))
            case .current(let current):
                if let leader = state.leader, leader.isHighWatermarkKnown {
                    .success((leader.highWatermark, current))
                } else {
                    .failure(
                        BrokerError(
                            .offsetNotAvailable,
                            "\(name): the high watermark has not reached the beginning of leader epoch \(current) yet"))
                }
            }
        }
        return try result.get()
    }
}

// MARK: What waits for the disk
extension Partition {
    /// The first record at or after `time` that consumers see. Blocks.
    func offset(forTimestamp time: TimestampMs, below limit: Offset) throws(BrokerError) -> ListedOffset {
        do {
            guard let match = try log.offset(forTimestamp: time, upTo: limit) else {
                return ListedOffset(offset: -1, timestamp: -1, leaderEpoch: -1)
            }
            return ListedOffset(offset: match.offset, timestamp: match.timestamp, leaderEpoch: match.leaderEpoch)
        } catch {
            throw BrokerError(error)
        }
    }

    /// Moves the log start up to `before`, -1 being the high watermark. Durable on return. Blocks.
    func deleteRecords(before: Offset) throws(BrokerError) -> Offset {
        let latest = try latestOffset(-1).offset
        let wanted = before == -1 ? latest : before
        guard (0...latest).contains(wanted) else {
            throw BrokerError(
                .offsetOutOfRange, "\(name): records can be deleted up to the high watermark, \(latest), not \(before)")
        }
        do {
            return try log.deleteRecords(before: wanted)
        } catch {
            throw BrokerError(error)
        }
    }
}

extension Partition: PartitionLogObserver {
    func durableOffsetAdvanced(_ log: PartitionLog, to offset: Offset) {
        noteDurable(offset)
    }

    func corruptionFound(_ log: PartitionLog, _ report: CorruptionReport) {
        // What could not be repaired before is gone.
        if log.damages.count == 1 { state.withLock { $0.isBeyondRepair = false } }
        host?.corruptionFound(report.offsets, in: self)
    }

    func logStateChanged(_ log: PartitionLog) {
        switch log.state {
        case .recovering: break
        case .online: host?.logIsOnline(self)
        case .offline(let reason):
            resign(BrokerError(.partitionOffline, offlineMessage(reason)))
            host?.logIsOffline(self)
        }
    }
}
