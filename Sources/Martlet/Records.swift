public import MartletCore

extension RecordHeader {
    /// The value as text; nil when it is null or not UTF-8.
    public var valueString: String? { value.flatMap { String(validating: $0, as: UTF8.self) } }
}

/// One record, copied out of its batch: keep it as long as you like.
///
/// To read records without copying, use ``ConsumedBatch/forEachRecord(_:)``.
public struct Record: Sendable, Hashable {
    public var topic: String
    public var partition: PartitionIndex
    /// The record's place in its partition.
    public var offset: Offset
    /// Milliseconds since 1970, set by the producer, or by the broker where the topic says so.
    public var timestamp: TimestampMs
    /// Nil when the record has no key.
    public var key: [UInt8]?
    /// Nil is a tombstone: in a compacted topic it deletes the key.
    public var value: [UInt8]?
    public var headers: [RecordHeader]

    public init(
        topic: String, partition: PartitionIndex, offset: Offset, timestamp: TimestampMs, key: [UInt8]?,
        value: [UInt8]?, headers: [RecordHeader] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// The key as text; nil when there is none or it is not UTF-8.
    public var keyString: String? { key.flatMap { String(validating: $0, as: UTF8.self) } }
    /// The value as text; nil when it is null or not UTF-8.
    public var valueString: String? { value.flatMap { String(validating: $0, as: UTF8.self) } }
}
