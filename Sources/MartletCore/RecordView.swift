internal import CMartletBatch

/// A record inside the batch that it was read from. Its bytes are valid as long as those of the batch, and inside a
/// closure that was given one, until the closure returns.
package struct RecordView {
    package let offset: Offset
    package let timestamp: TimestampMs
    /// Nil: the record has no key; not the same as an empty one.
    package let key: UnsafeRawBufferPointer?
    /// Nil: a null value, which a compacted topic takes for a deletion.
    package let value: UnsafeRawBufferPointer?
    package let headers: RecordHeaderViews

    init(_ record: borrowing mlog_record) {
        offset = record.offset
        timestamp = record.timestamp_ms
        key = Self.bytes(record.key, record.key_bytes)
        value = Self.bytes(record.value, record.value_bytes)
        headers = RecordHeaderViews(
            count: Int(record.header_count), start: record.headers, sizeBytes: record.headers_bytes)
    }

    @inline(__always)
    static func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int32) -> UnsafeRawBufferPointer? {
        count < 0 ? nil : UnsafeRawBufferPointer(start: start, count: Int(count))
    }
}

/// A header of a record, inside its batch.
package struct RecordHeaderView {
    /// UTF-8.
    package let key: UnsafeRawBufferPointer
    package let value: UnsafeRawBufferPointer?

    /// The key as text; bytes that are not UTF-8 become replacement characters.
    package var name: String { String(decoding: key, as: UTF8.self) }
}

/// The headers of a record, in the order in which they were sent. Keys may repeat.
package struct RecordHeaderViews: Sequence {
    package let count: Int
    let start: UnsafePointer<UInt8>?
    let sizeBytes: UInt32

    package var isEmpty: Bool { count == 0 }

    package func makeIterator() -> Iterator { Iterator(self) }

    package struct Iterator: IteratorProtocol {
        private var record = mlog_record()
        private var cursor = 0

        init(_ headers: RecordHeaderViews) {
            record.headers = headers.start
            record.headers_bytes = headers.sizeBytes
        }

        package mutating func next() -> RecordHeaderView? {
            var header = mlog_header()
            guard mlog_header_next(&record, &cursor, &header) else { return nil }
            let key = UnsafeRawBufferPointer(start: header.key, count: Int(header.key_bytes))
            return RecordHeaderView(key: key, value: RecordView.bytes(header.value, header.value_bytes))
        }
    }
}
