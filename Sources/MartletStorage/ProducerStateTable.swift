package import MartletCore

/// What one partition remembers of its idempotent producers (RULES 11): epoch and last five batches of each. Pure: time
/// and bounds come as parameters.
package struct ProducerStateTable: Sendable {
    /// A batch that was appended. Sequences wrap from 2^31-1 to 0.
    package struct Batch: Sendable, Equatable {
        package var firstSequence: Int32
        package var lastSequence: Int32
        package var baseOffset: Offset
        package var lastOffset: Offset
        package var timestamp: TimestampMs

        package init(
            firstSequence: Int32, lastSequence: Int32, baseOffset: Offset, lastOffset: Offset, timestamp: TimestampMs
        ) {
            self.firstSequence = firstSequence
            self.lastSequence = lastSequence
            self.baseOffset = baseOffset
            self.lastOffset = lastOffset
            self.timestamp = timestamp
        }
    }

    /// What to do with a batch that arrives.
    package enum Decision: Sendable, Equatable {
        case append
        /// One of the last five: answered as its original was, and when its original would be.
        case duplicate(Batch)
        /// Older than the last five, and appended then: a success, its offset no longer known.
        case duplicateSequence
        case outOfOrder(expected: Int32)
        case fenced(current: ProducerEpoch)
        case unknownProducer
    }

    static let batchesKept = 5

    struct Entry: Sendable {
        var epoch: ProducerEpoch
        /// How many of `batches` are in use, oldest first. Never 0.
        var count: Int
        var batches: InlineArray<5, Batch>
        /// Wall time of the last append.
        var lastSeen: TimestampMs

        var newest: Batch { batches[count - 1] }
        var oldest: Batch { batches[0] }

        init(epoch: ProducerEpoch, batch: Batch, now: TimestampMs) {
            self.epoch = epoch
            count = 1
            batches = InlineArray(repeating: batch)
            lastSeen = now
        }

        mutating func add(_ batch: Batch, now: TimestampMs) {
            if count == batchesKept {
                for index in 1..<batchesKept { batches[index - 1] = batches[index] }
                count -= 1
            }
            batches[count] = batch
            count += 1
            lastSeen = now
        }
    }

    /// Most producers remembered; past it the ones silent for longest are forgotten.
    let limit: Int
    private(set) var entries: [ProducerID: Entry] = [:]

    /// - Parameter limit: at least 1.
    package init(limit: Int) {
        self.limit = limit
    }

    package var count: Int { entries.count }

    // MARK: Deciding

    /// Whether a batch of `count` records with these producer fields may be appended. `producerID`, `epoch` and
    /// `firstSequence` are not negative.
    package func check(
        producerID: ProducerID, epoch: ProducerEpoch, firstSequence: Int32, count: Int32
    ) -> Decision {
        guard let entry = entries[producerID] else {
            return firstSequence == 0 ? .append : .unknownProducer
        }
        if epoch < entry.epoch { return .fenced(current: entry.epoch) }
        if epoch > entry.epoch { return firstSequence == 0 ? .append : .outOfOrder(expected: 0) }
        let lastSequence = Self.advance(firstSequence, by: count - 1)
        for index in 0..<entry.count {
            let batch = entry.batches[index]
            if batch.firstSequence == firstSequence && batch.lastSequence == lastSequence { return .duplicate(batch) }
        }
        let expected = Self.advance(entry.newest.lastSequence, by: 1)
        if firstSequence == expected { return .append }
        if Self.precedes(lastSequence, entry.oldest.firstSequence) { return .duplicateSequence }
        return .outOfOrder(expected: expected)
    }

    /// Records a batch that was appended (or found in the log): its own checks were made before.
    package mutating func record(producerID: ProducerID, epoch: ProducerEpoch, _ batch: Batch, now: TimestampMs) {
        if let index = entries.index(forKey: producerID) {
            if entries.values[index].epoch == epoch {
                entries.values[index].add(batch, now: now)
            } else {
                entries.values[index] = Entry(epoch: epoch, batch: batch, now: now)
            }
            return
        }
        if entries.count >= limit { forgetQuietest() }
        entries[producerID] = Entry(epoch: epoch, batch: batch, now: now)
    }

    // MARK: Forgetting

    /// Forgets producers last seen before `deadline`; true when there were any.
    package mutating func expire(before deadline: TimestampMs) -> Bool {
        guard entries.values.contains(where: { $0.lastSeen < deadline }) else { return false }
        entries = entries.filter { $0.value.lastSeen >= deadline }
        return true
    }

    /// The log was cut to `end`: batches at or above it never happened. False when a producer lost all that was known
    /// of it: its earlier batches have to be read from the log again (from a snapshot at or below `end`).
    package mutating func truncate(to end: Offset) -> Bool {
        var isComplete = true
        for (id, entry) in entries where entry.newest.lastOffset >= end {
            var kept = entry
            while kept.count > 0 && kept.batches[kept.count - 1].lastOffset >= end { kept.count -= 1 }
            if kept.count == 0 {
                entries[id] = nil
                isComplete = false
            } else {
                entries[id] = kept
            }
        }
        return isComplete
    }

    /// Makes room by a sixteenth of the limit at once, so that a flood of producers does not sort at each append.
    private mutating func forgetQuietest() {
        let surplus = max(1, limit / 16)
        let quietest = entries.sorted { ($0.value.lastSeen, $0.key) < ($1.value.lastSeen, $1.key) }.prefix(surplus)
        for (id, _) in quietest { entries[id] = nil }
    }

    // MARK: Sequences

    /// Sequences are counted modulo 2^31.
    static func advance(_ sequence: Int32, by count: Int32) -> Int32 {
        Int32(truncatingIfNeeded: (Int64(sequence) + Int64(count)) & 0x7fff_ffff)
    }

    /// Whether `left` came before `right`, as far as numbers that wrap can tell.
    static func precedes(_ left: Int32, _ right: Int32) -> Bool {
        let distance = (Int64(right) - Int64(left)) & 0x7fff_ffff
        return distance != 0 && distance < 0x4000_0000
    }

    /// Puts back what a snapshot holds.
    mutating func restore(_ id: ProducerID, _ entry: Entry) {
        entries[id] = entry
    }

    /// Last offsets of the newest batch of each producer: batches that compaction keeps.
    package var newestOffsets: Set<Offset> { Set(entries.values.map(\.newest.lastOffset)) }
}
