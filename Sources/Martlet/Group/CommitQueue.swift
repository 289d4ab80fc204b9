internal import MartletCore

/// A member's commits: one on its way, the rest gathered for the next. Pure; belongs to a ``GroupMembership``.
struct CommitQueue: Sendable {
    private struct Waiter: Sendable {
        var partitions: Set<TopicIDPartition>
        var outcome: CommitWaiter
    }

    private struct Batch: Sendable {
        var items: [TopicIDPartition: OffsetToCommit] = [:]
        var waiters: [Waiter] = []
        /// When it is given up: the latest of those who want it.
        var deadline = MonotonicTime(nanoseconds: .min)

        /// Then nobody waits for it either.
        var isEmpty: Bool { items.isEmpty }
    }

    /// What was sent, as it was sent.
    private struct Open: Sendable {
        var batch: Batch
        var sequence: Int64
        /// Nil: to be sent, again.
        var call: UInt64?
    }

    private var open: Open?
    private var next = Batch()
    private var lastSequence: Int64 = 0
    /// What is kept, or will be unless it fails: not worth another commit.
    private var kept: [TopicIDPartition: OffsetToCommit] = [:]

    private(set) var outcomes: [(waiter: CommitWaiter, result: Result<Void, MartletError>)] = []
    private(set) var notices: [GroupNotice] = []

    var isIdle: Bool { open == nil && next.isEmpty }

    /// The earliest moment at which a commit is given up.
    var deadline: MonotonicTime? {
        [open?.batch.deadline, next.isEmpty ? nil : next.deadline].compactMap { $0 }.min()
    }

    func isOpen(_ call: UInt64) -> Bool { open?.call == call }

    func contains(_ partition: TopicIDPartition) -> Bool {
        open?.batch.items[partition] != nil || next.items[partition] != nil
    }

    /// The coordinator is known to have this.
    mutating func noteKept(_ partition: TopicIDPartition, _ offset: OffsetToCommit) {
        kept[partition] = offset
    }

    /// - Parameter onlyMoved: What is kept at the same offset is left as it is, whatever else goes with it.
    mutating func add(
        _ items: [TopicIDPartition: OffsetToCommit], onlyMoved: Bool, waiter: CommitWaiter?, deadline: MonotonicTime
    ) {
        for (partition, offset) in items {
            let isKept = onlyMoved ? kept[partition]?.offset == offset.offset : kept[partition] == offset
            // Who waits for what is on its way wants to hear how that ends.
            if isKept, waiter == nil || !contains(partition) { continue }
            next.items[partition] = offset
            kept[partition] = offset
        }
        if let waiter {
            let pending = Set(items.keys.filter(contains))
            if pending.isEmpty {
                // All of it is kept already.
                outcomes.append((waiter, .success(())))
            } else {
                next.waiters.append(Waiter(partitions: pending, outcome: waiter))
            }
        }
        if !next.isEmpty { next.deadline = max(next.deadline, deadline) }
    }

    /// The commit to be sent now, if there is one.
    mutating func takeDue(memberID: String, epoch: Int32, call newCall: () -> UInt64) -> CommitCall? {
        if open == nil { openNext() }
        guard var batch = open, batch.call == nil else { return nil }
        let id = newCall()
        batch.call = id
        open = batch
        return CommitCall(
            id: id, memberID: memberID, epoch: epoch, sequence: batch.sequence,
            items: batch.batch.items.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    private mutating func openNext() {
        guard !next.isEmpty else { return }
        lastSequence += 1
        open = Open(batch: next, sequence: lastSequence)
        next = Batch()
    }

    /// Answers in the order of the call's items; nil: kept. `name`: what people call a partition.
    mutating func answered(
        _ call: UInt64, _ answers: [MartletError?], name: (TopicIDPartition) -> TopicPartition?
    ) {
        guard let done = open, done.call == call else { return }
        open = nil
        var refusals: [TopicIDPartition: MartletError] = [:]
        for (partition, answer) in zip(done.batch.items.keys.sorted(), answers) {
            guard var answer else { continue }
            answer.topicPartition = name(partition)
            refusals[partition] = answer
            kept[partition] = next.items[partition]
        }
        let count = done.batch.items.count - refusals.count
        if count > 0 { notices.append(.committed(partitions: count)) }
        if let worst = refusals.min(by: { $0.key < $1.key }) {
            notices.append(.commitFailed(worst.value, partitions: refusals.count))
        }
        tell(done.batch.waiters) { partitions in
            let refused = partitions.intersection(refusals.keys).min()
            return refused.flatMap { refusals[$0] }.map { .failure($0) } ?? .success(())
        }
    }

    /// It was not answered, or is to be sent again: with the same sequence.
    mutating func sendAgain(_ call: UInt64) {
        if open?.call == call { open?.call = nil }
    }

    /// It is refused as a whole.
    mutating func refused(_ call: UInt64, _ error: MartletError) {
        guard open?.call == call else { return }
        giveUpOpen(error)
    }

    /// What has waited too long is given up. Whether it was kept is not known.
    mutating func expire(now: MonotonicTime, _ error: @autoclosure () -> MartletError) {
        if let open, open.batch.deadline <= now { giveUpOpen(error()) }
        if !next.isEmpty, next.deadline <= now { giveUpNext(error()) }
    }

    private mutating func giveUpOpen(_ error: MartletError) {
        guard let dropped = open else { return }
        open = nil
        drop(dropped.batch, error)
    }

    private mutating func giveUpNext(_ error: MartletError) {
        let dropped = next
        next = Batch()
        drop(dropped, error)
    }

    private mutating func drop(_ batch: Batch, _ error: MartletError) {
        for partition in batch.items.keys { kept[partition] = next.items[partition] }
        if !batch.items.isEmpty { notices.append(.commitFailed(error, partitions: batch.items.count)) }
        tell(batch.waiters) { _ in .failure(error) }
    }

    /// The membership is over: nothing under it is sent any more.
    mutating func fail(_ error: MartletError) {
        giveUpOpen(error)
        giveUpNext(error)
        kept = [:]
        lastSequence = 0
    }

    private mutating func tell(
        _ waiters: [Waiter], _ result: (Set<TopicIDPartition>) -> Result<Void, MartletError>
    ) {
        outcomes += waiters.map { ($0.outcome, result($0.partitions)) }
    }

    mutating func takeOutcomes() -> [(waiter: CommitWaiter, result: Result<Void, MartletError>)] {
        defer { outcomes = [] }
        return outcomes
    }

    mutating func takeNotices() -> [GroupNotice] {
        defer { notices = [] }
        return notices
    }
}
