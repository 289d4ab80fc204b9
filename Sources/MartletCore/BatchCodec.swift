internal import CMartletBatch

/// Reads, checks and rewrites record batches in the caller's memory. Stateless: any thread.
package enum BatchCodec {
    /// Extends `crc` (0 to begin with) by `bytes`.
    package static func crc32c(_ bytes: UnsafeRawBufferPointer, extending crc: UInt32 = 0) -> UInt32 {
        mlog_crc32c(crc, bytes.baseAddress, bytes.count)
    }

    /// Reads the header in front of `bytes` and checks what can be checked without the rest, which need not be there:
    /// compare ``BatchHeader/sizeBytes`` with what is. Batches larger than `sizeLimit` bytes are refused.
    package static func readHeader(
        _ bytes: UnsafeRawBufferPointer, sizeLimit: Int
    ) throws(BatchError) -> BatchHeader {
        var header = mlog_batch_header()
        try mlog_batch_read_header(bytes.start, bytes.count, clamped(sizeLimit), &header).check()
        return BatchHeader(header)
    }

    /// ``readHeader(_:sizeLimit:)``, and the whole batch is there and its CRC is right. Bytes after the batch are
    /// ignored; records are not walked.
    package static func check(_ bytes: UnsafeRawBufferPointer, sizeLimit: Int) throws(BatchError) -> BatchHeader {
        var header = mlog_batch_header()
        try mlog_batch_check(bytes.start, bytes.count, clamped(sizeLimit), &header).check()
        return BatchHeader(header)
    }

    /// Walks all records of a batch that was checked. `unpackedLimit` bounds compressed records.
    package static func checkRecords(
        of batch: UnsafeRawBufferPointer, header: BatchHeader, unpackedLimit: Int
    ) throws(BatchError) {
        var buffer = UnpackBuffer()
        let records = try buffer.records(of: batch, header: header, limit: unpackedLimit)
        var raw = header.raw
        try mlog_batch_check_records(&raw, records.start, records.count).check()
    }

    /// Writes the batch's 61 header bytes with a new base offset and leader epoch to `output`, at least as large.
    /// Neither field is under the CRC; `batch` is not touched.
    package static func assign(
        _ batch: UnsafeRawBufferPointer, baseOffset: Offset, leaderEpoch: LeaderEpoch,
        to output: UnsafeMutableRawBufferPointer
    ) {
        requireHeader(batch, output)
        mlog_batch_assign(batch.start, baseOffset, leaderEpoch, output.start)
    }

    /// ``assign(_:baseOffset:leaderEpoch:to:)`` under log-append time: every record gets `timestamp`, and the CRC is
    /// made anew over the whole `batch`, which must be exactly one.
    package static func assignAppendTime(
        _ batch: UnsafeRawBufferPointer, baseOffset: Offset, leaderEpoch: LeaderEpoch, timestamp: TimestampMs,
        to output: UnsafeMutableRawBufferPointer
    ) {
        requireHeader(batch, output)
        mlog_batch_assign_append_time(batch.start, batch.count, baseOffset, leaderEpoch, timestamp, output.start)
    }

    /// Gives a whole batch other producer fields, in place, and the CRC anew.
    package static func setProducer(
        _ batch: UnsafeMutableRawBufferPointer, id: ProducerID, epoch: ProducerEpoch, baseSequence: Int32
    ) {
        precondition(batch.count >= BatchHeader.byteCount)
        mlog_batch_set_producer(batch.start, batch.count, id, epoch, baseSequence)
    }

    /// The same records in a batch of another codec, `none` or `lz4`, with all else kept. `batch` is whole and was
    /// checked; its records are checked on the way. At most `unpackedLimit` bytes of records are unpacked.
    package static func recompress(
        _ batch: UnsafeRawBufferPointer, to compression: Compression, unpackedLimit: Int
    ) throws(BatchError) -> [UInt8] {
        guard compression.isSupported else { throw .unsupportedCompression }
        let codec: mlog_compression = compression == .lz4 ? .MLOG_COMPRESSION_LZ4 : .MLOG_COMPRESSION_NONE
        var bound = 0
        try mlog_batch_recompress_bound(batch.start, batch.count, unpackedLimit, &bound).check()
        var status = mlog_batch_status.MLOG_BATCH_OK
        let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            status = mlog_batch_recompress(
                batch.start, batch.count, codec, unpackedLimit, buffer.baseAddress, bound, &count)
        }
        try status.check()
        return output
    }

    /// What a compactor leaves of a batch: the records whose flag in `keep`, one for each, is true, with their
    /// offsets and timestamps, under the same header fields; with none, a header alone. `deleteHorizon`, if given, is
    /// when the tombstones that stay may go, and stands in the place of the base timestamp. `batch` is whole and was
    /// checked.
    package static func filter(
        _ batch: UnsafeRawBufferPointer, header: BatchHeader, keep: [Bool], deleteHorizon: TimestampMs?,
        unpackedLimit: Int
    ) throws(BatchError) -> [UInt8] {
        precondition(keep.count == header.recordCount, "one flag for each record")
        var bound = 0
        try mlog_batch_filter_bound(batch.start, batch.count, unpackedLimit, &bound).check()
        var status = mlog_batch_status.MLOG_BATCH_OK
        let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            status = mlog_batch_filter(
                batch.start, batch.count, keep, deleteHorizon ?? -1, unpackedLimit, buffer.baseAddress, bound, &count)
        }
        try status.check()
        return output
    }

    private static func requireHeader(_ batch: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer) {
        precondition(batch.count >= BatchHeader.byteCount && output.count >= BatchHeader.byteCount)
    }

    private static func clamped(_ limit: Int) -> UInt32 { UInt32(clamping: limit) }
}

extension UnsafeRawBufferPointer {
    /// Where the bytes start, as C takes it; null only when there are none.
    var start: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
    var start: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
