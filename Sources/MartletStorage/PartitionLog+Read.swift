package import MartletCore
internal import Synchronization

extension PartitionLog {
    /// Finds the batches from the one that holds `offset` on: whole batches of at most `maxBytes`, or one larger one,
    /// with base offsets below `limit`. They lie in one segment. Nil when there is nothing between `offset` and
    /// `limit`.
    ///
    /// A reader that goes on where it stopped costs no look into the index. Opens a file when the segment is not open.
    ///
    /// - Throws: `offsetOutOfRange` below the log start or above its end.
    package func read(
        from offset: Offset, maxBytes: Int, upTo limit: Offset
    ) throws(StorageError) -> LogRead? {
        try requireOnline()
        let end = logEndOffset
        let start = logStartOffset
        guard offset >= start && offset <= end else { throw outOfRange(offset, start, end) }
        let limit = try endOfSound(from: offset, min(limit, end))
        var wanted = offset
        // Usually once; again where the rest of a segment was compacted away.
        while wanted < limit {
            guard let place = place(of: wanted, limit) else { return nil }
            guard let segment = try openIfHeld(place) else { continue }
            if let read = try read(place, segment, wanted, maxBytes, limit) {
                let mark = LogMark(
                    offset: read.nextOffset, segment: place.info.number,
                    position: UInt32(read.filePosition + read.count))
                let isStill = shared.withLock { shared in
                    guard shared.cuts == place.cuts else { return false }
                    shared.hints.move(from: offset, to: mark)
                    return true
                }
                // Cut since it was looked up: the lease came too late to hold that up.
                guard isStill else { return try self.read(from: offset, maxBytes: maxBytes, upTo: limit) }
                return read
            }
            guard let next = place.nextBase else { return nil }
            wanted = next
        }
        return nil
    }

    func outOfRange(_ offset: Offset, _ start: Offset, _ end: Offset) -> StorageError {
        StorageError(
            .offsetOutOfRange(logStart: start, logEnd: end),
            "\(name): offset \(offset) is not in the log, which holds \(start) to \(end) (exclusive)"
        )
    }

    /// What is known of a segment without touching its files.
    struct Place {
        var info: SegmentInfo
        var nextBase: Offset?
        /// The batch that holds the offset begins here, when a reader left off there.
        var position: UInt32?
        /// The limit is this batch boundary, when it is one that is known.
        var limit: LogMark?
        /// How often the log had been cut.
        var cuts: Int
    }

    func place(of offset: Offset, _ limit: Offset) -> Place? {
        shared.withLock { shared in
            guard let index = shared.segments.index(holding: offset) else { return nil }
            let info = shared.segments.infos[index]
            var place = Place(info: info, nextBase: shared.segments.nextBase(after: index), cuts: shared.cuts)
            place.position = shared.hints.position(of: offset, inSegment: info.number)
            if offset == info.baseOffset { place.position = 0 }
            if shared.synced.offset == limit { place.limit = shared.synced }
            if shared.tail.offset == limit { place.limit = shared.tail }
            return place
        }
    }

    /// The place's segment. Nil when compaction or retention took it out of the log meanwhile: look again.
    func openIfHeld(_ place: Place) throws(StorageError) -> Segment? {
        if let handle = place.info.handle { return handle }
        do throws(StorageError) {
            let segment = try open(place)
            if holds(place.info.number) { return segment }
            // Whatever was opened under that name may belong to its successor.
            environment.cache.remove(place.info.number)
        } catch  where !holds(place.info.number) {
            environment.cache.remove(place.info.number)
        }
        let start = logStartOffset
        if place.info.baseOffset < start, let next = place.nextBase, next <= start {
            throw outOfRange(place.info.baseOffset, start, logEndOffset)
        }
        return nil
    }

    /// The place's segment, opened when it is not.
    func open(_ place: Place) throws(StorageError) -> Segment {
        if let handle = place.info.handle { return handle }
        if place.info.isSealed { return try openSealed(place.info) }
        return try writer.withLock { (writer) throws(StorageError) in
            try ensureActive(&writer)
            guard let active = writer.active else { throw StorageError(.closed, "\(name) was closed") }
            return active
        }
    }

    private func read(
        _ place: Place, _ segment: Segment, _ offset: Offset, _ maxBytes: Int, _ limit: Offset
    ) throws(StorageError) -> LogRead? {
        // Asked again: the batch that made `limit` what it is may have been appended since the place was looked up.
        let fileEnd = place.info.isSealed ? place.info.endPosition : segment.endPosition
        var position = place.position
        if position == nil {
            guard let found = try segment.findPosition(of: offset, below: fileEnd) else { return nil }
            position = found
        }
        guard let position, position < fileEnd else { return nil }
        let mark: (position: UInt32, nextOffset: Offset)
        if let known = place.limit, known.segment == place.info.number, known.position > position,
            Int(known.position - position) <= maxBytes
        {
            mark = (known.position, known.offset)
        } else {
            let found = try segment.findEnd(
                from: position, maxBytes: UInt32(clamping: maxBytes), below: fileEnd, upTo: limit
            )
            guard let found else { return nil }
            mark = found
        }
        guard mark.position > position else { return nil }
        return LogRead(
            lease: FileLease(segment, leases), filePosition: Int(position), count: Int(mark.position - position),
            segmentBaseOffset: segment.baseOffset, nextOffset: mark.nextOffset
        )
    }
}
