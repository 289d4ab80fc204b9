internal import CMartletLog
package import MartletCore

/// A batch as `martlet log` sees it: what its header says.
package struct OfflineBatch: Sendable {
    /// In the file, in bytes.
    package let position: UInt32
    package let baseOffset: Offset
    package let lastOffset: Offset
    package let sizeBytes: Int
    package let recordCount: Int
    package let leaderEpoch: LeaderEpoch
    package let maxTimestamp: TimestampMs
    package let compression: Compression?
    /// -1: none.
    package let producerID: ProducerID
    package let producerEpoch: ProducerEpoch
    package let baseSequence: Int32
    package let isControl: Bool

    init(_ location: mlog_batch_location) {
        let header = location.header
        position = location.position
        baseOffset = header.base_offset
        lastOffset = header.base_offset + Offset(header.last_offset_delta)
        sizeBytes = Int(header.size_bytes)
        recordCount = Int(header.record_count)
        leaderEpoch = header.leader_epoch
        maxTimestamp = header.max_timestamp_ms
        compression = Compression(rawValue: UInt8(truncatingIfNeeded: header.attributes & 7))
        producerID = header.producer_id
        producerEpoch = header.producer_epoch
        baseSequence = header.base_sequence
        isControl = header.attributes & (1 << 5) != 0
    }
}

/// What was found in a segment's file.
package struct OfflineFindings: Sendable {
    package fileprivate(set) var batches = 0
    package fileprivate(set) var records = 0
    /// Of the file, preallocation included.
    package fileprivate(set) var fileBytes: UInt64 = 0
    /// The first byte past the good batches, up to the first damage.
    package fileprivate(set) var end: UInt32 = 0
    /// The offset that follows them.
    package fileprivate(set) var nextOffset: Offset
    /// -1 when there is no batch.
    package fileprivate(set) var maxTimestamp: TimestampMs = -1
    /// In the order of the file. Batches behind it are shown and counted where they can be read.
    package fileprivate(set) var damages: [Damage] = []
    package fileprivate(set) var index = Index.unusable

    /// Where good batches end before the file's data does.
    package struct Damage: Sendable {
        package let position: UInt32
        /// Of the batch that must come there.
        package let offset: Offset
        /// For a person, without a full stop.
        package let reason: String
        /// From there to the last byte of the file that is not zero.
        package let bytes: UInt64
        /// A whole, valid batch stands there, behind the damage: this is no torn tail.
        package let validBatchAt: UInt32?
    }

    package enum Index: Sendable {
        case sound
        /// Missing, torn, of another segment, or not closed, as that of the segment that is written to: a start
        /// rebuilds it.
        case unusable
    }
}

/// A segment's files, looked at without a store. Changes nothing; any thread, one at a time.
package struct OfflineSegment {
    package let partition: OfflinePartition
    package let baseOffset: Offset

    package init(_ partition: OfflinePartition, _ baseOffset: Offset) {
        self.partition = partition
        self.baseOffset = baseOffset
    }

    /// Goes over the file. With `wholeBatches` every byte is read and every checksum checked, and `visit` gets each
    /// batch's bytes; without, only headers are, up to the first that is none. Returning false from `visit` ends it
    /// there.
    ///
    /// - Throws: When the file cannot be read. Damage is a finding.
    package func examine(
        wholeBatches: Bool, _ visit: (OfflineBatch, UnsafeRawBufferPointer?) -> Bool
    ) throws(StorageError) -> OfflineFindings {
        let path = partition.path(baseOffset)
        guard let size = try DirectoryListing.size(path) else {
            throw StorageError(.notFound, "there is no \(path)")
        }
        let limit = UInt32(clamping: min(size, Int64(MLOG_SEGMENT_BYTES_MAX)))
        let segment = try Segment.openSealed(
            .system, directory: partition.directory, baseOffset: baseOffset, end: limit)
        var findings = OfflineFindings(nextOffset: baseOffset)
        findings.fileBytes = UInt64(size)
        var epoch: LeaderEpoch = 0
        var next = baseOffset
        var isStopped = false
        func take(_ location: mlog_batch_location, _ bytes: UnsafeRawBufferPointer?) -> Bool {
            let batch = OfflineBatch(location)
            guard visit(batch, bytes) else {
                isStopped = true
                return false
            }
            findings.batches += 1
            findings.records += batch.recordCount
            next = batch.lastOffset + 1
            if findings.damages.isEmpty {
                findings.end = batch.position + UInt32(batch.sizeBytes)
                findings.nextOffset = next
            }
            findings.maxTimestamp = max(findings.maxTimestamp, batch.maxTimestamp)
            epoch = batch.leaderEpoch
            return true
        }
        if !wholeBatches {
            do throws(StorageError) {
                try segment.scan(from: 0, below: limit, checkingCRC: false, take)
            } catch  where error.code == .corrupt {
                // Not a header: what it is, is told below.
            }
        }
        var from = findings.end
        while !isStopped {
            let rules = mlog_recovery_rules(
                expected_offset: next, offsets_may_skip: true, leader_epoch_min: epoch, leader_epoch_max: .max,
                batch_limit_bytes: UInt32(MLOG_SEGMENT_BATCH_BYTES_MAX), damaged_below: false)
            let result = try segment.examine(from: from, rules: rules, take)
            guard !isStopped, let damage = OfflineFindings.Damage(result) else { break }
            findings.damages.append(damage)
            guard let valid = damage.validBatchAt, valid > damage.position else { break }
            from = valid
        }
        if !isStopped { findings.index = try checkIndex(end: findings.end, reading: wholeBatches) }
        return findings
    }

    private func checkIndex(end: UInt32, reading: Bool) throws(StorageError) -> OfflineFindings.Index {
        let segment = try Segment.openSealed(.system, directory: partition.directory, baseOffset: baseOffset, end: end)
        guard segment.hasSoundIndex else { return .unusable }
        return reading ? (try segment.matchesIndex() ? .sound : .unusable) : .sound
    }
}

extension OfflineFindings.Damage {
    /// Nil when nothing but zeros follows.
    init?(_ result: mlog_recovery_result) {
        let reason: String
        switch result.cause {
        case .MLOG_END_CLEAN: return nil
        case .MLOG_END_BAD_BATCH: reason = String(cString: mlog_batch_status_text(result.batch_status))
        case .MLOG_END_WRONG_OFFSET: reason = "a batch with a lower base offset than must come"
        case .MLOG_END_WRONG_EPOCH: reason = "a batch whose leader epoch falls"
        case .MLOG_END_REFUSED: reason = "a batch that was refused"
        }
        self.reason = reason
        position = result.end_position
        offset = result.end_offset
        bytes = result.torn_bytes
        validBatchAt = result.valid_batch_behind ? result.valid_batch_position : nil
    }
}
