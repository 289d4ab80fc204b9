internal import CMartletBatch

/// Memory that compressed records are unpacked into, kept from one batch to the next. One owner at a time.
package struct UnpackBuffer: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    package init() {}

    deinit { memory.deallocate() }

    /// The uncompressed records of `batch`, which is whole and was checked: a part of the batch itself, or, where it is
    /// compressed, of this buffer. Valid until the batch goes or the next call, whichever comes first.
    ///
    /// - Throws: `unsupportedCompression`, `badCompression`, `outOfMemory`, or `tooLarge` for more than `limit` bytes.
    package mutating func records(
        of batch: UnsafeRawBufferPointer, header: BatchHeader, limit: Int
    ) throws(BatchError) -> UnsafeRawBufferPointer {
        guard batch.count >= header.sizeBytes else { throw .short }
        let stored = UnsafeRawBufferPointer(rebasing: batch[BatchHeader.byteCount..<header.sizeBytes])
        switch header.compression {
        case .none: return stored
        case .lz4: return try unpack(stored, limit: limit)
        case .gzip, .snappy, .zstd: throw .unsupportedCompression
        }
    }

    /// Copies `bytes` into this buffer. Valid until the next call.
    mutating func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        reserve(bytes.count)
        memory.copyMemory(from: bytes)
        return UnsafeRawBufferPointer(rebasing: memory[..<bytes.count])
    }

    private mutating func unpack(
        _ block: UnsafeRawBufferPointer, limit: Int
    ) throws(BatchError) -> UnsafeRawBufferPointer {
        var bound = 0
        try mlog_lz4_unpacked_bound(block.start, block.count, limit, &bound).check()
        reserve(bound)
        var count = 0
        // Not the buffer's whole size: what it kept from a batch with a higher limit must not raise this one's.
        try mlog_lz4_unpack(block.start, block.count, memory.start, bound, &count).check()
        return UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    private mutating func reserve(_ count: Int) {
        guard memory.baseAddress == nil || memory.count < count else { return }
        memory.deallocate()
        memory = .allocate(byteCount: Swift.max(count, 1), alignment: 8)
    }
}
