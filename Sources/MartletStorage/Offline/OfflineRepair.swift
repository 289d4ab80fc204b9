internal import CMartletLog
package import MartletCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Repairs the logs of a data directory that no broker runs on: holds its lock as long as it lives.
package final class OfflineRepair: Sendable {
    private let root: String
    private let lock: Int32

    /// - Throws: `locked` when a broker runs on it.
    package init(root: String) throws(StorageError) {
        self.root = root
        lock = try LogIO.system.lock(StoreLayout(root).lockPath)
    }

    deinit { LogIO.system.close(lock) }

    /// Builds a segment's indexes anew. Durable on return.
    package func rebuildIndex(_ partition: OfflinePartition, _ base: Offset) throws(StorageError) {
        let segment = try Segment.openForRecovery(.system, directory: partition.directory, baseOffset: base)
        _ = try recover(segment, base)
        try segment.rebuildIndex()
    }

    /// Cuts a partition's log behind the last good batch of the segment `base`: the rest of the file, and all segments
    /// behind it, are removed. Durable on return; after a crash in between, calling it again finishes it.
    ///
    /// The high watermark that was checkpointed stays: a start that finds the log to end below it says that records
    /// were lost.
    package func cut(_ partition: OfflinePartition, _ base: Offset, _ findings: OfflineFindings) throws(StorageError) {
        // The checkpoint first: with the order turned round, a crash would leave one that promises more than there is.
        if let id = partition.id, var checkpoint = try OffsetsCheckpoint.read(root: root) {
            checkpoint.cut(id, to: findings.nextOffset, segment: base, position: findings.end)
            try LogIO.system.writeCheckpoint(
                StoreLayout(root).offsetsPath, version: OffsetsCheckpoint.formatVersion, checkpoint.encoded())
        }
        for later in partition.segments.reversed() where later > base {
            try SegmentFiles.remove(.system, directory: partition.directory, baseOffset: later)
        }
        let segment = try Segment.openForRecovery(.system, directory: partition.directory, baseOffset: base)
        let result = try recover(segment, base)
        guard result.end_position == findings.end else {
            throw StorageError(.corrupt, "\(partition.path(base)) changed while it was looked at: run the repair again")
        }
        try segment.truncate(to: findings.end)
        try segment.flushIndex()
    }

    private func recover(_ segment: Segment, _ base: Offset) throws(StorageError) -> mlog_recovery_result {
        let rules = mlog_recovery_rules(
            expected_offset: base, offsets_may_skip: true, leader_epoch_min: 0, leader_epoch_max: .max,
            batch_limit_bytes: UInt32(MLOG_SEGMENT_BATCH_BYTES_MAX), damaged_below: false)
        return try segment.recover(from: 0, rules: rules) { _, _ in true }
    }
}
