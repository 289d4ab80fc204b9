internal import Logging
internal import MartletCore
internal import Synchronization

/// Beginning segments. All under the writer lock.
extension PartitionLog {
    /// Leaves an active segment that takes a batch of that size.
    ///
    /// - Parameter firstBase: where the first segment of a log without any begins; nil: at the log's end.
    func makeRoom(
        for bytes: Int, lastOffset: Offset, _ settings: LogSettings, _ now: TimestampMs,
        _ writer: inout LogWriterState, firstBase: Offset? = nil
    ) throws(StorageError) {
        try ensureActive(&writer, firstBase: firstBase)
        guard let active = writer.active, active.endPosition > 0 else { return }
        let isFull = Int(active.endPosition) + bytes > settings.segmentBytes
        let isOld = writer.activeSince.map { now - $0 >= settings.segmentAge.milliseconds } ?? false
        // Index entries hold 32-bit offsets relative to the segment's base.
        let isWide = lastOffset - active.baseOffset > Offset(Int32.max)
        if isFull || isOld || isWide { try roll(&writer) }
    }

    /// Opens the active segment of a log that was not appended to yet, or begins its first one.
    func ensureActive(_ writer: inout LogWriterState, firstBase: Offset? = nil) throws(StorageError) {
        guard writer.active == nil else { return }
        let last = shared.withLock { $0.segments.last }
        guard let last, !last.isSealed else {
            try beginSegment(&writer, at: firstBase ?? logEndOffset)
            return
        }
        let segment: Segment
        if let handle = last.handle {
            segment = handle
        } else {
            segment = try Segment.openActive(
                environment.io, directory: directory, baseOffset: last.baseOffset, end: last.endPosition
            )
            shared.withLock { $0.segments.update(number: last.number) { $0.handle = segment } }
            if !segment.hasSoundIndex {
                environment.logger.warning(
                    "the index of the segment in use is missing or damaged; it is built anew when the segment ends",
                    metadata: ["file": "\(segment.path)"])
            }
        }
        writer.active = segment
        writer.activeNumber = last.number
        writer.writebackPosition = segment.endPosition
    }

    /// Ends the active segment, which must hold something, and begins the next. The old one is trimmed and synced by
    /// the sync stage, before anything in the new one counts as durable: the caller waits for three files to be created
    /// only.
    func roll(_ writer: inout LogWriterState) throws(StorageError) {
        guard let old = writer.active else { return }
        try beginSegment(&writer, at: logEndOffset, after: (writer.activeNumber, old))
        environment.counters.rolledSegments.wrappingAdd(1, ordering: .relaxed)
        environment.sync.enqueue(self)
    }

    /// - Parameter old: the segment that ends here. It is handed to the sync stage in the same step in which the new
    ///   one becomes the log's end: a cycle that notes the new end also seals the old segment.
    private func beginSegment(
        _ writer: inout LogWriterState, at base: Offset, after old: (number: UInt64, segment: Segment)? = nil
    ) throws(StorageError) {
        let segment = try createSegment(base)
        let number = environment.nextSegmentNumber()
        let info = SegmentInfo(
            number: number, baseOffset: base, endPosition: 0, maxTimestamp: nil, isSealed: false, handle: segment
        )
        shared.withLock { shared in
            if let old {
                shared.segments.update(number: old.number) { info in
                    info.endPosition = old.segment.endPosition
                    info.maxTimestamp = old.segment.maxTimestamp
                }
                shared.sealing.append(old)
            }
            shared.segments.append(info)
            shared.tail = LogMark(offset: base, segment: number, position: 0)
            if shared.segments.count == 1 {
                shared.recoveryPoint = shared.tail
                shared.synced = shared.tail
            }
        }
        writer.active = segment
        writer.activeNumber = number
        writer.activeSince = nil
        writer.writebackPosition = 0
    }

    /// A segment of that base may be left from an attempt that found no room for its index: it holds nothing, since the
    /// log ends where it begins.
    private func createSegment(_ base: Offset) throws(StorageError) -> Segment {
        do throws(StorageError) {
            return try Segment.create(environment.io, directory: directory, baseOffset: base)
        } catch  where error.code == .alreadyExists {
            try SegmentFiles.remove(environment.io, directory: directory, baseOffset: base)
            return try Segment.create(environment.io, directory: directory, baseOffset: base)
        }
    }
}
