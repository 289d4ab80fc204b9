package import MartletCore

/// Which leader epoch began at which offset: what replicas compare to find where their logs part (KIP-101). Pure.
///
/// Epochs and start offsets both rise strictly from entry to entry. An epoch in which nothing was appended has no entry
/// once a later one began at the same offset.
package struct LeaderEpochHistory: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package let epoch: LeaderEpoch
        package let startOffset: Offset

        package init(epoch: LeaderEpoch, startOffset: Offset) {
            self.epoch = epoch
            self.startOffset = startOffset
        }
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    /// Takes entries as they were read from disk. Nil when they do not rise.
    package init?(entries: [Entry]) {
        for (left, right) in zip(entries, entries.dropFirst()) {
            guard left.epoch < right.epoch, left.startOffset < right.startOffset else { return nil }
        }
        self.entries = entries
    }

    package var latest: Entry? { entries.last }

    /// An epoch begins at `offset`, the log's end. An epoch that is not above the latest changes nothing.
    package mutating func begin(_ epoch: LeaderEpoch, at offset: Offset) {
        if let latest, latest.epoch >= epoch { return }
        truncate(to: offset)
        entries.append(Entry(epoch: epoch, startOffset: offset))
    }

    /// Where `epoch` ended: the largest known epoch at or below it, and the start of the next one (or `logEnd`).
    /// Nil when every known epoch is above `epoch`.
    package func end(of epoch: LeaderEpoch, logEnd: Offset) -> (epoch: LeaderEpoch, endOffset: Offset)? {
        guard let index = entries.lastIndex(where: { $0.epoch <= epoch }) else { return nil }
        let next = index + 1
        return (entries[index].epoch, next < entries.count ? entries[next].startOffset : logEnd)
    }

    /// The epoch of the batch at `offset`; nil when the history does not reach back that far.
    package func epoch(at offset: Offset) -> LeaderEpoch? {
        entries.last { $0.startOffset <= offset }?.epoch
    }

    /// The log was cut to `end`: epochs that began there or later are forgotten.
    package mutating func truncate(to end: Offset) {
        while let last = entries.last, last.startOffset >= end { entries.removeLast() }
    }

    func truncated(to end: Offset) -> LeaderEpochHistory {
        var copy = self
        copy.truncate(to: end)
        return copy
    }

    /// The log now starts at `start`: the epoch that holds it begins there, older ones are forgotten.
    package mutating func advanceStart(to start: Offset) {
        guard let holder = entries.lastIndex(where: { $0.startOffset <= start }) else { return }
        let entry = Entry(epoch: entries[holder].epoch, startOffset: start)
        entries.replaceSubrange(0...holder, with: [entry])
    }
}

// MARK: On disk

extension LeaderEpochHistory {
    private static let entryBytes = 12

    func encoded() -> [UInt8] {
        var writer = ByteWriter(reserving: 4 + entries.count * Self.entryBytes)
        writer.integer(UInt32(entries.count))
        for entry in entries {
            writer.integer(entry.epoch)
            writer.integer(entry.startOffset)
        }
        return writer.bytes
    }

    /// Nil for bytes that ``encoded()`` cannot have written.
    init?(encoded bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let count = reader.count(entryBytes: Self.entryBytes) else { return nil }
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            guard let epoch = reader.integer(LeaderEpoch.self), let start = reader.integer(Offset.self) else {
                return nil
            }
            entries.append(Entry(epoch: epoch, startOffset: start))
        }
        guard reader.remaining == 0 else { return nil }
        self.init(entries: entries)
    }
}
