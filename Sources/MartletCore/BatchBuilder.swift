internal import CMartletBatch

/// Builds one batch at a time: a producer's open batch. Appending allocates only when a batch outgrows all before it.
///
/// Sendable: it alone holds the C builder, which has no ties to a thread; a `~Copyable` value has one owner at a time.
package struct BatchBuilder: ~Copyable, @unchecked Sendable {
    private let builder: OpaquePointer
    /// The C builder points to it.
    private let memory: BatchMemory?

    package enum AppendResult: Sendable {
        case appended
        /// Does not fit this batch: finish it, reset, and append the record again.
        case full
        /// Does not fit even an empty batch.
        case recordTooLarge
        case tooManyHeaders
        case outOfMemory
    }

    /// - Parameters:
    ///   - compression: `none` or `lz4`.
    ///   - targetBytes: a batch is full once its uncompressed size would pass this; a larger record gets a batch of
    ///     its own.
    ///   - sizeLimit: no batch is larger, header included, before compression: the topic's `max.message.bytes`.
    ///   - memory: where the records go; nil for memory of the builder's own.
    /// - Throws: `unsupportedCompression`, `outOfMemory`.
    package init(
        compression: Compression, targetBytes: Int, sizeLimit: Int, memory: BatchMemory? = nil
    ) throws(BatchError) {
        guard compression.isSupported else { throw .unsupportedCompression }
        let codec: mlog_compression = compression == .lz4 ? .MLOG_COMPRESSION_LZ4 : .MLOG_COMPRESSION_NONE
        let (target, limit) = (UInt32(clamping: targetBytes), UInt32(clamping: sizeLimit))
        let opened: OpaquePointer?
        if let memory {
            opened = withUnsafePointer(to: memory.forBuilder) { mlog_builder_open(codec, target, limit, $0) }
        } else {
            opened = mlog_builder_open(codec, target, limit, nil)
        }
        guard let opened else { throw .outOfMemory }
        builder = opened
        self.memory = memory
    }

    deinit { mlog_builder_close(builder) }

    package var recordCount: Int { Int(mlog_builder_record_count(builder)) }
    package var isEmpty: Bool { recordCount == 0 }

    /// The batch's size if it were finished now without compression; 61 when empty.
    package var sizeBytes: Int { mlog_builder_size_bytes(builder) }

    /// Adds a record; its bytes are copied. On any result but `appended` the batch is as it was.
    package mutating func append(
        timestamp: TimestampMs, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?
    ) -> AppendResult {
        append(timestamp, key, value, UnsafeBufferPointer(start: nil, count: 0))
    }

    /// Adds a record with headers.
    package mutating func append(
        timestamp: TimestampMs, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [RecordHeader]
    ) -> AppendResult {
        guard !headers.isEmpty else { return append(timestamp: timestamp, key: key, value: value) }
        guard headers.count <= Limits.recordHeaders else { return .tooManyHeaders }
        return headers.withEncoded { append(timestamp, key, value, $0) }
    }

    private mutating func append(
        _ timestamp: TimestampMs, _ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?,
        _ headers: UnsafeBufferPointer<mlog_builder_header>
    ) -> AppendResult {
        guard let keyBytes = Int32(lengthOf: key), let valueBytes = Int32(lengthOf: value) else {
            return .recordTooLarge
        }
        let status = mlog_builder_append(
            builder, timestamp, key?.start, keyBytes, value?.start, valueBytes, headers.baseAddress,
            Int32(truncatingIfNeeded: headers.count))
        switch status {
        case .MLOG_BUILDER_OK: return .appended
        case .MLOG_BUILDER_FULL: return .full
        case .MLOG_BUILDER_RECORD_TOO_LARGE: return .recordTooLarge
        case .MLOG_BUILDER_TOO_MANY_HEADERS: return .tooManyHeaders
        case .MLOG_BUILDER_NO_MEMORY: return .outOfMemory
        case .MLOG_BUILDER_EMPTY: preconditionFailure("append does not finish a batch")
        }
    }

    /// Finishes the batch, which must not be empty: compressed if that was asked for and makes it smaller, with base
    /// offset 0, leader epoch -1 and the producer's fields. The bytes are valid until the next call but the read-only
    /// ones. Throws `outOfMemory`, and keeps the batch.
    package mutating func finish(
        producerID: ProducerID = -1, producerEpoch: ProducerEpoch = -1, baseSequence: Int32 = -1
    ) throws(BatchError) -> UnsafeRawBufferPointer {
        precondition(!isEmpty, "an empty batch cannot be finished")
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        let status = mlog_builder_finish(builder, producerID, producerEpoch, baseSequence, &bytes, &count)
        guard status == .MLOG_BUILDER_OK else { throw .outOfMemory }
        return UnsafeRawBufferPointer(start: bytes, count: count)
    }

    /// Empties the batch; memory is kept for the next one.
    package mutating func reset() { mlog_builder_reset(builder) }

    /// Empties the batch, whose memory its owner has taken away: the next one gets other memory.
    package mutating func part() { mlog_builder_part(builder) }
}

/// Memory for a ``BatchBuilder`` that somebody else owns.
package final class BatchMemory {
    /// Gives room for at least `neededBytes`, which begins with the `usedBytes` that are in what it gave before; 0 of
    /// them for a new batch. What it gave before is not used any more. Nil when there is no memory.
    package typealias Grow = (_ usedBytes: Int, _ neededBytes: Int) -> UnsafeMutableRawBufferPointer?

    private let grow: Grow

    package init(grow: @escaping Grow) {
        self.grow = grow
    }

    fileprivate var forBuilder: mlog_builder_memory {
        mlog_builder_memory(context: Unmanaged.passUnretained(self).toOpaque()) { context, used, needed, capacity in
            guard let context, let capacity else { return nil }
            let memory = Unmanaged<BatchMemory>.fromOpaque(context).takeUnretainedValue()
            guard let bytes = memory.grow(used, needed), let start = bytes.baseAddress else { return nil }
            capacity.pointee = bytes.count
            return start.assumingMemoryBound(to: UInt8.self)
        }
    }
}

extension Int32 {
    /// The length of `bytes` as a record states it, -1 for none; nil when there are more than a record can hold.
    fileprivate init?(lengthOf bytes: UnsafeRawBufferPointer?) {
        guard let bytes else {
            self = -1
            return
        }
        self.init(exactly: bytes.count)
    }
}

extension [RecordHeader] {
    /// Lays the headers out for C in temporary memory: their descriptions, and all their bytes one after the other.
    fileprivate func withEncoded<Result>(
        _ body: (UnsafeBufferPointer<mlog_builder_header>) -> Result
    ) -> Result {
        let total = reduce(0) { $0 + $1.key.utf8.count + ($1.value?.count ?? 0) }
        return withUnsafeTemporaryAllocation(byteCount: Swift.max(total, 1), alignment: 1) { bytes in
            withUnsafeTemporaryAllocation(of: mlog_builder_header.self, capacity: count) { headers in
                var rest = bytes[...]
                for (index, header) in enumerated() {
                    var encoded = mlog_builder_header()
                    encoded.key = rest.append(header.key.utf8)
                    encoded.key_bytes = Int32(clamping: header.key.utf8.count)
                    encoded.value = header.value.map { rest.append($0) } ?? nil
                    encoded.value_bytes = header.value.map { Int32(clamping: $0.count) } ?? -1
                    headers.initializeElement(at: index, to: encoded)
                }
                return body(UnsafeBufferPointer(headers))
            }
        }
    }
}

extension Slice<UnsafeMutableRawBufferPointer> {
    /// Copies `source` to the front and moves on behind it. Returns where the copy starts.
    fileprivate mutating func append(_ source: some Collection<UInt8>) -> UnsafePointer<UInt8>? {
        let target = UnsafeMutableRawBufferPointer(rebasing: self[startIndex..<startIndex + source.count])
        target.copyBytes(from: source)
        self = self[(startIndex + source.count)...]
        return UnsafePointer(target.start)
    }
}
