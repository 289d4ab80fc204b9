internal import MartletCore

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

    var role: PartitionRole
    var highWatermark = HighWatermark(atEpochStart: 0, value: 0)
    var minInSyncReplicas: Int
    var inSyncReplicas = 0
    private(set) var durableOffset: Offset = 0

    /// Everything that waits belongs to the current leader epoch, and fails with it.
    private var durableWaiters = AckQueue<AckWaiter>()
    private var replicatedWaiters = AckQueue<AckWaiter>()
    private var epochWaiters: [EpochWaiter] = []
    private var fetchWaiters = FetchWaiters<FetchWaiter>()

    init(role: PartitionRole, minInSyncReplicas: Int) {
        self.role = role
        self.minInSyncReplicas = minInSyncReplicas
    }

    /// Takes another role. Whoever waited under the old one fails with `reason`, which is retriable: what they wait
    /// for may be decided otherwise now.
    mutating func change(to role: PartitionRole, failing reason: BrokerError, _ wakeups: inout Wakeups) {
        self.role = role
        for waiter in durableWaiters.removeAll() + replicatedWaiters.removeAll() {
            wakeups.add(.produced(waiter.call, item: waiter.item, .failure(reason)), to: waiter.mailbox)
        }
        for waiter in epochWaiters {
            wakeups.add(.produceAgain(waiter.call, item: waiter.item), to: waiter.mailbox)
        }
        epochWaiters = []
        for waiter in fetchWaiters.removeAll() {
            wakeups.add(.fetchMoved(waiter.call, item: waiter.item), to: waiter.call.mailbox)
        }
    }

    /// Begins to lead at `epoch` a log that ends at `logEnd`, `durable` of it kept.
    mutating func lead(
        _ epoch: LeaderEpoch, logEnd: Offset, durable: Offset, failing reason: BrokerError, _ wakeups: inout Wakeups
    ) {
        change(to: .leader(epoch), failing: reason, &wakeups)
        highWatermark = HighWatermark(atEpochStart: logEnd, value: min(durable, logEnd))
        durableOffset = durable
    }

    /// The log is kept up to `offset`. True when the high watermark moved.
    mutating func advance(durable offset: Offset, _ wakeups: inout Wakeups) -> Bool {
        guard case .leader = role, offset > durableOffset else { return false }
        durableOffset = offset
        while let waiter = durableWaiters.popReached(offset) { Self.answer(waiter, &wakeups) }
        guard highWatermark.advance(toLeastDurable: offset) else { return false }
        while let waiter = replicatedWaiters.popReached(highWatermark.value) { Self.answer(waiter, &wakeups) }
        for waiter in fetchWaiters.popPassed(by: highWatermark.value) {
            wakeups.add(.fetchMoved(waiter.call, item: waiter.item), to: waiter.call.mailbox)
        }
        return true
    }

    private static func answer(_ waiter: AckWaiter, _ wakeups: inout Wakeups) {
        wakeups.add(.produced(waiter.call, item: waiter.item, .success(waiter.batch)), to: waiter.mailbox)
    }

    func isKept(_ reach: Offset, for acks: Acks) -> Bool {
        switch acks {
        case .none: true
        case .leader: durableOffset >= reach
        case .all: highWatermark.value >= reach
        }
    }

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
        fetchWaiters.add(waiter, key: .init(call: waiter.call.id, item: waiter.item), threshold: threshold)
    }

    mutating func forget(_ call: ProduceCall) {
        durableWaiters.removeAll { $0.call === call }
        replicatedWaiters.removeAll { $0.call === call }
        epochWaiters.removeAll { $0.call === call }
    }

    mutating func forget(_ call: FetchCall, item: Int) {
        fetchWaiters.remove(.init(call: call.id, item: item))
    }
}
