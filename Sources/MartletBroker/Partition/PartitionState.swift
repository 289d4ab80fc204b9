internal import MartletCore
internal import MartletMetadata

/// What a partition's lock guards. Its methods change it and collect who has to be told; nothing here blocks or calls
/// out.
struct PartitionState {
    /// A produce that waits for its batch to be kept.
    struct AckWaiter {
        var call: ProduceCall
        var item: Int
        var batch: AppendedBatch
        var mailbox: LoopMailbox
    }

    /// A call that knows a newer epoch than this broker.
    struct EpochWaiter {
        var call: ProduceCall
        var item: Int
        var mailbox: LoopMailbox
    }

    struct FetchWaiter {
        var call: FetchCall
        var item: Int
    }

    /// Whom the replica follows.
    struct Following {
        var leader: PartitionLeader
        var epoch: LeaderEpoch
        /// Who is told what of the log is kept.
        var fetcher: ReplicaFetcher
        /// When the leader answered last; kept where consumers may read from followers.
        var lastAnswer: Duration?
        /// When a consumer read here last.
        var lastReader: Duration?
    }

    private(set) var role: PartitionRole
    /// There while the role is that of a leader, and of no other epoch.
    private(set) var leader: LeaderState?
    var following: Following?
    var minInSyncReplicas: Int
    /// What is damaged of the log cannot be repaired in place.
    var isBeyondRepair = false
    /// Of what is said of the log: a higher one than for any replica of the partition before this one in this run of
    /// the broker, and than before this one was beyond repair. Under a lower one nothing counts any more.
    var incarnation: Int32

    /// Everything that waits belongs to the current leader epoch, and fails with it.
    private var durableWaiters = AckQueue<AckWaiter>()
    private var replicatedWaiters = AckQueue<AckWaiter>()
    private var epochWaiters: [EpochWaiter] = []
    private var fetchWaiters = FetchWaiters<FetchWaiter>()
    /// Followers wait for the log's end, which they copy, and not for the high watermark.
    private var replicaWaiters = FetchWaiters<FetchWaiter>()
    /// Followers that consumers read from wait for both (KIP-392).
    private var readerWaiters = FetchWaiters<FetchWaiter>()

    init(role: PartitionRole, minInSyncReplicas: Int, incarnation: Int32) {
        self.role = role
        self.incarnation = incarnation
        self.minInSyncReplicas = minInSyncReplicas
    }

    // MARK: Roles

    /// Takes another role, that of no leader. Whoever waited for a batch to be kept hears that its outcome is unknown, for
    /// `reason`: what they wait for may be decided otherwise now.
    mutating func change(to role: PartitionRole, failing reason: BrokerError, _ wakeups: inout Wakeups) {
        self.role = role
        leader = nil
        following = nil
        for waiter in durableWaiters.removeAll() + replicatedWaiters.removeAll() {
            wakeups.add(.produced(waiter.call, item: waiter.item, .failure(reason.afterAppend)), to: waiter.mailbox)
        }
        for waiter in epochWaiters {
            wakeups.add(.produceAgain(waiter.call, item: waiter.item), to: waiter.mailbox)
        }
        epochWaiters = []
        for waiter in fetchWaiters.removeAll() + replicaWaiters.removeAll() + readerWaiters.removeAll() {
            wakeups.add(.fetchMoved(waiter.call, item: waiter.item), to: waiter.call.mailbox)
        }
    }

    /// Begins to lead.
    mutating func lead(_ leader: LeaderState, failing reason: BrokerError, _ wakeups: inout Wakeups) {
        change(to: .leader(leader.epoch), failing: reason, &wakeups)
        self.leader = leader
    }

    // MARK: The leader's offsets

    /// The log ends at `logEnd`, and is kept up to `durable`. The high watermark, when it moved.
    mutating func advance(durable: Offset, logEnd: Offset, _ wakeups: inout Wakeups) -> Offset? {
        // Field by field: the whole would be copied, for every batch.
        guard let knownEnd = leader?.logEnd, let knownDurable = leader?.durable else { return nil }
        if logEnd > knownEnd {
            leader?.appended(upTo: logEnd)
            for waiter in replicaWaiters.popPassed(by: logEnd) {
                wakeups.add(.fetchMoved(waiter.call, item: waiter.item), to: waiter.call.mailbox)
            }
        }
        guard durable > knownDurable else { return nil }
        while let waiter = durableWaiters.popReached(durable) { Self.answer(waiter, &wakeups) }
        return changeLeader(&wakeups) { $0.kept(upTo: durable) }
    }

    /// The leader that is followed has answered; everything below `highWatermark` is kept everywhere.
    mutating func heard(_ highWatermark: Offset, at now: Duration, _ wakeups: inout Wakeups) {
        following?.lastAnswer = now
        for waiter in fetchWaiters.popPassed(by: highWatermark) {
            wakeups.add(.fetchMoved(waiter.call, item: waiter.item), to: waiter.call.mailbox)
        }
    }

    /// Changes what the leader knows, in place; `event` says whether the high watermark moved. Nil: nobody leads here,
    /// or it did not.
    mutating func changeLeader(_ wakeups: inout Wakeups, _ event: (inout LeaderState) -> Bool) -> Offset? {
        guard leader != nil, event(&leader!), let highWatermark = leader?.highWatermark else { return nil }
        let shortage = shortageAfterAppend
        while let waiter = replicatedWaiters.popReached(highWatermark) {
            if let shortage {
                wakeups.add(.produced(waiter.call, item: waiter.item, .failure(shortage)), to: waiter.mailbox)
            } else {
                Self.answer(waiter, &wakeups)
            }
        }
        let passed = fetchWaiters.popPassed(by: highWatermark) + readerWaiters.popPassed(by: highWatermark)
        for waiter in passed {
            wakeups.add(.fetchMoved(waiter.call, item: waiter.item), to: waiter.call.mailbox)
        }
        return highWatermark
    }

    /// Time passes. The leader's epoch, when the partition should be led by another.
    mutating func tick(at now: Duration, _ condition: ReplicaCondition) -> LeaderEpoch? {
        guard leader != nil, leader!.tick(at: now, condition: condition) else { return nil }
        return leader?.epoch
    }

    /// The change of the in-sync replicas that is due, if any.
    mutating func nextChange(_ id: TopicIDPartition, at now: Duration) -> InSyncChange? {
        guard leader != nil else { return nil }
        return leader!.nextChange(id: id, at: now)
    }

    /// RULES 10: what is on all in-sync replicas may be on fewer than it should.
    var shortageAfterAppend: BrokerError? {
        guard leader?.isShort == true, let leader else { return nil }
        return BrokerError(
            .notEnoughReplicasAfterAppend,
            "the batch was written, but only \(leader.inSyncCount) replicas are in sync, fewer than "
                + "min.insync.replicas (\(leader.minInSyncReplicas)); sent again with the same sequence it is not "
                + "written twice")
    }

    private static func answer(_ waiter: AckWaiter, _ wakeups: inout Wakeups) {
        wakeups.add(.produced(waiter.call, item: waiter.item, .success(waiter.batch)), to: waiter.mailbox)
    }

    func isKept(_ reach: Offset, for acks: Acks) -> Bool {
        switch acks {
        case .none: true
        case .leader: leader?.durable ?? -1 >= reach
        case .all: leader?.highWatermark ?? -1 >= reach
        }
    }

    // MARK: Waiters

    mutating func wait(_ waiter: AckWaiter, reach: Offset, for acks: Acks) {
        switch acks {
        case .none: preconditionFailure("acks=0 waits for nothing")
        case .leader: durableWaiters.add(waiter, reach: reach)
        case .all: replicatedWaiters.add(waiter, reach: reach)
        }
    }

    mutating func waitForEpoch(_ waiter: EpochWaiter) {
        epochWaiters.append(waiter)
    }

    mutating func wait(_ waiter: FetchWaiter, threshold: Offset) {
        let key = FetchWaiters<FetchWaiter>.Key(call: waiter.call.id, item: waiter.item)
        if waiter.call.isReplica {
            replicaWaiters.add(waiter, key: key, threshold: threshold)
        } else {
            fetchWaiters.add(waiter, key: key, threshold: threshold)
        }
    }

    /// In addition: woken when the high watermark is above `seen`, too.
    mutating func waitForReaders(_ waiter: FetchWaiter, above seen: Offset) {
        readerWaiters.add(waiter, key: FetchWaiters.Key(call: waiter.call.id, item: waiter.item), threshold: seen)
    }

    mutating func forget(_ call: ProduceCall) {
        durableWaiters.removeAll { $0.call === call }
        replicatedWaiters.removeAll { $0.call === call }
        epochWaiters.removeAll { $0.call === call }
    }

    mutating func forget(_ call: FetchCall, item: Int) {
        let key = FetchWaiters<FetchWaiter>.Key(call: call.id, item: item)
        guard call.isReplica else { return fetchWaiters.remove(key) }
        replicaWaiters.remove(key)
        readerWaiters.remove(key)
    }
}
