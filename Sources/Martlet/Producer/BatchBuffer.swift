internal import MartletCore
internal import NIOCore
internal import Synchronization

/// The builder of an open batch, passed by reference.
///
/// Sendable: one owner at a time. While the batch is open that is the holder of the ``RecordGate``'s lock,
/// then the event loop, then the ``BufferPool``, whose mutex orders the hand-over.
final class BatchBuffer: @unchecked Sendable {
    /// What changes with every record. Behind a pointer, for the reason told at ``TopicRoute``.
    struct Filling: ~Copyable {
        var builder: BatchBuilder
        let targetBytes: Int
        var recordCount: Int32 = 0
        /// What the records take of the producer's buffer memory: more than their size in the batch.
        var chargedBytes = 0

        /// It takes no more.
        var isFull: Bool { chargedBytes >= targetBytes && builder.sizeBytes >= targetBytes }

        /// Adds a record; `charge` is what it takes of the buffer memory.
        @inline(__always)
        mutating func append(_ record: borrowing OutgoingRecord, charge: Int) -> BatchBuilder.AppendResult {
            let result =
                record.headers.isEmpty
                ? builder.append(timestamp: record.timestamp, key: record.key, value: record.value)
                : builder.append(
                    timestamp: record.timestamp, key: record.key, value: record.value, headers: record.headers)
            if case .appended = result {
                recordCount += 1
                chargedBytes += charge
            }
            return result
        }
    }

    let filling: UnsafeMutablePointer<Filling>
    private let memory: RecordBytes

    fileprivate init(
        compression: Compression, targetBytes: Int, limitBytes: Int, kept: KeptBytes
    ) throws(BatchError) {
        let memory = RecordBytes(kept: kept)
        let builder = try BatchBuilder(
            compression: compression, targetBytes: targetBytes, sizeLimit: limitBytes,
            memory: BatchMemory { memory.grow(usedBytes: $0, neededBytes: $1) })
        self.memory = memory
        filling = .allocate(capacity: 1)
        filling.initialize(to: Filling(builder: builder, targetBytes: targetBytes))
    }

    deinit {
        filling.deinitialize(count: 1)
        filling.deallocate()
    }

    var sizeBytes: Int { filling.pointee.builder.sizeBytes }

    /// The finished batch, in the memory that it was built in unless it was compressed. Empties the builder.
    fileprivate func finish(identity: ProducerIdentity?, baseSequence: Int32) throws(BatchError) -> ByteBuffer {
        let finished = try filling.pointee.builder.finish(
            producerID: identity?.id ?? -1, producerEpoch: identity?.epoch ?? -1, baseSequence: baseSequence)
        if let bytes = memory.take(finished) {
            filling.pointee.builder.part()
            return bytes
        }
        var bytes = memory.kept.take(capacity: finished.count)
        bytes.writeBytes(finished)
        filling.pointee.builder.reset()
        return bytes
    }

    fileprivate func reset() {
        filling.pointee.builder.reset()
        filling.pointee.recordCount = 0
        filling.pointee.chargedBytes = 0
    }
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
    private let bytes: KeptBytes

    /// `memoryBytes`: what all open batches may take together; half of that is kept when they are done.
    init(compression: Compression, targetBytes: Int, limitBytes: Int, memoryBytes: Int) {
        self.compression = compression
        self.targetBytes = targetBytes
        self.limitBytes = limitBytes
        keptMax = max(4, memoryBytes / 2 / max(targetBytes, 1024))
        bytes = KeptBytes(countMax: keptMax)
    }

    /// An empty one. Nil when the system has no memory left.
    func take() -> BatchBuffer? {
        if let buffer = kept.withLock({ $0.popLast() }) { return buffer }
        return try? BatchBuffer(
            compression: compression, targetBytes: targetBytes, limitBytes: limitBytes, kept: bytes)
    }

    func give(_ buffer: BatchBuffer) {
        buffer.reset()
        kept.withLock { if $0.count < keptMax { $0.append(buffer) } }
    }

    /// Takes back what ``ProduceBatch/seal(pool:)`` gave, when the batch is done with.
    func give(_ buffer: ByteBuffer) {
        bytes.give(buffer)
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

    /// Adds a record to an open batch; `charge` is what it takes of the buffer memory.
    func append(_ record: borrowing OutgoingRecord, charge: Int) -> AppendResult {
        guard let filling = buffer?.filling else { return .refused(Self.outOfMemory) }
        switch filling.pointee.append(record, charge: charge) {
        case .appended:
            return .appended(index: filling.pointee.recordCount - 1, isFull: filling.pointee.isFull)
        case .full:
            return .full
        case .recordTooLarge:
            return .refused(
                MartletError(
                    .recordTooLarge,
                    "the record (key \(record.key?.count ?? 0) bytes, value \(record.value?.count ?? 0) bytes) does not fit a "
                        + "batch of maxMessageBytes; "
                        + "raise it here and the topic's max.message.bytes with it, or send smaller records",
                    topicPartition: topicPartition))
        case .tooManyHeaders:
            return .refused(
                MartletError(
                    .invalidArgument,
                    "the record has \(record.headers.count) headers; at most \(Limits.recordHeaders) are taken",
                    topicPartition: topicPartition))
        case .outOfMemory:
            return .refused(Self.outOfMemory)
        }
    }

    /// The bytes to send: finished when it is sent first, and given other producer fields when those have changed
    /// since. On the producer's loop. Throws when the system has no memory left.
    func seal(pool: BufferPool) throws(MartletError) -> ByteBuffer {
        if let buffer {
            let bytes: ByteBuffer
            do {
                bytes = try buffer.finish(identity: identity, baseSequence: baseSequence)
            } catch {
                throw Self.outOfMemory
            }
            pool.give(releaseBuffer() ?? buffer)
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
