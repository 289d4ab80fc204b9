/// What becomes of old data: `delete` removes whole segments by age and size, `compact` keeps the newest record of each
/// key.
package struct CleanupPolicy: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let delete = CleanupPolicy(rawValue: 1)
    package static let compact = CleanupPolicy(rawValue: 2)
}

/// When an appended position counts as kept (DESIGN section 3, "Durability").
package enum FlushPolicy: Sendable, Hashable {
    /// Once it was synced. Batches that arrive while a sync runs share the next one.
    case batch
    /// As soon as it was appended; synced at the latest this long after.
    case interval(Duration)
    /// As soon as it was appended; synced when a segment is sealed and when a recovery point is taken.
    case os
}

/// The codec of batches at rest.
package enum TopicCompression: Sendable, Hashable {
    /// As the producer sent them.
    case producer
    /// Rebuilt by the leader without compression.
    case none
    /// Rebuilt by the leader with LZ4.
    case lz4
}

/// Whose clock the records carry.
package enum TimestampType: Sendable, Hashable {
    case createTime
    case logAppendTime
}

/// One partition's log settings. Validated by whoever makes them (the broker's topic settings): nothing here checks
/// ranges.
package struct LogSettings: Sendable, Equatable {
    /// A segment is rolled before it grows past this many bytes. At most 1 GiB.
    package var segmentBytes: Int
    /// A segment is rolled this long after its first append.
    package var segmentAge: Duration
    /// Segments whose newest record is older are removed. Nil: never.
    package var retentionAge: Duration?
    /// The oldest segments are removed while the rest holds at least this many bytes. Nil: no limit.
    package var retentionBytes: Int64?
    package var cleanup: CleanupPolicy
    package var flush: FlushPolicy
    /// The largest batch that is taken, header included.
    package var maxMessageBytes: Int
    package var compression: TopicCompression
    package var timestampType: TimestampType
    /// How long a tombstone outlives the compaction that first saw it.
    package var deleteRetention: Duration
    /// Compaction begins when this share of the sealed bytes was not compacted yet. 0 to 1.
    package var minCleanableDirtyRatio: Double
    /// Segments with records younger than this are not compacted.
    package var minCompactionLag: Duration
    /// A producer that was silent for this long is forgotten.
    package var producerExpiration: Duration
    /// Records with a create time further in the future are refused.
    package var timestampAheadMax: Duration

    /// Kafka's defaults, under `flush=batch`.
    package init(
        segmentBytes: Int = 1 << 30,
        segmentAge: Duration = .seconds(7 * 86_400),
        retentionAge: Duration? = .seconds(7 * 86_400),
        retentionBytes: Int64? = nil,
        cleanup: CleanupPolicy = .delete,
        flush: FlushPolicy = .batch,
        maxMessageBytes: Int = 1_048_588,
        compression: TopicCompression = .producer,
        timestampType: TimestampType = .createTime,
        deleteRetention: Duration = .seconds(86_400),
        minCleanableDirtyRatio: Double = 0.5,
        minCompactionLag: Duration = .zero,
        producerExpiration: Duration = .seconds(86_400),
        timestampAheadMax: Duration = .seconds(3_600)
    ) {
        self.segmentBytes = segmentBytes
        self.segmentAge = segmentAge
        self.retentionAge = retentionAge
        self.retentionBytes = retentionBytes
        self.cleanup = cleanup
        self.flush = flush
        self.maxMessageBytes = maxMessageBytes
        self.compression = compression
        self.timestampType = timestampType
        self.deleteRetention = deleteRetention
        self.minCleanableDirtyRatio = minCleanableDirtyRatio
        self.minCompactionLag = minCompactionLag
        self.producerExpiration = producerExpiration
        self.timestampAheadMax = timestampAheadMax
    }
}

extension Duration {
    /// Whole milliseconds, rounded down; `Int64.max` when there are more than that.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        return overflow ? .max : product + attoseconds / 1_000_000_000_000_000
    }

    /// Whole nanoseconds, rounded down; `Int64.max` when there are more than that.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product + attoseconds / 1_000_000_000
    }
}
