internal import MartletCore

/// Which records of a partition are processed, and how far it may be committed: never past one that is not. Pure.
struct PartitionProgress: Sendable {
    private struct Entry: Sendable {
        var offset: Offset
        var isDone = false
    }

    /// In the order of their offsets; those before `head` are done.
    private var entries: [Entry] = []
    private var head = 0
    /// Behind the last record that was added.
    private var end: Offset
    /// Records that are with a worker.
    private(set) var running = 0
    /// Nothing of it is begun any more.
    var isClosing = false

    init(at offset: Offset) {
        end = offset
    }

    /// How many records there are from the first unfinished one on.
    var window: Int { entries.count - head }

    /// The next record to read, for whoever goes on after this.
    var position: Offset { head < entries.count ? entries[head].offset : end }

    /// Offsets rise, with gaps.
    mutating func add(_ offset: Offset) {
        entries.append(Entry(offset: offset))
        end = offset + 1
    }

    mutating func begin() {
        running += 1
    }

    /// O(log window).
    mutating func finish(_ offset: Offset, isDone: Bool) {
        running -= 1
        guard isDone, let index = index(of: offset) else { return }
        entries[index].isDone = true
        while head < entries.count, entries[head].isDone { head += 1 }
        // Half of it at a time: each entry is moved once, on average.
        if head > 64, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    private func index(of offset: Offset) -> Int? {
        var low = head
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].offset == offset ? low : nil
    }
}
