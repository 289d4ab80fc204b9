package import MartletCore
internal import Synchronization

/// What became of a batch.
package struct AppendResult: Sendable, Equatable {
    package var baseOffset: Offset
    package var lastOffset: Offset
    /// The time that the records got; nil under create time.
    package var logAppendTime: TimestampMs?
    /// The batch had been appended before: answer it when its original would be.
    package var isDuplicate: Bool
    /// The log's end after the append.
    package var logEndOffset: Offset
}

/// Keeps a segment's file readable for as long as it lives, whatever becomes of its name.
package final class FileLease: Sendable {
    let segment: Segment
    private let book: LeaseBook
    private let page: UInt64

    init(_ segment: Segment, _ book: LeaseBook) {
        self.segment = segment
        self.book = book
        page = book.take()
    }

    deinit {
        book.giveBack(page)
    }

    /// Of the .log file, for `sendfile` and `pread`. Belongs to the lease: never close it.
    package var descriptor: Int32 { segment.descriptor }
    /// For messages.
    package var path: String { segment.path }
}

/// Whole batches in a file: what a fetch sends. Nothing was copied.
package struct LogRead: Sendable {
    package var lease: FileLease
    package var filePosition: Int
    /// Bytes; everything up to `filePosition + count` is there.
    package var count: Int
    /// Base offset of the segment, for messages.
    package var segmentBaseOffset: Offset
    /// Where to read on.
    package var nextOffset: Offset
}

/// What a read found that is not to wait for the disk.
package enum CachedRead: Sendable {
    case found(LogRead)
    case nothing
    /// Batches are there, but they, or what leads to them, have to come from the disk: about that many bytes, at least
    /// one.
    case onDisk(bytes: Int)
}

/// A record found by its time.
package struct TimestampMatch: Sendable, Equatable {
    package var offset: Offset
    package var timestamp: TimestampMs
    package var leaderEpoch: LeaderEpoch
}

/// What recovery did to a log that was not stopped cleanly.
package struct RecoveryReport: Sendable, Equatable {
    package var cutFromOffset: Offset
    /// Bytes that were not zero and are gone; 0 when the log simply ended.
    package var cutBytes: UInt64
    package var why: String
    /// Records below the checkpointed high watermark are gone (RULES 6): the replica is lossy.
    package var lostBelowHighWatermark: Bool
}

/// Called on storage threads; must not block.
package protocol PartitionLogObserver: AnyObject, Sendable {
    /// Under `flush=batch`: everything below `offset` was synced.
    func durableOffsetAdvanced(_ log: PartitionLog, to offset: Offset)
    /// The log came online or went offline, or its start moved.
    func logStateChanged(_ log: PartitionLog)
    /// The scrub, or a compaction, found damage that was not known. The log refuses to read it, and goes on otherwise.
    func corruptionFound(_ log: PartitionLog, _ report: CorruptionReport)
}

extension PartitionLogObserver {
    package func corruptionFound(_ log: PartitionLog, _ report: CorruptionReport) {}
}
