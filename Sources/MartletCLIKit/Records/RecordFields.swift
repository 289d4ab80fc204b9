package import MartletCore

/// What is printed of a record. The bytes are valid as long as those of the batch that the record stands in.
package struct RecordFields {
    package var partition: PartitionIndex
    package var offset: Offset
    /// Milliseconds since 1970.
    package var timestamp: TimestampMs
    /// Nil: no key, which is not the same as an empty one.
    package var key: UnsafeRawBufferPointer?
    /// Nil: a tombstone.
    package var value: UnsafeRawBufferPointer?
    package var headers: [RecordHeader]

    package init(
        partition: PartitionIndex, offset: Offset, timestamp: TimestampMs, key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?, headers: [RecordHeader] = []
    ) {
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }
}
