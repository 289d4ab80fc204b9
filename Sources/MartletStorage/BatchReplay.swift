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

    private(set) var epochs: LeaderEpochHistory
    private(set) var producers: ProducerStateTable
    /// Bytes of the batches taken.
    private(set) var bytes = 0
    /// The first batch that contradicts the history.
    private(set) var conflict: String?

    init(log: PartitionLog, opened: OpenedLog, isStrict: Bool, now: TimestampMs) {
        self.log = log
        self.isStrict = isStrict && opened.epochs.latest != nil
        self.now = now
        epochs = opened.epochs
        producers = opened.producers
        logStart = opened.logStart
        snapshotOffset = opened.snapshotOffset
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
            if segments.nextBase(after: index) ?? base <= start { continue }
            let segment = try Segment.openSealed(
                io, directory: log.directory, baseOffset: info.baseOffset, end: info.endPosition)
            try readHeaders(of: segment, from: start, to: info.endPosition)
        }
        guard position > 0 else { return }
        // Its index is not closed there: opened as a sealed one it would be searched from its beginning.
        let last = try Segment.openBelow(position, io, directory: log.directory, baseOffset: base)
        try readHeaders(of: last, from: start, to: position)
    }

    private mutating func readHeaders(of segment: Segment, from start: Offset, to end: UInt32) throws(StorageError) {
        guard let first = try segment.find(start, below: end) else { return }
        var copy = self
        try segment.scan(from: first.position, below: end, checkingCRC: false) { location, _ in
            copy.take(location.header)
        }
        self = copy
        if let conflict { throw StorageError(.corrupt, "\(segment.path): \(conflict)") }
    }
}
