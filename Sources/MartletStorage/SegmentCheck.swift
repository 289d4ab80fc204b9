internal import CMartletLog
internal import MartletCore
internal import Synchronization

/// Goes over what is written of a segment in steps and checks what recovery and followers check (RULES 5): structure, CRC, that
/// offsets follow on each other, and that epochs do not fall and agree with the history. Finds every damage, not only
/// the first.
struct SegmentCheck {
    private let partition: TopicIDPartition
    private let segment: Segment
    private let end: UInt32
    private let endOffset: Offset
    private let history: LeaderEpochHistory
    private let historyStart: Offset
    private let mayHaveGaps: Bool
    private var position: UInt32 = 0
    /// Offset and epoch after the last good batch.
    private var expected: Offset
    private var epoch: LeaderEpoch = 0

    /// - Parameters:
    ///   - end: how far the segment is looked at, where the batch at `endOffset` begins.
    ///   - history: the epochs from `historyStart` on, as far as they are known.
    init(
        _ segment: Segment, of partition: TopicIDPartition, end: UInt32, endOffset: Offset,
        history: LeaderEpochHistory, historyStart: Offset, mayHaveGaps: Bool
    ) {
        self.partition = partition
        self.segment = segment
        self.end = end
        self.endOffset = endOffset
        self.history = history
        self.historyStart = historyStart
        self.mayHaveGaps = mayHaveGaps
        expected = segment.baseOffset
    }

    /// Nil when the segment cannot be opened. Not through the file cache: that would push out what readers use.
    init?(_ info: SegmentInfo, endOffset: Offset, of log: PartitionLog) {
        guard
            let segment = info.handle
                ?? (try? Segment.openSealed(
                    log.environment.io, directory: log.directory, baseOffset: info.baseOffset, end: info.endPosition))
        else { return nil }
        self.init(
            segment, of: log.id, end: info.endPosition, endOffset: endOffset,
            history: log.writer.withLock { $0.epochs }, historyStart: log.logStartOffset,
            mayHaveGaps: log.mayHaveGaps)
    }

    /// Checks about that many bytes more, and shows the sound batches to `visit`. Nil at the end.
    mutating func step(
        bytes: Int, _ visit: @escaping (mlog_batch_header) -> Void = { _ in }
    ) -> (bytes: Int, damage: CorruptionReport?)? {
        guard position < end else { return nil }
        let start = position
        let (stoppedAt, reason) = verify(bytes, visit)
        position = stoppedAt
        guard let reason else { return (Int(position - start), nil) }
        let damage = skipDamage(reason)
        return (max(1, Int(position - start)), damage)
    }

    /// Up to the first bad batch, if there is one.
    private mutating func verify(
        _ bytes: Int, _ visit: @escaping (mlog_batch_header) -> Void
    ) -> (stoppedAt: UInt32, reason: String?) {
        var conflict: String?
        var next = expected
        var reached = epoch
        let rules = self
        let outcome = segment.verify(from: position, below: end, atLeastBytes: bytes) { header in
            conflict = rules.conflict(header, next, reached)
            guard conflict == nil else { return false }
            next = header.base_offset + Offset(header.last_offset_delta) + 1
            reached = header.leader_epoch
            visit(header)
            return true
        }
        expected = next
        epoch = reached
        return (outcome.stoppedAt, outcome.failure?.message ?? conflict)
    }

    private func conflict(_ header: mlog_batch_header, _ next: Offset, _ reached: LeaderEpoch) -> String? {
        let base = header.base_offset
        if base < next || (base > next && !mayHaveGaps) { return "its base offset is \(base) where \(next) must come" }
        if base + Offset(header.last_offset_delta) >= endOffset { return "it reaches past offset \(endOffset)" }
        if header.leader_epoch < reached { return "its leader epoch falls from \(reached) to \(header.leader_epoch)" }
        if base >= historyStart, let known = history.epoch(at: base), known != header.leader_epoch {
            return "its leader epoch is \(header.leader_epoch), the history says \(known)"
        }
        return nil
    }

    /// Goes on at the next sound batch, or at the end when there is none.
    private mutating func skipDamage(_ reason: String) -> CorruptionReport {
        let start = position
        let from = expected
        position = end
        var next = endOffset
        if let sound = nextSound(after: start) {
            position = sound.position
            next = sound.offset
        }
        let offsets = from..<max(next, from + 1)
        expected = offsets.upperBound
        return CorruptionReport(
            partition: partition, path: segment.path, position: start, offsets: offsets,
            message:
                "\(segment.path) is damaged at byte \(start), offsets \(from) to \(offsets.upperBound - 1): \(reason)"
        )
    }

    private func nextSound(after start: UInt32) -> (position: UInt32, offset: Offset)? {
        if let header = header(at: start), let next = header.position(after: start, below: end),
            let sound = soundHeader(at: next), sound.base_offset > expected
        {
            return (next, sound.base_offset)
        }
        guard let next = try? segment.findSound(after: start, below: end, offsetAbove: expected, epochMin: epoch),
            let sound = soundHeader(at: next)
        else { return nil }
        return (next, sound.base_offset)
    }

    private func header(at position: UInt32) -> mlog_batch_header? {
        var found: mlog_batch_header?
        _ = try? segment.scan(from: position, below: end, checkingCRC: false) { location, _ in
            found = location.header
            return false
        }
        return found
    }

    private func soundHeader(at position: UInt32) -> mlog_batch_header? {
        var found: mlog_batch_header?
        _ = segment.verify(from: position, below: end, atLeastBytes: 1) { header in
            found = found ?? header
            return true
        }
        return found
    }
}

extension mlog_batch_header {
    fileprivate func position(after start: UInt32, below limit: UInt32) -> UInt32? {
        let (end, overflow) = start.addingReportingOverflow(size_bytes)
        return overflow || end >= limit ? nil : end
    }
}
