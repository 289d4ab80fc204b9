internal import MartletCore

/// What a batch from a producer must be before it may enter a log: size, structure, CRC, and what the topic asks for.
/// Runs before the log's lock is taken; stateless.
struct BatchAdmission {
    var header: BatchHeader
    /// The batch rebuilt under the topic's codec; nil when the bytes go to the log as they came.
    var rebuilt: [UInt8]?

    static func admit(
        _ bytes: UnsafeRawBufferPointer, _ settings: LogSettings, now: TimestampMs
    ) throws(StorageError) -> BatchAdmission {
        if bytes.count > settings.maxMessageBytes {
            let setting = settings.maxMessageBytes < settings.segmentBytes ? "max.message.bytes" : "segment.bytes"
            throw StorageError(
                .recordTooLarge,
                "the batch has \(bytes.count) bytes; \(setting) of the topic is \(settings.maxMessageBytes)"
            )
        }
        let header = try check(bytes, settings)
        try checkTimes(header, settings, now)
        if settings.cleanup.contains(.compact) { try requireKeys(bytes, header, settings) }
        guard let codec = codecToRebuild(header, settings) else { return BatchAdmission(header: header, rebuilt: nil) }
        return try rebuild(bytes, codec, settings)
    }

    private static func check(
        _ bytes: UnsafeRawBufferPointer, _ settings: LogSettings
    ) throws(StorageError) -> BatchHeader {
        let header = try refusing { () throws(BatchError) in
            try BatchCodec.check(bytes, sizeLimit: settings.maxMessageBytes)
        }
        if header.sizeBytes != bytes.count {
            throw StorageError(
                .invalidBatch(.badLength), "the batch says \(header.sizeBytes) bytes and came with \(bytes.count)")
        }
        if header.recordCount < 1 || header.recordCount != Int(header.lastOffsetDelta) + 1 {
            throw StorageError(
                .invalidBatch(.badCount),
                "the batch has \(header.recordCount) records and the last offset delta \(header.lastOffsetDelta)"
            )
        }
        if !header.compression.isSupported {
            throw StorageError(
                .unsupportedCompression, "compression \(header.compression) is not supported; use none or lz4"
            )
        }
        if header.isTransactional || header.isControl || header.hasDeleteHorizon || header.hasLogAppendTime {
            throw StorageError(
                .invalidRecord, "attributes \(header.attributes) hold bits that producers may not set (3 to 6)"
            )
        }
        if header.hasProducer && (header.producerEpoch < 0 || header.baseSequence < 0) {
            throw StorageError(.invalidRecord, "producer \(header.producerID) sent a batch without epoch or sequence")
        }
        return header
    }

    private static func checkTimes(_ header: BatchHeader, _ settings: LogSettings, _ now: TimestampMs)
        throws(StorageError)
    {
        guard settings.timestampType == .createTime else { return }
        let ahead = header.maxTimestamp.subtractingReportingOverflow(now)
        if header.maxTimestamp > now && (ahead.overflow || ahead.partialValue > settings.timestampAheadMax.milliseconds)
        {
            throw StorageError(
                .timestamp,
                "a record's time \(header.maxTimestamp) lies over \(settings.timestampAheadMax) after the broker's, "
                    + "\(now): check the producer's clock (milliseconds since 1970)"
            )
        }
    }

    private static func requireKeys(
        _ bytes: UnsafeRawBufferPointer, _ header: BatchHeader, _ settings: LogSettings
    ) throws(StorageError) {
        let keyless: Offset? = try refusing { () throws(BatchError) in
            var buffer = UnpackBuffer()
            let limit = Limits.unpackedBytes(maxMessageBytes: settings.maxMessageBytes)
            let records = try buffer.records(of: bytes, header: header, limit: limit)
            var iterator = RecordIterator(header: header, records: records)
            while let record = try iterator.next() {
                if record.key == nil { return record.offset - header.baseOffset }
            }
            return nil
        }
        if let keyless {
            throw StorageError(
                .keyRequired, "record \(keyless) of the batch has no key; a compacted topic needs one in each")
        }
    }

    private static func codecToRebuild(_ header: BatchHeader, _ settings: LogSettings) -> Compression? {
        switch settings.compression {
        case .producer: nil
        case .none: header.compression == .none ? nil : Compression.none
        case .lz4: header.compression == .lz4 ? nil : .lz4
        }
    }

    private static func rebuild(
        _ bytes: UnsafeRawBufferPointer, _ codec: Compression, _ settings: LogSettings
    ) throws(StorageError) -> BatchAdmission {
        let limit = Limits.unpackedBytes(maxMessageBytes: settings.maxMessageBytes)
        return try refusing { () throws(BatchError) in
            let rebuilt = try BatchCodec.recompress(bytes, to: codec, unpackedLimit: limit)
            // The result may be larger than max.message.bytes: what the producer sent was not.
            let header = try rebuilt.withBytes { (bytes) throws(BatchError) in
                try BatchCodec.readHeader(bytes, sizeLimit: bytes.count)
            }
            return BatchAdmission(header: header, rebuilt: rebuilt)
        }
    }

    private static func refusing<Result>(_ body: () throws(BatchError) -> Result) throws(StorageError) -> Result {
        do {
            return try body()
        } catch {
            throw StorageError(.invalidBatch(error), "the batch is refused: \(error)")
        }
    }
}
