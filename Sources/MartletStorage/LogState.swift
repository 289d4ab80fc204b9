internal import MartletCore

/// What appends change; guarded by the log's writer lock.
struct LogWriterState {
    /// The segment that is appended to; nil until the first append after the log was opened.
    var active: Segment?
    /// Its unique number.
    var activeNumber: UInt64 = 0
    /// When it got its first batch in this run of the process; nil while it has none.
    var activeSince: TimestampMs?
    /// Writeback was asked for up to here.
    var writebackPosition: UInt32 = 0

    var producers: ProducerStateTable
    /// Bytes appended since the last snapshot.
    var bytesSinceSnapshot = 0

    var epochs = LeaderEpochHistory()
    /// The latest epoch in the log's own history file; -1 when there is none.
    var epochsInFile: LeaderEpoch = -1
    /// The highest epoch that this directory knows of.
    var highestEpoch: LeaderEpoch = -1
    /// The epoch that appends carry; -1 while this replica does not lead.
    var currentEpoch: LeaderEpoch = -1
    /// The epoch whose leader's batches are appended as they are; -1 while this replica does not follow.
    var followedEpoch: LeaderEpoch = -1
    /// The last epoch that was led in this run of the process.
    var ledEpoch: LeaderEpoch = -1
    /// The history and `hasGaps` are on disk: nothing is appended before.
    var isHistoryRecorded = false
    /// Offsets are missing between batches that were copied from a log that was compacted.
    var hasGaps = false
    /// A cut that is not finished; nothing is appended meanwhile.
    var cut: LogCut?
    /// The log's end when maintenance last came by.
    var endAtLastRound: Offset = -1
    /// The log was opened or recovered: what stands here is its state.
    var isOpened = false
    var isClosed = false

    init(producersMax: Int) {
        producers = ProducerStateTable(limit: producersMax)
    }
}

/// What readers and the sync stage see; guarded by the log's shared lock, never held across a system call.
struct LogSharedState {
    var segments = SegmentList()
    /// Rolled segments that wait to be trimmed and synced, oldest first.
    var sealing: [(number: UInt64, segment: Segment)] = []
    /// The log's end.
    var tail = LogMark(offset: 0, segment: 0, position: 0)
    /// The last end that was synced with every segment before it sealed: recovery begins here.
    var recoveryPoint = LogMark(offset: 0, segment: 0, position: 0)
    /// The end that was published as durable last: where a reader at the high watermark usually stops.
    var synced = LogMark(offset: 0, segment: 0, position: 0)
    /// Appended and not yet synced, under a policy that syncs, and under `flush=os`.
    var unsyncedBytes = 0
    var unsyncedBytesUnderOS = 0
    /// Below it the log was compacted.
    var cleanedOffset: Offset = 0
    /// When the earliest tombstone below it may go; nil while none is known.
    var tombstonesDue: TimestampMs?
    /// What is known to be damaged, each with its segment's number.
    var damages: [(number: UInt64, report: CorruptionReport)] = []
    var hints = ReadHints()
    /// How often the log was cut: a place that was looked up before a cut means nothing after it.
    var cuts = 0

    /// Retention may have taken segments, and what was damaged with them.
    var damagesHeld: [(number: UInt64, report: CorruptionReport)] {
        damages.filter { segments.base(ofNumber: $0.number) != nil }
    }
}

/// What opening or recovering a log found.
struct OpenedLog {
    var segments = SegmentList()
    var sealing: [(number: UInt64, segment: Segment)] = []
    var tail = LogMark(offset: 0, segment: 0, position: 0)
    var recoveryPoint = LogMark(offset: 0, segment: 0, position: 0)
    var logStart: Offset = 0
    var highWatermark: Offset = 0
    var cleanedOffset: Offset = 0
    var hasGaps = false
    var producers: ProducerStateTable
    /// The first offset that the snapshot of producers on disk does not know; nil when there is none.
    var snapshotOffset: Offset?
    /// Bytes of batches behind the snapshot on disk.
    var bytesSinceSnapshot = 0
    var epochs = LeaderEpochHistory()
    var epochsInFile: LeaderEpoch = -1
    var highestEpoch: LeaderEpoch = -1
    /// What is known to be damaged, and what of it is written down beside the log.
    var damage = DamageFile()
    var damageOnDisk = DamageFile()
    var report: RecoveryReport?
    var facts = StartFacts()

    /// What the store's checkpoint says that does not depend on the log's data.
    mutating func take(_ entry: OffsetsEntry) {
        logStart = entry.logStart
        highWatermark = entry.highWatermark
        cleanedOffset = entry.cleanedOffset
        highestEpoch = entry.highestEpoch
    }
}
