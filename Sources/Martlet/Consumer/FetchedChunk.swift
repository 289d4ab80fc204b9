internal import MartletCore
internal import NIOCore

/// Whole batches of one partition, as a fetch brought them, with the headers read and nothing else checked yet.
struct FetchedChunk: Sendable {
    /// One batch among them, in its answer's buffer.
    struct Batch: Sendable {
        var header: BatchHeader
        var bytes: ByteBuffer
        var broker: String
    }

    private(set) var batches: ArraySlice<Batch>
    private(set) var sizeBytes: Int
    /// What is wrong behind the last of them; the position at which it was found is theirs.
    let failure: MartletError?

    /// Splits what came for a partition. Stops at the first header that cannot be right: nothing behind it can be
    /// found.
    init(_ bytes: ByteBuffer, broker: String, topicPartition: TopicPartition, position: Offset) {
        var rest = bytes
        var found: [Batch] = []
        var failure: MartletError?
        while rest.readableBytes > 0 {
            do throws(BatchError) {
                let header = try rest.withUnsafeReadableBytes { bytes throws(BatchError) in
                    try BatchCodec.readHeader(bytes, sizeLimit: bytes.count)
                }
                guard let batch = rest.readSlice(length: header.sizeBytes) else { throw .short }
                found.append(Batch(header: header, bytes: batch, broker: broker))
            } catch {
                failure = .corrupt(
                    error, broker: broker, topicPartition: topicPartition,
                    offset: found.last?.header.nextOffset ?? position)
                break
            }
        }
        batches = found[...]
        sizeBytes = bytes.readableBytes - rest.readableBytes
        self.failure = failure
    }

    /// The position behind the last batch.
    var end: (offset: Offset, epoch: LeaderEpoch)? {
        batches.last.map { ($0.header.nextOffset, $0.header.leaderEpoch) }
    }

    mutating func takeFirst() -> Batch? {
        guard let batch = batches.popFirst() else { return nil }
        sizeBytes -= batch.header.sizeBytes
        return batch
    }
}

extension MartletError {
    /// A batch that must not be delivered.
    static func corrupt(
        _ error: BatchError, broker: String, topicPartition: TopicPartition, offset: Offset
    ) -> MartletError {
        MartletError(
            .corruptBatch,
            "the batch at offset \(offset) is damaged: \(error); it was not delivered. Verify the log on that broker "
                + "(martlet log inspect --verify); to go on without the batch, seek past it",
            broker: broker, topicPartition: topicPartition, offset: offset)
    }
}
