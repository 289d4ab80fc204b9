internal import CMartletBatch

/// The 61 bytes in front of a batch's records, read and checked. Comes from ``BatchCodec`` only, so its fields do not
/// contradict each other.
package struct BatchHeader: Sendable, Hashable {
    /// Offset of the batch's first place; where a compactor took the first record away, no record has it.
    package let baseOffset: Offset
    /// Of the whole batch, header included.
    package let sizeBytes: Int
    package let leaderEpoch: LeaderEpoch
    package let crc: UInt32
    package let attributes: UInt16
    package let lastOffsetDelta: Int32
    package let baseTimestamp: TimestampMs
    package let maxTimestamp: TimestampMs
    /// -1: the producer is not idempotent.
    package let producerID: ProducerID
    package let producerEpoch: ProducerEpoch
    /// Sequence number of the first record; -1 without a producer id.
    package let baseSequence: Int32
    package let recordCount: Int

    /// The size of an encoded header.
    package static let byteCount = Int(MLOG_BATCH_HEADER_BYTES)

    init(_ header: mlog_batch_header) {
        baseOffset = header.base_offset
        sizeBytes = Int(header.size_bytes)
        leaderEpoch = header.leader_epoch
        crc = header.crc
        attributes = header.attributes
        lastOffsetDelta = header.last_offset_delta
        baseTimestamp = header.base_timestamp_ms
        maxTimestamp = header.max_timestamp_ms
        producerID = header.producer_id
        producerEpoch = header.producer_epoch
        baseSequence = header.base_sequence
        recordCount = Int(header.record_count)
    }

    var raw: mlog_batch_header {
        mlog_batch_header(
            base_offset: baseOffset,
            base_timestamp_ms: baseTimestamp,
            max_timestamp_ms: maxTimestamp,
            producer_id: producerID,
            size_bytes: UInt32(sizeBytes),
            leader_epoch: leaderEpoch,
            crc: crc,
            last_offset_delta: lastOffsetDelta,
            base_sequence: baseSequence,
            record_count: Int32(recordCount),
            attributes: attributes,
            producer_epoch: producerEpoch,
            magic: UInt8(MLOG_BATCH_MAGIC)
        )
    }
}

extension BatchHeader {
    package var lastOffset: Offset { baseOffset + Offset(lastOffsetDelta) }

    /// The offset that the next batch of the log has, or a later one where the log was compacted.
    package var nextOffset: Offset { lastOffset + 1 }

    /// Sequence number of the last record. Sequences wrap from 2^31 - 1 to 0. -1 without a producer id.
    package var lastSequence: Int32 {
        guard baseSequence >= 0 else { return -1 }
        return Int32(truncatingIfNeeded: (Int64(baseSequence) + Int64(lastOffsetDelta)) & 0x7fff_ffff)
    }

    package var hasProducer: Bool { producerID >= 0 }

    package var compression: Compression {
        // Reading the header refuses every value that is not one of these.
        Compression(rawValue: UInt8(truncatingIfNeeded: attributes) & UInt8(MLOG_ATTRIBUTE_COMPRESSION_MASK)) ?? .none
    }

    /// The records' time is the broker's: each record has ``maxTimestamp``.
    package var hasLogAppendTime: Bool { has(MLOG_ATTRIBUTE_LOG_APPEND_TIME) }
    package var isTransactional: Bool { has(MLOG_ATTRIBUTE_TRANSACTIONAL) }
    package var isControl: Bool { has(MLOG_ATTRIBUTE_CONTROL) }
    package var hasDeleteHorizon: Bool { has(MLOG_ATTRIBUTE_DELETE_HORIZON) }

    /// When the batch's tombstones may go, once a compactor has decided; it then stands in the place of the base
    /// timestamp.
    package var deleteHorizon: TimestampMs? { hasDeleteHorizon ? baseTimestamp : nil }

    private func has(_ bit: some BinaryInteger) -> Bool { attributes & UInt16(bit) != 0 }
}
