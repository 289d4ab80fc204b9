internal import MartletCore

/// What the file `offsets` in the data directory says of one partition: where recovery begins and what else must
/// survive.
struct OffsetsEntry: Sendable, Equatable {
    var id: TopicIDPartition
    /// Everything below was synced, and the segments before `recoverySegment` are sealed.
    var recoveryPoint: Offset
    /// Base offset of the segment that holds the recovery point, -1 when the log has no segment.
    var recoverySegment: Offset
    /// Where in that segment the recovery point lies.
    var recoveryPosition: UInt32
    var logStart: Offset
    var highWatermark: Offset
    /// Below it the log was compacted.
    var cleanedOffset: Offset
    /// The latest entry of the log's epoch history; -1 when there is none. Earlier entries are in the log's own file.
    var latestEpoch: LeaderEpoch
    var latestEpochStart: Offset
    var highestEpoch: LeaderEpoch
    /// The log was closed in order at the recovery point, which is its end.
    var isClean: Bool
    /// Nothing was acknowledged before it was synced (`flush=batch`).
    var isSynced = false
    /// A write or a sync of the log failed, and it was not recovered since: what the page cache holds past the recovery
    /// point may not be on the disk.
    var hasFailed = false

    private static let cleanFlag: UInt8 = 1
    private static let syncedFlag: UInt8 = 2
    private static let failedFlag: UInt8 = 4

    fileprivate var flags: UInt8 {
        (isClean ? Self.cleanFlag : 0) | (isSynced ? Self.syncedFlag : 0) | (hasFailed ? Self.failedFlag : 0)
    }

    fileprivate mutating func setFlags(_ flags: UInt8) {
        isClean = flags & Self.cleanFlag != 0
        isSynced = flags & Self.syncedFlag != 0
        hasFailed = flags & Self.failedFlag != 0
    }
}

/// One file for all partitions, so that a checkpoint of 10,000 costs one sync. Rewritten whole.
struct OffsetsCheckpoint: Sendable {
    static let formatVersion: UInt32 = 1
    private static let entryBytes = 16 + 4 + 8 + 8 + 4 + 8 + 8 + 8 + 4 + 8 + 4 + 1

    /// The kernel's boot id when it was written: after another one, what was not synced may be gone.
    var bootID: String
    /// The store was closed in order and nothing was written since.
    var isClean: Bool
    var entries: [OffsetsEntry]

    func encoded() -> [UInt8] {
        var writer = ByteWriter(reserving: 64 + entries.count * Self.entryBytes)
        writer.string(bootID)
        writer.integer(UInt8(isClean ? 1 : 0))
        writer.integer(UInt32(entries.count))
        for entry in entries { Self.encode(entry, &writer) }
        return writer.bytes
    }

    private static func encode(_ entry: OffsetsEntry, _ writer: inout ByteWriter) {
        writer.integer(entry.id.topicID.high)
        writer.integer(entry.id.topicID.low)
        writer.integer(entry.id.partition)
        writer.integer(entry.recoveryPoint)
        writer.integer(entry.recoverySegment)
        writer.integer(entry.recoveryPosition)
        writer.integer(entry.logStart)
        writer.integer(entry.highWatermark)
        writer.integer(entry.cleanedOffset)
        writer.integer(entry.latestEpoch)
        writer.integer(entry.latestEpochStart)
        writer.integer(entry.highestEpoch)
        writer.integer(entry.flags)
    }

    /// Nil for bytes that ``encoded()`` cannot have written.
    static func decode(_ bytes: [UInt8]) -> OffsetsCheckpoint? {
        var reader = ByteReader(bytes)
        guard let bootID = reader.string(), let clean = reader.integer(UInt8.self),
            let count = reader.count(entryBytes: entryBytes)
        else { return nil }
        var entries: [OffsetsEntry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            guard let entry = decodeEntry(&reader) else { return nil }
            entries.append(entry)
        }
        guard reader.remaining == 0 else { return nil }
        return OffsetsCheckpoint(bootID: bootID, isClean: clean == 1, entries: entries)
    }

    private static func decodeEntry(_ reader: inout ByteReader) -> OffsetsEntry? {
        guard let high = reader.integer(UInt64.self), let low = reader.integer(UInt64.self),
            let partition = reader.integer(PartitionIndex.self),
            let recoveryPoint = reader.integer(Offset.self), let segment = reader.integer(Offset.self),
            let position = reader.integer(UInt32.self),
            let logStart = reader.integer(Offset.self), let highWatermark = reader.integer(Offset.self),
            let cleaned = reader.integer(Offset.self),
            let latest = reader.integer(LeaderEpoch.self), let latestStart = reader.integer(Offset.self),
            let highest = reader.integer(LeaderEpoch.self), let flags = reader.integer(UInt8.self)
        else { return nil }
        var entry = OffsetsEntry(
            id: TopicIDPartition(topicID: TopicID(high: high, low: low), partition: partition),
            recoveryPoint: recoveryPoint, recoverySegment: segment, recoveryPosition: position, logStart: logStart,
            highWatermark: highWatermark, cleanedOffset: cleaned, latestEpoch: latest, latestEpochStart: latestStart,
            highestEpoch: highest, isClean: false
        )
        entry.setFlags(flags)
        return entry
    }
}
