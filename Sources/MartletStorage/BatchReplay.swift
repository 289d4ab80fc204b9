internal import CMartletLog
internal import MartletCore

/// Rebuilds what a log remembers of its batches from their headers, while they are read in order.
struct BatchReplay {
    private let log: PartitionLog
    /// Every batch's epoch has to be in the history: it was recorded before the first batch of the epoch was written.
    let isStrict: Bool
    private let now: TimestampMs
    /// The history says nothing of what lies before.
    private let logStart: Offset
    private let snapshotOffset: Offset?
    private let mayHaveGaps: Bool

    private(set) var epochs: LeaderEpochHistory
    private(set) var producers: ProducerStateTable
    /// Bytes of the batches taken.
    private(set) var bytes = 0
    /// The first batch that contradicts the history.
    private(set) var conflict: String?
    /// What was found damaged below the recovery point, where batches were sound once.
    private(set) var damages: [DamageFile.Entry] = []

    init(log: PartitionLog, opened: OpenedLog, isStrict: Bool, now: TimestampMs) {
        self.log = log
        self.isStrict = isStrict && opened.epochs.latest != nil
        self.now = now
        epochs = opened.epochs
        producers = opened.producers
        logStart = opened.logStart
        snapshotOffset = opened.snapshotOffset
        mayHaveGaps = opened.hasGaps || log.settings.cleanup.contains(.compact)
    }

    /// Takes the batch at the log's end. False: it contradicts the history.
    mutating func take(_ header: mlog_batch_header) -> Bool {
        let offset = header.base_offset
        if isStrict, offset >= logStart, let known = epochs.epoch(at: offset), known != header.leader_epoch {
            conflict =
                "the batch at offset \(offset) has leader epoch \(header.leader_epoch), the history says \(known)"
            return false
        }
        epochs.begin(header.leader_epoch, at: epochs.latest == nil ? min(offset, logStart) : offset)
        guard offset >= snapshotOffset ?? 0 else { return true }
        bytes += Int(header.size_bytes)
        guard header.producer_id >= 0 else { return true }
        let lastSequence = ProducerStateTable.advance(header.base_sequence, by: header.last_offset_delta)
        let batch = ProducerStateTable.Batch(
            firstSequence: header.base_sequence, lastSequence: lastSequence, baseOffset: offset,
            lastOffset: offset + Offset(header.last_offset_delta), timestamp: header.max_timestamp_ms
        )
        // Seen now, as far as expiry goes: the producer's own clock says nothing about when it was here.
        producers.record(producerID: header.producer_id, epoch: header.producer_epoch, batch, now: now)
        return true
    }

    /// Reads the headers between the snapshot of producers and `end`: of the segments before the one at `base`, and of
    /// that one below `position`, where the batches before `end` end.
    mutating func readHeaders(
        of segments: SegmentList, and base: Offset, to position: UInt32, end: Offset
    ) throws(StorageError) {
        let start = max(snapshotOffset ?? 0, segments.infos.first?.baseOffset ?? base)
        guard start < end else { return }
        let io = log.environment.io
        for (index, info) in segments.infos.enumerated() where info.endPosition > 0 {
            let next = segments.nextBase(after: index) ?? base
            if next <= start { continue }
            let segment = try Segment.openSealed(
                io, directory: log.directory, baseOffset: info.baseOffset, end: info.endPosition)
            try readHeaders(of: segment, from: start, to: info.endPosition, next)
        }
        guard position > 0 else { return }
        // Its index is not closed there: opened as a sealed one it would be searched from its beginning.
        let last = try Segment.openBelow(position, io, directory: log.directory, baseOffset: base)
        try readHeaders(of: last, from: start, to: position, end)
    }

    /// - Parameter endOffset: of the batch that begins at `end`.
    private mutating func readHeaders(
        of segment: Segment, from start: Offset, to end: UInt32, _ endOffset: Offset
    ) throws(StorageError) {
        var copy = self
        do throws(StorageError) {
            guard let first = try segment.find(start, below: end) else { return }
            try segment.scan(from: first.position, below: end, checkingCRC: false) { location, _ in
                copy.take(location.header)
            }
        } catch  where error.code != .corrupt {
            throw error
        } catch {
            return readSound(of: segment, from: start, to: end, endOffset)
        }
        if copy.conflict != nil { return readSound(of: segment, from: start, to: end, endOffset) }
        self = copy
    }

    /// Checks every batch of the segment below `end`, takes note of what is damaged, and takes the sound ones from `start`
    /// on. Headers alone do not tell the one from the other: the length of a batch says where the next one begins.
    private mutating func readSound(
        of segment: Segment, from start: Offset, to end: UInt32, _ endOffset: Offset
    ) {
        noteDamages(below: end, of: segment, endOffset) { (replay, header) in
            if header.base_offset >= start { _ = replay.take(header) }
        }
    }

    /// Takes note of what is damaged in the segment below `end`, where the batch at `endOffset` begins. False: nothing is.
    @discardableResult
    mutating func noteDamages(
        below end: UInt32, of segment: Segment, _ endOffset: Offset,
        _ sound: @escaping (inout BatchReplay, mlog_batch_header) -> Void = { _, _ in }
    ) -> Bool {
        var check = SegmentCheck(
            segment, of: log.id, end: end, endOffset: endOffset,
            history: isStrict ? epochs : LeaderEpochHistory(), historyStart: logStart, mayHaveGaps: mayHaveGaps)
        var found: [DamageFile.Entry] = []
        var copy = self
        while let step = check.step(bytes: 1 << 20, { sound(&copy, $0) }) {
            guard let report = step.damage else { continue }
            found.append(
                DamageFile.Entry(
                    segment: segment.baseOffset, position: report.position, offsets: report.offsets,
                    message: report.message))
        }
        self = copy
        damages += found
        return !found.isEmpty
    }
}
