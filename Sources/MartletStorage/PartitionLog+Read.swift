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
        guard case .found(let read) = try read(from: offset, maxBytes: maxBytes, upTo: limit, mayWait: true) else {
            return nil
        }
        return read
    }

    /// ``read(from:maxBytes:upTo:)`` for event loops: says so where the range is not in the page cache, or its segment is
    /// not open. Costs one system call to find out. A look into the index of the segment that is appended to may block.
    package func readIfCached(
        from offset: Offset, maxBytes: Int, upTo limit: Offset
    ) throws(StorageError) -> CachedRead {
        try read(from: offset, maxBytes: maxBytes, upTo: limit, mayWait: false)
    }

    private func read(
        from offset: Offset, maxBytes: Int, upTo limit: Offset, mayWait: Bool
    ) throws(StorageError) -> CachedRead {
        try requireOnline()
        let end = logEndOffset
        let start = logStartOffset
        guard offset >= start && offset <= end else { throw outOfRange(offset, start, end) }
        let limit = try endOfSound(from: offset, min(limit, end))
        var wanted = offset
        // Usually once; again where the rest of a segment was compacted away.
        while wanted < limit {
            guard let place = place(of: wanted, limit) else { return .nothing }
            guard mayWait || isOpen(place) else { return .onDisk(bytes: max(1, maxBytes)) }
            guard let segment = try openIfHeld(place) else { continue }
            switch try read(place, segment, wanted, maxBytes, limit, mayWait: mayWait) {
            case .found(let read):
                let mark = LogMark(
                    offset: read.nextOffset, segment: place.info.number,
                    position: UInt32(read.filePosition + read.count))
                let isStill = shared.withLock { shared in
                    guard shared.cuts == place.cuts else { return false }
                    shared.hints.move(from: offset, to: mark)
                    return true
                }
                // Cut since it was looked up: the lease came too late to hold that up.
                guard isStill else {
                    return try self.read(from: offset, maxBytes: maxBytes, upTo: limit, mayWait: mayWait)
                }
                return .found(read)
            case .onDisk(let bytes):
                return .onDisk(bytes: bytes)
            case .nothing:
                guard let next = place.nextBase else { return .nothing }
                wanted = next
            }
        }
        return .nothing
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

    /// Whether nothing has to be opened to read there.
    private func isOpen(_ place: Place) -> Bool {
        place.info.handle != nil || (place.info.isSealed && environment.cache.holds(place.info.number))
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
        _ place: Place, _ segment: Segment, _ offset: Offset, _ maxBytes: Int, _ limit: Offset, mayWait: Bool
    ) throws(StorageError) -> CachedRead {
        // Asked again: the batch that made `limit` what it is may have been appended since the place was looked up.
        let fileEnd = place.info.isSealed ? place.info.endPosition : segment.endPosition
        var position = place.position
        if position == nil {
            // Nobody left off there: the index and the headers of a sealed segment may be as cold as its batches.
            guard mayWait || !place.info.isSealed else { return .onDisk(bytes: max(1, maxBytes)) }
            guard let found = try segment.findPosition(of: offset, below: fileEnd) else { return .nothing }
            position = found
        }
        guard let position, position < fileEnd else { return .nothing }
        var known: LogMark?
        if let limit = place.limit, limit.segment == place.info.number, limit.position > position { known = limit }
        // Before the headers in it are looked at.
        let likelyEnd = min(known?.position ?? fileEnd, position + UInt32(clamping: min(max(1, maxBytes), 1 << 30)))
        guard mayWait || !environment.readAhead.isNeeded(segment, position..<likelyEnd) else {
            return .onDisk(bytes: Int(likelyEnd - position))
        }
        let mark: (position: UInt32, nextOffset: Offset)
        if let known, Int(known.position - position) <= maxBytes {
            mark = (known.position, known.offset)
        } else {
            let found = try segment.findEnd(
                from: position, maxBytes: UInt32(clamping: maxBytes), below: fileEnd, upTo: limit
            )
            guard let found else { return .nothing }
            mark = found
        }
        guard mark.position > position else { return .nothing }
        // One batch that is larger than what was asked for.
        if !mayWait, mark.position > likelyEnd, environment.readAhead.isNeeded(segment, likelyEnd..<mark.position) {
            return .onDisk(bytes: Int(mark.position - position))
        }
        return .found(
            LogRead(
                lease: FileLease(segment, leases), filePosition: Int(position), count: Int(mark.position - position),
                segmentBaseOffset: segment.baseOffset, nextOffset: mark.nextOffset))
    }
}
