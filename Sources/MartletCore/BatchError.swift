internal import CMartletBatch

/// What can be wrong with the bytes of a record batch. Its description is one sentence without a full stop.
public enum BatchError: Error, Sendable, Hashable, CaseIterable {
    /// Fewer bytes than the header, or than its length field, says.
    case short
    /// The length field is below the header's size, negative, or above the limit.
    case badLength
    /// A format other than magic 2.
    case badMagic
    case badCRC
    /// Unknown compression or reserved bits.
    case badAttributes
    /// Record count, offsets or timestamps contradict each other or the size.
    case badCount
    /// A record's lengths, varints or deltas do not fit its batch.
    case badRecord
    /// The records are not one valid LZ4 frame.
    case badCompression
    /// The records unpack to more than the limit.
    case tooLarge
    /// A codec that is known but not supported: gzip, snappy, zstd.
    case unsupportedCompression
    case outOfMemory
}

extension BatchError: CustomStringConvertible {
    public var description: String { String(cString: mlog_batch_status_text(status)) }
}

extension BatchError {
    /// Nil for the status that is no error.
    init?(_ status: mlog_batch_status) {
        switch status {
        case .MLOG_BATCH_OK: return nil
        case .MLOG_BATCH_SHORT: self = .short
        case .MLOG_BATCH_BAD_LENGTH: self = .badLength
        case .MLOG_BATCH_BAD_MAGIC: self = .badMagic
        case .MLOG_BATCH_BAD_CRC: self = .badCRC
        case .MLOG_BATCH_BAD_ATTRIBUTES: self = .badAttributes
        case .MLOG_BATCH_BAD_COUNT: self = .badCount
        case .MLOG_BATCH_BAD_RECORD: self = .badRecord
        case .MLOG_BATCH_BAD_COMPRESSION: self = .badCompression
        case .MLOG_BATCH_TOO_LARGE: self = .tooLarge
        case .MLOG_BATCH_UNSUPPORTED: self = .unsupportedCompression
        case .MLOG_BATCH_NO_MEMORY: self = .outOfMemory
        }
    }

    private var status: mlog_batch_status {
        switch self {
        case .short: .MLOG_BATCH_SHORT
        case .badLength: .MLOG_BATCH_BAD_LENGTH
        case .badMagic: .MLOG_BATCH_BAD_MAGIC
        case .badCRC: .MLOG_BATCH_BAD_CRC
        case .badAttributes: .MLOG_BATCH_BAD_ATTRIBUTES
        case .badCount: .MLOG_BATCH_BAD_COUNT
        case .badRecord: .MLOG_BATCH_BAD_RECORD
        case .badCompression: .MLOG_BATCH_BAD_COMPRESSION
        case .tooLarge: .MLOG_BATCH_TOO_LARGE
        case .unsupportedCompression: .MLOG_BATCH_UNSUPPORTED
        case .outOfMemory: .MLOG_BATCH_NO_MEMORY
        }
    }
}

extension mlog_batch_status {
    /// Throws unless the status is OK.
    func check() throws(BatchError) {
        if let error = BatchError(self) { throw error }
    }
}
