internal import DequeModule
internal import MartletCore

/// Who waits for a partition's log to be kept up to an offset, in the order of the offsets. A value without clock or
/// I/O; its partition guards it.
struct AckQueue<Waiter> {
    private var entries: Deque<(reach: Offset, waiter: Waiter)> = []

    var count: Int { entries.count }

    /// `waiter` is done once everything below `reach` is kept. Nearly always the largest so far: appends and their
    /// waiters come in order but for two loops that race, and for duplicates, which wait for their original.
    mutating func add(_ waiter: Waiter, reach: Offset) {
        var index = entries.endIndex
        while index > entries.startIndex, entries[index - 1].reach > reach { index -= 1 }
        entries.insert((reach, waiter), at: index)
    }

    /// Takes out the first waiter whose reach is kept, now that everything below `offset` is.
    mutating func popReached(_ offset: Offset) -> Waiter? {
        guard let first = entries.first, first.reach <= offset else { return nil }
        return entries.removeFirst().waiter
    }

    /// Takes out all waiters, in order.
    mutating func removeAll() -> [Waiter] {
        defer { entries = [] }
        return entries.map(\.waiter)
    }

    /// O(n): for timeouts.
    mutating func removeAll(where isGone: (Waiter) -> Bool) {
        entries.removeAll { isGone($0.waiter) }
    }
}
