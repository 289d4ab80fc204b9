public import MartletCore
internal import NIOCore

/// A record inside its batch, valid in the closure that it is given to; nothing is copied.
public struct ConsumedRecord {
    let view: RecordView

    /// The record's place in its partition.
    public var offset: Offset { view.offset }
    /// Milliseconds since 1970.
    public var timestamp: TimestampMs { view.timestamp }
    /// Nil when the record has no key. The bytes are valid only in the closure.
    public var key: UnsafeRawBufferPointer? { view.key }
    /// Nil is a tombstone. The bytes are valid only in the closure.
    public var value: UnsafeRawBufferPointer? { view.value }
    /// How many headers there are.
    public var headerCount: Int { view.headers.count }

    /// The headers, copied.
    public var headers: [RecordHeader] {
        view.headers.map { RecordHeader(key: $0.name, value: $0.value.map { Array($0) }) }
    }
}

/// A batch of records of one partition, in order, whose checksum is right. A value: keep it, pass it on; it keeps the
/// memory of the fetch it came with.
public struct ConsumedBatch: Sendable {
    public let topicPartition: TopicPartition
    /// The position before the batch: records below it are not shown, though the broker sends batches whole.
    public let firstOffset: Offset
    /// The position behind the batch.
    public let nextOffset: Offset
    /// The first offset that consumers did not see yet when this was fetched: ``nextOffset`` equals it at the end of
    /// the partition.
    public let highWatermark: Offset
    private let batch: FetchedChunk.Batch

    /// Checks the batch's checksum.
    init(
        _ batch: FetchedChunk.Batch, topicPartition: TopicPartition, from: Offset, highWatermark: Offset
    ) throws(MartletError) {
        do throws(BatchError) {
            _ = try batch.bytes.withUnsafeReadableBytes { bytes throws(BatchError) in
                try BatchCodec.check(bytes, sizeLimit: bytes.count)
            }
        } catch {
            throw .corrupt(error, broker: batch.broker, topicPartition: topicPartition, offset: batch.header.baseOffset)
        }
        self.batch = batch
        self.topicPartition = topicPartition
        self.highWatermark = highWatermark
        firstOffset = max(from, batch.header.baseOffset)
        nextOffset = batch.header.nextOffset
    }

    public var topic: String { topicPartition.topic }
    public var partition: PartitionIndex { topicPartition.partition }
    /// How many records there are; fewer are shown when the position was inside the batch.
    public var recordCount: Int { batch.header.recordCount }
    /// In bytes, as sent.
    public var sizeBytes: Int { batch.header.sizeBytes }
    /// The epoch of the leader that took the batch.
    public var leaderEpoch: LeaderEpoch { batch.header.leaderEpoch }
    public var compression: Compression { batch.header.compression }

    /// Visits the records in order, without copying them. Allocates nothing, but for a compressed batch the memory
    /// that it is unpacked to.
    ///
    /// - Throws: What `body` throws; ``MartletError/Code/corruptBatch`` for records that are not what the batch says,
    ///   right checksum notwithstanding. Those before have been shown then.
    public func forEachRecord(_ body: (borrowing ConsumedRecord) throws -> Void) throws {
        let header = batch.header
        let first = firstOffset
        do {
            try batch.bytes.withUnsafeReadableBytes { bytes in
                var unpacked = UnpackBuffer()
                let records = try unpacked.records(of: bytes, header: header, limit: Limits.unpackedBytes)
                var iterator = RecordIterator(header: header, records: records)
                try iterator.forEach { view in
                    if view.offset >= first { try body(ConsumedRecord(view: copy view)) }
                }
            }
        } catch let error as BatchError {
            throw MartletError.corrupt(
                error, broker: batch.broker, topicPartition: topicPartition, offset: header.baseOffset)
        }
    }

    /// The records, copied.
    ///
    /// - Throws: As ``forEachRecord(_:)``.
    public func records() throws(MartletError) -> [Record] {
        var records: [Record] = []
        records.reserveCapacity(recordCount)
        do {
            try forEachRecord { records.append(Record($0, topicPartition)) }
        } catch let error as MartletError {
            throw error
        } catch {
            preconditionFailure("copying records throws nothing of its own: \(error)")
        }
        return records
    }
}

extension Record {
    init(_ record: borrowing ConsumedRecord, _ topicPartition: TopicPartition) {
        self.init(
            topic: topicPartition.topic, partition: topicPartition.partition, offset: record.offset,
            timestamp: record.timestamp, key: record.key.map { Array($0) }, value: record.value.map { Array($0) },
            headers: record.headerCount == 0 ? [] : record.headers)
    }
}
