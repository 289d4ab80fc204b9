internal import MartletCore

/// Which records of a batch compaction keeps (DESIGN section 5). Pure but for the map that it borrows.
struct CompactionRules {
    /// The map holds every key below this offset and none above: records at or above stay as they are.
    var mapEnd: Offset
    /// Newest batches of producers: kept, without records if need be, so that sequences go on after a restart.
    var producerOffsets: Set<Offset>
    var now: TimestampMs
    /// When tombstones seen for the first time may go.
    var newHorizon: TimestampMs
    var seed: KeyHash.Seed

    /// What becomes of a batch.
    enum Verdict: Equatable {
        case verbatim
        case drop
        /// `keep`: a flag for each record. `horizon`: to be set, because of tombstones that have none.
        case rewrite(keep: [Bool], horizon: TimestampMs?)
    }

    /// The facts about a record that count.
    struct Record {
        var offset: Offset
        /// Nil: it has no key, and is kept.
        var key: KeyHash?
        var isTombstone: Bool
    }

    /// - Parameter isLast: of the output: its last offset has to stay known.
    func verdict(_ header: BatchHeader, _ records: [Record], _ map: borrowing KeyMap, isLast: Bool) -> Verdict {
        guard header.baseOffset < mapEnd else { return .verbatim }
        var keep: [Bool] = []
        keep.reserveCapacity(records.count)
        var needsHorizon = false
        for record in records {
            let isKept = keeps(record, header.deleteHorizon, map)
            keep.append(isKept)
            if isKept && record.isTombstone && header.deleteHorizon == nil { needsHorizon = true }
        }
        let kept = keep.count { $0 }
        if kept == 0 && !isLast && !producerOffsets.contains(header.lastOffset) { return .drop }
        if kept == keep.count && !needsHorizon { return .verbatim }
        return .rewrite(keep: keep, horizon: needsHorizon ? newHorizon : nil)
    }

    private func keeps(_ record: Record, _ horizon: TimestampMs?, _ map: borrowing KeyMap) -> Bool {
        guard record.offset < mapEnd, let key = record.key else { return true }
        if let newest = map.newest(key), newest > record.offset { return false }
        if record.isTombstone, let horizon, horizon <= now { return false }
        return true
    }
}
