internal import MartletCore

/// Reads the batches of a sealed segment one after the other, checking each: what rewrites data must not spread damage.
struct BatchReader {
    private let segment: Segment
    private let end: UInt32
    private var position: UInt32
    private var head = [UInt8](repeating: 0, count: BatchHeader.byteCount)

    /// - Parameter position: a batch boundary.
    init(_ segment: Segment, from position: UInt32, below end: UInt32) {
        self.segment = segment
        self.position = position
        self.end = end
    }

    /// The next batch with its bytes; nil at the end.
    mutating func next() throws(StorageError) -> (header: BatchHeader, bytes: [UInt8])? {
        guard position < end else { return nil }
        try read(&head)
        let size = try parse(head) { (bytes) throws(BatchError) in
            try BatchCodec.readHeader(bytes, sizeLimit: Int(end - position))
        }.sizeBytes
        var bytes = [UInt8](repeating: 0, count: size)
        try read(&bytes)
        let header = try parse(bytes) { (bytes) throws(BatchError) in try BatchCodec.check(bytes, sizeLimit: size) }
        position += UInt32(size)
        return (header, bytes)
    }

    private func read(_ buffer: inout [UInt8]) throws(StorageError) {
        let wanted = buffer.count
        let outcome = buffer.withUnsafeMutableBytes { buffer -> Result<Int, StorageError> in
            do throws(StorageError) {
                return .success(try segment.read(at: position, into: buffer))
            } catch {
                return .failure(error)
            }
        }
        let count = try outcome.get()
        if count < wanted {
            throw StorageError(.corrupt, "\(segment.path) ends at byte \(Int(position) + count), inside a batch")
        }
    }

    private func parse(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(BatchError) -> BatchHeader
    ) throws(StorageError) -> BatchHeader {
        do throws(BatchError) {
            return try bytes.withBytes(body)
        } catch {
            throw StorageError(.corrupt, "\(segment.path) is damaged at byte \(position): \(error)")
        }
    }
}

/// Takes from a batch's records what compaction decides by. Its memory is used again from batch to batch.
struct RecordReader: ~Copyable {
    private let seed: KeyHash.Seed
    private var buffer = UnpackBuffer()

    init(seed: KeyHash.Seed) {
        self.seed = seed
    }

    mutating func read(
        _ header: BatchHeader, _ bytes: [UInt8], _ path: String
    ) throws(StorageError) -> [CompactionRules.Record] {
        guard header.recordCount > 0 else { return [] }
        var records: [CompactionRules.Record] = []
        records.reserveCapacity(header.recordCount)
        do throws(BatchError) {
            try bytes.withBytes { (bytes) throws(BatchError) in
                let block = try buffer.records(of: bytes, header: header, limit: Limits.unpackedBytes)
                var iterator = RecordIterator(header: header, records: block)
                while let record = try iterator.next() {
                    let key = record.key.map { KeyHash($0, seed: seed) }
                    records.append(
                        CompactionRules.Record(offset: record.offset, key: key, isTombstone: record.value == nil)
                    )
                }
            }
        } catch {
            throw StorageError(.corrupt, "\(path): the batch at offset \(header.baseOffset) cannot be read: \(error)")
        }
        return records
    }
}
