internal import MartletCore

/// Fetches that wait for a partition's high watermark to pass an offset. A value without clock or I/O; its partition
/// guards it.
struct FetchWaiters<Waiter> {
    /// One item of one fetch.
    struct Key: Hashable {
        var call: UInt64
        var item: Int
    }

    private var entries: [Key: (threshold: Offset, waiter: Waiter)] = [:]
    /// The lowest threshold, or lower: an advance that stays below wakes nobody, and need not look.
    private var lowest: Offset = .max

    var count: Int { entries.count }

    /// `waiter` is woken once, when the high watermark is above `threshold`.
    mutating func add(_ waiter: Waiter, key: Key, threshold: Offset) {
        entries[key] = (threshold, waiter)
        lowest = min(lowest, threshold)
    }

    mutating func remove(_ key: Key) {
        entries[key] = nil
    }

    /// Takes out those below a high watermark that has moved there. O(1) when there are none, else O(waiters).
    mutating func popPassed(by highWatermark: Offset) -> [Waiter] {
        guard highWatermark > lowest else { return [] }
        var passed: [Waiter] = []
        var next: Offset = .max
        for (key, entry) in entries {
            if entry.threshold < highWatermark {
                passed.append(entry.waiter)
                entries[key] = nil
            } else {
                next = min(next, entry.threshold)
            }
        }
        lowest = next
        return passed
    }

    mutating func removeAll() -> [Waiter] {
        defer {
            entries = [:]
            lowest = .max
        }
        return entries.values.map(\.waiter)
    }
}
