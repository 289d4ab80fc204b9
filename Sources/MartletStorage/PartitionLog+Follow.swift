package import MartletCore
internal import Synchronization

/// What became of a leader's batches.
package struct FollowerAppendResult: Sendable {
    /// The log's end after the append.
    package var logEndOffset: Offset
    /// Of the batches appended.
    package var appendedBytes: Int
    /// Why the batch behind them was not taken: `invalidBatch` (the leader's copy is damaged, or the transfer was),
    /// `unexpectedOffset`, or `epochMismatch` (the logs part before: compare epochs and truncate). Nil when none was
    /// left, or the rest is above the epoch that is followed.
    package var refused: StorageError?
}

extension PartitionLog {
    /// Offsets may be missing in the log, between batches: it is compacted, or was once, here or where it was copied
    /// from.
    package var mayHaveGaps: Bool {
        settings.cleanup.contains(.compact) || shared.withLock { $0.cleanedOffset > 0 }
            || writer.withLock { $0.hasGaps }
    }

    /// Appends whole batches as the leader wrote them: offsets, epochs and bytes are kept (RULES 5, 16). Nothing is
    /// durable on return: `durableOffset` moves as the topic's `flush` says. Never waits for anything but the writes:
    /// one for each segment, and a small file, synced, before the first batch of another epoch.
    ///
    /// - Parameters:
    ///   - bytes: batches back to back. A last one that is not whole is left.
    ///   - leaderEpoch: the one that is followed (``startFollowing(_:)``); batches above it are left.
    ///   - mayHaveGaps: the leader's log may lack offsets; else the topic's settings and this log's past decide.
    ///   - isKeptCached: false for a copy that is far behind: readers are not there yet, and pages of the cache that
    ///     are used again cost a fraction of new ones.
    ///   - now: wall time, for the expiry of producers.
    /// - Throws: what has nothing to do with the bytes: `wrongEpoch`, `inUse` while a cut is not finished, `noSpace`,
    ///   `offline`, `closed`, and failed writes, which take the log offline. Batches before the failure stay:
    ///   `logEndOffset` tells.
    package func appendAsFollower(
        _ bytes: UnsafeRawBufferPointer, leaderEpoch: LeaderEpoch, mayHaveGaps: Bool = false,
        isKeptCached: Bool = true, now: TimestampMs
    ) throws(StorageError) -> FollowerAppendResult {
        let settings = settings
        let mayHaveGaps = mayHaveGaps || self.mayHaveGaps
        var batches = FollowerBatches(bytes, leaderEpoch: leaderEpoch, log: name)
        try requireOnline()
        do throws(StorageError) {
            return try writer.withLock { (writer) throws(StorageError) in
                try requireOnline()
                try requireFollowing(leaderEpoch, writer)
                batches.keepContinuing(
                    logEndOffset, writer.epochs, isEmpty: isEmpty, mayHaveGaps: mayHaveGaps, log: name)
                if !batches.headers.isEmpty {
                    try requireSpace()
                    try recordHistory(of: batches, &writer)
                }
                let count = try write(bytes, batches.headers, settings, now, &writer, isKeptCached)
                return FollowerAppendResult(
                    logEndOffset: logEndOffset, appendedBytes: count, refused: batches.refused)
            }
        } catch {
            appendFailed(error)
            throw error
        }
    }

    private var isEmpty: Bool { shared.withLock { $0.segments.last == nil } }

    func requireFollowing(_ epoch: LeaderEpoch, _ writer: borrowing LogWriterState) throws(StorageError) {
        if writer.isClosed { throw StorageError(.closed, "\(name) was closed") }
        if let cut = writer.cut { throw cut.isUnfinished(name) }
        try requireFollowed(epoch, writer)
    }

    func requireFollowed(_ epoch: LeaderEpoch, _ writer: borrowing LogWriterState) throws(StorageError) {
        guard epoch != writer.followedEpoch || epoch < 0 else { return }
        throw StorageError(
            .wrongEpoch(current: writer.followedEpoch),
            "\(name) follows leader epoch \(writer.followedEpoch), not \(epoch)")
    }

    /// What the log's own file has to say of the batches before they are written.
    private func recordHistory(of batches: FollowerBatches, _ writer: inout LogWriterState) throws(StorageError) {
        let before = writer.epochs
        for header in batches.headers {
            let start = writer.epochs.latest == nil ? min(header.baseOffset, logStartOffset) : header.baseOffset
            writer.epochs.begin(header.leaderEpoch, at: start)
        }
        if writer.epochs != before { writer.isHistoryRecorded = false }
        if !writer.hasGaps && batches.hasGaps(after: logEndOffset) {
            writer.hasGaps = true
            writer.isHistoryRecorded = false
        }
        do throws(StorageError) {
            try recordEpoch(&writer)
        } catch {
            writer.epochs = before
            throw error
        }
    }

    /// Writes the batches, as many at once as a segment takes. Returns their bytes.
    private func write(
        _ bytes: UnsafeRawBufferPointer, _ headers: [BatchHeader], _ settings: LogSettings, _ now: TimestampMs,
        _ writer: inout LogWriterState, _ isKeptCached: Bool
    ) throws(StorageError) -> Int {
        var rest = headers[...]
        var position = 0
        while let first = rest.first {
            do throws(StorageError) {
                try makeRoom(
                    for: first.sizeBytes, lastOffset: first.lastOffset, settings, now, &writer,
                    firstBase: first.baseOffset)
                guard let active = writer.active else { preconditionFailure("makeRoom leaves an active segment") }
                let run = run(of: rest, in: active, settings)
                let size = run.reduce(0) { $0 + $1.sizeBytes }
                try write(UnsafeRawBufferPointer(rebasing: bytes[position..<position + size]), to: active)
                if writer.activeSince == nil { writer.activeSince = now }
                for header in run where header.hasProducer {
                    remember(header, base: header.baseOffset, at: header.maxTimestamp, now, &writer)
                }
                didWrite(
                    size, next: run[run.endIndex - 1].nextOffset, active, settings.flush, &writer,
                    isKeptCached: isKeptCached)
                rest = rest[run.endIndex...]
                position += size
            } catch {
                // Epochs of batches that were not written are no part of the log.
                writer.epochs = isEmpty ? LeaderEpochHistory() : writer.epochs.truncated(to: logEndOffset)
                writer.isHistoryRecorded = false
                throw error
            }
        }
        return position
    }

    /// The batches that fit the segment: at least the first, for which room was made.
    private func run(
        of headers: ArraySlice<BatchHeader>, in segment: Segment, _ settings: LogSettings
    ) -> ArraySlice<BatchHeader> {
        var room = settings.segmentBytes - Int(segment.endPosition)
        let fitting = headers.prefix { header in
            room -= header.sizeBytes
            return room >= 0 && header.lastOffset - segment.baseOffset <= Offset(Int32.max)
        }
        return fitting.isEmpty ? headers.prefix(1) : fitting
    }

    private func write(_ batches: UnsafeRawBufferPointer, to active: Segment) throws(StorageError) {
        switch active.append(batches: batches) {
        case .done: return
        case .full: throw StorageError(.recordTooLarge, "cannot append to \(name): the batch does not fit a segment")
        case .failed(let error): throw error
        }
    }
}
