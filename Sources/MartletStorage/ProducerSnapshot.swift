internal import MartletCore

/// A partition's producers as of an offset, in the file `producers` beside the log. What was appended from that offset
/// on is read from the batch headers when the log is opened.
struct ProducerSnapshot: Sendable {
    static let formatVersion: UInt32 = 1
    private static let batchBytes = 32
    private static let entryBytesMin = 8 + 2 + 1 + 8 + batchBytes

    /// The first offset that the snapshot does not know of.
    var offset: Offset
    var table: ProducerStateTable
    /// How often the log had been cut when it was taken; not written.
    var cuts = 0

    func encoded() -> [UInt8] {
        var writer = ByteWriter(reserving: 12 + table.count * (Self.entryBytesMin + 4 * Self.batchBytes))
        writer.integer(offset)
        writer.integer(UInt32(table.count))
        for (id, entry) in table.entries {
            writer.integer(id)
            writer.integer(entry.epoch)
            writer.integer(UInt8(entry.count))
            writer.integer(entry.lastSeen)
            for index in 0..<entry.count {
                let batch = entry.batches[index]
                writer.integer(batch.firstSequence)
                writer.integer(batch.lastSequence)
                writer.integer(batch.baseOffset)
                writer.integer(batch.lastOffset)
                writer.integer(batch.timestamp)
            }
        }
        return writer.bytes
    }

    /// Nil for bytes that ``encoded()`` cannot have written.
    static func decode(_ bytes: [UInt8], limit: Int) -> ProducerSnapshot? {
        var reader = ByteReader(bytes)
        guard let offset = reader.integer(Offset.self), let count = reader.count(entryBytes: entryBytesMin) else {
            return nil
        }
        var snapshot = ProducerSnapshot(offset: offset, table: ProducerStateTable(limit: limit))
        for _ in 0..<count {
            guard let id = reader.integer(ProducerID.self), let entry = decodeEntry(&reader) else { return nil }
            snapshot.table.restore(id, entry)
        }
        return reader.remaining == 0 ? snapshot : nil
    }

    private static func decodeEntry(_ reader: inout ByteReader) -> ProducerStateTable.Entry? {
        guard let epoch = reader.integer(ProducerEpoch.self), let count = reader.integer(UInt8.self),
            let lastSeen = reader.integer(TimestampMs.self),
            (1...ProducerStateTable.batchesKept).contains(Int(count)), let first = decodeBatch(&reader)
        else { return nil }
        var entry = ProducerStateTable.Entry(epoch: epoch, batch: first, now: lastSeen)
        for _ in 1..<Int(count) {
            guard let batch = decodeBatch(&reader) else { return nil }
            entry.add(batch, now: lastSeen)
        }
        return entry
    }

    private static func decodeBatch(_ reader: inout ByteReader) -> ProducerStateTable.Batch? {
        guard let first = reader.integer(Int32.self), let last = reader.integer(Int32.self),
            let base = reader.integer(Offset.self), let end = reader.integer(Offset.self),
            let timestamp = reader.integer(TimestampMs.self)
        else { return nil }
        return ProducerStateTable.Batch(
            firstSequence: first, lastSequence: last, baseOffset: base, lastOffset: end, timestamp: timestamp
        )
    }
}
