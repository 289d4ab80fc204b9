/// The records of one checked batch, in memory of their own: what a consumer keeps of a batch once the response that
/// brought it is gone. Immutable; any thread.
///
/// Sendable: `bytes` is allocated by `init`, never written after it, and freed by `deinit` alone.
package final class RecordBlock: @unchecked Sendable {
    package let header: BatchHeader
    private let buffer: UnpackBuffer
    private let bytes: UnsafeRawBufferPointer

    /// Copies or unpacks the records of `batch`, which is whole and was checked. At most `unpackedLimit` bytes of
    /// compressed records are unpacked. The records themselves are checked while they are visited.
    package init(_ batch: UnsafeRawBufferPointer, header: BatchHeader, unpackedLimit: Int) throws(BatchError) {
        var buffer = UnpackBuffer()
        let records = try buffer.records(of: batch, header: header, limit: unpackedLimit)
        bytes = header.compression == .none ? buffer.copy(records) : records
        self.buffer = buffer
        self.header = header
    }

    package var sizeBytes: Int { bytes.count }

    /// Visits the records in order. The views' bytes are valid as long as the block.
    package func forEachRecord(_ body: (borrowing RecordView) throws -> Void) throws {
        var iterator = RecordIterator(header: header, records: bytes)
        try iterator.forEach(body)
    }

    /// A walk from the first record on. It must not outlive the block.
    package func makeIterator() -> RecordIterator {
        RecordIterator(header: header, records: bytes)
    }
}
