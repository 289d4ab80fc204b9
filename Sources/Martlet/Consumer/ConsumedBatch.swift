public import MartletCore
internal import NIOCore

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
    /// The broker that it was read from, as "host:port": the leader, or with ``ConsumerConfiguration/rack`` a replica.
    public var broker: String { batch.broker }

    /// Visits the records in order, without copying them: a view is valid in the closure that it is given to. Allocates
    /// nothing, but for a compressed batch the memory that it is unpacked to.
    ///
    /// - Throws: What `body` throws; ``MartletError/Code/corruptBatch`` for records that are not what the batch says,
    ///   right checksum notwithstanding. Those before have been shown then.
    public func forEachRecord(_ body: (borrowing RecordView) throws -> Void) throws {
        let header = batch.header
        do {
            try batch.bytes.withUnsafeReadableBytes { bytes in
                var unpacked = UnpackBuffer()
                let records = try unpacked.records(of: bytes, header: header, limit: Limits.unpackedBytes)
                var iterator = RecordIterator(header: header, records: records)
                try iterator.forEach(from: firstOffset, body)
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
    init(_ record: borrowing RecordView, _ topicPartition: TopicPartition) {
        self.init(
            topic: topicPartition.topic, partition: topicPartition.partition, offset: record.offset,
            timestamp: record.timestamp, key: record.key.map { Array($0) }, value: record.value.map { Array($0) },
            headers: record.headers.isEmpty ? [] : record.headers.map { RecordHeader($0) })
    }
}
