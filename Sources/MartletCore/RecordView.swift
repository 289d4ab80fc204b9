internal import CMartletBatch

/// A record inside the batch that it was read from; nothing is copied. Its bytes are valid as long as those of the
/// batch, and inside a closure that was given one, until the closure returns.
public struct RecordView {
    /// The record's place in its partition.
    public let offset: Offset
    /// Milliseconds since 1970.
    public let timestamp: TimestampMs
    /// Nil: the record has no key; not the same as an empty one.
    public let key: UnsafeRawBufferPointer?
    /// Nil: a null value, which a compacted topic takes for a deletion.
    public let value: UnsafeRawBufferPointer?
    public let headers: RecordHeaderViews

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
public struct RecordHeaderView {
    /// UTF-8.
    public let key: UnsafeRawBufferPointer
    /// Nil is a value of its own, not the same as an empty one.
    public let value: UnsafeRawBufferPointer?

    /// The key as text; bytes that are not UTF-8 become replacement characters.
    public var name: String { String(decoding: key, as: UTF8.self) }
}

extension RecordHeader {
    /// Copies a header out of its batch.
    public init(_ view: RecordHeaderView) {
        self.init(key: view.name, value: view.value.map { Array($0) })
    }
}

/// The headers of a record, in the order in which they were sent. Keys may repeat.
public struct RecordHeaderViews: Sequence {
    public let count: Int
    let start: UnsafePointer<UInt8>?
    let sizeBytes: UInt32

    public var isEmpty: Bool { count == 0 }

    public func makeIterator() -> Iterator { Iterator(self) }

    public struct Iterator: IteratorProtocol {
        private var record = mlog_record()
        private var cursor = 0

        init(_ headers: RecordHeaderViews) {
            record.headers = headers.start
            record.headers_bytes = headers.sizeBytes
        }

        public mutating func next() -> RecordHeaderView? {
            var header = mlog_header()
            guard mlog_header_next(&record, &cursor, &header) else { return nil }
            let key = UnsafeRawBufferPointer(start: header.key, count: Int(header.key_bytes))
            return RecordHeaderView(key: key, value: RecordView.bytes(header.value, header.value_bytes))
        }
    }
}
