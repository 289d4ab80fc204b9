internal import CMartletLog
package import MartletCore

extension PartitionLog {
    /// The first record at or after `timestamp` with an offset below `limit`; nil when there is none. Reads a time
    /// index and the headers behind one entry of it for each segment that may hold one, and unpacks one batch. Blocks.
    package func offset(forTimestamp timestamp: TimestampMs, upTo limit: Offset) throws(StorageError) -> TimestampMatch?
    {
        try requireOnline()
        let limit = min(limit, logEndOffset)
        var wanted = logStartOffset
        while wanted < limit, let place = place(of: wanted, limit) {
            guard let segment = try openIfHeld(place) else { continue }
            let end = place.info.isSealed ? place.info.endPosition : segment.endPosition
            if mayHold(timestamp, place, segment),
                let match = try match(timestamp, in: segment, from: wanted, below: end)
            {
                return match.offset < limit ? match : nil
            }
            guard let next = place.nextBase else { return nil }
            wanted = next
        }
        return nil
    }

    /// A sealed segment's largest time is in its time index.
    private func mayHold(_ timestamp: TimestampMs, _ place: Place, _ segment: Segment) -> Bool {
        let largest = segment.maxTimestamp
        return !place.info.isSealed || largest < 0 || largest >= timestamp
    }

    private func match(
        _ timestamp: TimestampMs, in segment: Segment, from start: Offset, below end: UInt32
    ) throws(StorageError) -> TimestampMatch? {
        guard let found = try segment.find(timestamp: timestamp, below: end) else { return nil }
        if found.offset >= start {
            return TimestampMatch(offset: found.offset, timestamp: found.timestamp, leaderEpoch: found.epoch)
        }
        // The log starts within this segment, and what the index led to lies before: look through the rest.
        return try scan(timestamp, in: segment, from: start, below: end)
    }

    private func scan(
        _ timestamp: TimestampMs, in segment: Segment, from start: Offset, below end: UInt32
    ) throws(StorageError) -> TimestampMatch? {
        guard let first = try segment.findPosition(of: start, below: end) else { return nil }
        var match: TimestampMatch?
        var failure: StorageError?
        try segment.scan(from: first, below: end, checkingCRC: true) { location, bytes in
            guard location.header.max_timestamp_ms >= timestamp, let bytes else { return true }
            do throws(StorageError) {
                match = try Self.firstRecord(of: bytes, at: timestamp, from: start, segment.path)
            } catch {
                failure = error
            }
            return match == nil && failure == nil
        }
        if let failure { throw failure }
        return match
    }

    private static func firstRecord(
        of batch: UnsafeRawBufferPointer, at timestamp: TimestampMs, from start: Offset, _ path: String
    ) throws(StorageError) -> TimestampMatch? {
        do throws(BatchError) {
            let header = try BatchCodec.readHeader(batch, sizeLimit: batch.count)
            var buffer = UnpackBuffer()
            let records = try buffer.records(of: batch, header: header, limit: Limits.unpackedBytes)
            var iterator = RecordIterator(header: header, records: records)
            while let record = try iterator.next() {
                guard record.offset >= start, record.timestamp >= timestamp else { continue }
                return TimestampMatch(
                    offset: record.offset, timestamp: record.timestamp, leaderEpoch: header.leaderEpoch
                )
            }
            return nil
        } catch {
            throw StorageError(.corrupt, "\(path): a batch cannot be read: \(error)")
        }
    }
}
