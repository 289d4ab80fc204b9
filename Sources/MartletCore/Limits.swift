internal import CMartletBatch

/// Bounds that broker and clients share. Settings may lower some of them, never raise them.
public enum Limits {
    /// Length of a topic's name, in bytes.
    public static let topicNameBytes = 249

    /// Headers of one record.
    public static let recordHeaders = Int(MLOG_RECORD_HEADERS_MAX)

    /// Default of `max.message.bytes`: the size of a batch, header included, as it is stored.
    public static let maxMessageBytes = 1_048_588

    /// The largest `max.message.bytes` that may be set, in bytes: one batch must fit a request's attachment.
    public static let maxMessageBytesCeiling = requestAttachmentBytes

    /// What compressed records may unpack to, in bytes, whatever a topic's limit is.
    public static let unpackedBytes = Int(MLOG_LZ4_UNPACKED_BYTES_MAX)

    /// What compressed records may unpack to in terms of the topic's `max.message.bytes`.
    public static let unpackedRatio = 10

    /// What the records of a batch may unpack to in a topic with this `max.message.bytes`.
    public static func unpackedBytes(maxMessageBytes: Int) -> Int {
        let (product, overflow) = maxMessageBytes.multipliedReportingOverflow(by: unpackedRatio)
        return overflow ? unpackedBytes : min(product, unpackedBytes)
    }

    /// The `RpcMeta` of a frame, in bytes.
    public static let frameMetaBytes = 16 * 1024

    /// The message of a frame, in bytes.
    public static let frameMessageBytes = 4 * 1024 * 1024

    /// The record batches that come with a request, in bytes.
    public static let requestAttachmentBytes = 16 * 1024 * 1024

    /// Calls that one connection may have open at a time.
    public static let openCalls = 256

    /// Partitions that one request may name. Brokers tell it in Hello and refuse more.
    public static let partitionsPerRequest = 4_096
}
