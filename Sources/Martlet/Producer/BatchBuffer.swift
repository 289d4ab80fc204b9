internal import MartletCore
internal import NIOCore
internal import Synchronization

/// The builder of an open batch, passed by reference.
///
/// `@unchecked Sendable`: one owner at a time. While the batch is open that is the holder of the producer's mutex,
/// then the event loop, then the ``BufferPool``, whose mutex orders the hand-over.
final class BatchBuffer: @unchecked Sendable {
    fileprivate(set) var builder: BatchBuilder
    let targetBytes: Int

    fileprivate init(compression: Compression, targetBytes: Int, limitBytes: Int) throws(BatchError) {
        builder = try BatchBuilder(compression: compression, targetBytes: targetBytes, sizeLimit: limitBytes)
        self.targetBytes = targetBytes
    }

    var sizeBytes: Int { builder.sizeBytes }
}

/// Keeps the memory of sent batches for the next ones: fresh pages cost more than the records that go into them. Any
/// thread.
final class BufferPool: Sendable {
    private let compression: Compression
    private let targetBytes: Int
    private let limitBytes: Int
    /// More than this are freed: a burst over many partitions does not keep its memory for ever.
    private let keptMax: Int
    private let kept = Mutex<[BatchBuffer]>([])
    private let keptBytes = Mutex<[ByteBuffer]>([])

    init(compression: Compression, targetBytes: Int, limitBytes: Int) {
        self.compression = compression
        self.targetBytes = targetBytes
        self.limitBytes = limitBytes
        keptMax = max(4, 4 * 1024 * 1024 / targetBytes)
    }

    /// An empty one. Nil when the system has no memory left.
    func take() -> BatchBuffer? {
        if let buffer = kept.withLock({ $0.popLast() }) { return buffer }
        return try? BatchBuffer(compression: compression, targetBytes: targetBytes, limitBytes: limitBytes)
    }

    func give(_ buffer: BatchBuffer) {
        buffer.builder.reset()
        kept.withLock { if $0.count < keptMax { $0.append(buffer) } }
    }

    /// A byte buffer with this many bytes of room, if one of the kept will do.
    func takeBytes(capacity: Int) -> ByteBuffer {
        var buffer = keptBytes.withLock { $0.popLast() } ?? ByteBuffer()
        buffer.clear(minimumCapacity: capacity)
        return buffer
    }

    func giveBytes(_ buffer: ByteBuffer) {
        keptBytes.withLock { if $0.count < keptMax { $0.append(buffer) } }
    }
}

// MARK: - Filling and sealing

extension ProduceBatch {
    enum AppendResult {
        /// `isFull`: it takes no more.
        case appended(index: Int32, isFull: Bool)
        /// It does not take this one; the next batch does.
        case full
        case refused(MartletError)
    }

    /// Adds a record to an open batch.
    @inline(__always)
    func append(
        timestamp: TimestampMs, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [RecordHeader]
    ) -> AppendResult {
        guard let buffer else { return .refused(Self.outOfMemory) }
        let result =
            headers.isEmpty
            ? buffer.builder.append(timestamp: timestamp, key: key, value: value)
            : buffer.builder.append(timestamp: timestamp, key: key, value: value, headers: headers)
        switch result {
        case .appended:
            let index = recordCount
            recordCount += 1
            return .appended(index: index, isFull: buffer.sizeBytes >= buffer.targetBytes)
        case .full:
            return .full
        case .recordTooLarge:
            return .refused(
                MartletError(
                    .recordTooLarge,
                    "the record (key \(key?.count ?? 0) bytes, value \(value?.count ?? 0) bytes) does not fit a batch "
                        + "of maxMessageBytes; "
                        + "raise it here and the topic's max.message.bytes with it, or send smaller records",
                    topicPartition: topicPartition))
        case .tooManyHeaders:
            return .refused(
                MartletError(
                    .invalidArgument,
                    "the record has \(headers.count) headers; at most \(Limits.recordHeaders) are taken",
                    topicPartition: topicPartition))
        case .outOfMemory:
            return .refused(Self.outOfMemory)
        }
    }

    /// The bytes to send: finished when it is sent first, and given other producer fields when those have changed
    /// since. On the producer's loop. Throws when the system has no memory left.
    func seal(pool: BufferPool) throws(MartletError) -> ByteBuffer {
        if let buffer {
            let finished: UnsafeRawBufferPointer
            do {
                finished = try buffer.builder.finish(
                    producerID: identity?.id ?? -1, producerEpoch: identity?.epoch ?? -1, baseSequence: baseSequence)
            } catch {
                throw Self.outOfMemory
            }
            var bytes = pool.takeBytes(capacity: finished.count)
            bytes.writeBytes(finished)
            self.buffer = nil
            pool.give(buffer)
            sealed = (bytes, identity, baseSequence)
            return bytes
        }
        guard var sealed else { throw Self.outOfMemory }
        if sealed.identity != identity || sealed.baseSequence != baseSequence {
            // The old bytes may still be in a socket's queue: written to only if nobody else holds them, else copied
            // first.
            self.sealed = nil
            sealed.bytes.withUnsafeMutableReadableBytes { bytes in
                BatchCodec.setProducer(
                    bytes, id: identity?.id ?? -1, epoch: identity?.epoch ?? -1, baseSequence: baseSequence)
            }
            sealed.identity = identity
            sealed.baseSequence = baseSequence
            self.sealed = sealed
        }
        return sealed.bytes
    }

    private static var outOfMemory: MartletError {
        MartletError(.invalidArgument, "the system has no memory left for a batch; lower batchBytes or bufferBytes")
    }
}
