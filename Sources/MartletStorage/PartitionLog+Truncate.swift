internal import CMartletLog
internal import Logging
package import MartletCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Cutting what a new leader does not have (RULES 4, 15, 16). A cut has two halves. The first moves the ends that
/// readers see; the second waits for those that came before, changes the files and what is known of them. Between the
/// two nothing is appended, and a crash finds the log as it was.
extension PartitionLog {
    /// Cuts the log at the last batch boundary at or below `offset`, high watermark, history and producers with it.
    /// Durable on return. Waits for files, and for transfers that began before: never on an event loop.
    ///
    /// - Parameters:
    ///   - leaderEpoch: the one that is followed.
    ///   - patience: how long transfers are waited for.
    /// - Returns: the new end; the old one when it is not above `offset`.
    /// - Throws: `offsetOutOfRange` below the log's start (``resetTo(startOffset:leaderEpoch:patience:)``), `wrongEpoch`;
    ///   `inUse` and `noSpace` leave the cut unfinished: nothing is appended until it was called again. After any
    ///   other failure the log is offline.
    package func truncate(
        to offset: Offset, leaderEpoch: LeaderEpoch, patience: Duration = .seconds(5)
    ) throws(StorageError) -> Offset {
        try requireOnline()
        return try whileNothingElseRuns { () throws(StorageError) in
            let isWanted = try writer.withLock { (writer) throws(StorageError) in
                try beginCut(to: offset, leaderEpoch, &writer)
            }
            if isWanted { try finishCut(patience) }
            return logEndOffset
        }
    }

    /// Drops all that the log holds; it starts and ends at `startOffset` then. Durable on return. Transfers that began
    /// before read on. Blocks; otherwise as ``truncate(to:leaderEpoch:patience:)``.
    package func resetTo(startOffset: Offset, leaderEpoch: LeaderEpoch) throws(StorageError) {
        try requireOnline()
        try whileNothingElseRuns { () throws(StorageError) in
            try writer.withLock { (writer) throws(StorageError) in try beginReset(startOffset, leaderEpoch, &writer) }
            try finishCut(.zero)
            try environment.checkpointNow.withLock { $0 }()
        }
    }

    /// The leader's log starts at `offset` now: so does this one. Durable on return. Blocks.
    ///
    /// - Throws: `offsetOutOfRange` above the log's end (``resetTo(startOffset:leaderEpoch:)``).
    package func raiseLogStart(to offset: Offset) throws(StorageError) {
        try requireOnline()
        guard offset <= logEndOffset else { throw outOfRange(offset, logStartOffset, logEndOffset) }
        try moveStart(to: offset)
    }

    /// Keeps retention, compaction and the sync stages away from the log.
    private func whileNothingElseRuns<Result>(_ body: () throws(StorageError) -> Result) throws(StorageError) -> Result
    {
        isCutWanted.store(true, ordering: .relaxed)
        defer { isCutWanted.store(false, ordering: .relaxed) }
        return try housekeeping.withLock { (_) throws(StorageError) in
            while !takeTurnIfFree() { usleep(Self.turnMicroseconds) }
            defer {
                giveUpUnsynced()
                endSyncCycle()
            }
            return try body()
        }
    }

    /// How often a log that a sync stage works on is looked at: about what a sync takes.
    private static let turnMicroseconds: UInt32 = 500

    // MARK: The first half: in memory

    /// False when there is nothing to cut.
    private func beginCut(
        to offset: Offset, _ leaderEpoch: LeaderEpoch, _ writer: inout LogWriterState
    ) throws(StorageError) -> Bool {
        if writer.isClosed { throw StorageError(.closed, "\(name) was closed") }
        try requireFollowed(leaderEpoch, writer)
        guard offset >= logStartOffset else { throw outOfRange(offset, logStartOffset, logEndOffset) }
        guard offset < logEndOffset else { return writer.cut != nil }
        let infos = shared.withLock { $0.segments.infos }
        guard let index = shared.withLock({ $0.segments.index(holding: offset) }) else { return writer.cut != nil }
        let info = infos[index]
        let fileEnd = writer.cut?.last.flatMap { $0.info.number == info.number ? $0.position : nil } ?? info.currentEnd
        let segment = try segment(of: info, &writer)
        let found = try segment.find(offset, below: fileEnd)
        let position = found?.position ?? fileEnd
        if index == 0 && position == 0 {
            let start = max(logStartOffset, info.baseOffset)
            drop(LogCut(end: start, removed: [], last: nil, entry: entryBeforeFirst(writer)), from: 0, &writer)
            return true
        }
        let boundary = min(offset, found?.header.base_offset ?? offset)
        var entry = currentEntry(writer)
        // At the boundary it may stand in an earlier segment that is not sealed: there it stays.
        if entry.recoveryPoint > boundary {
            entry.recoveryPoint = boundary
            entry.recoverySegment = info.baseOffset
            entry.recoveryPosition = position
        }
        entry.highWatermark = min(entry.highWatermark, boundary)
        entry.cleanedOffset = min(entry.cleanedOffset, boundary)
        var last = writer.cut?.last.flatMap { $0.info.number == info.number ? $0 : nil }
        if last == nil { last = LogCut.Last(info: info, position: position, segment: nil) }
        last?.position = position
        if last?.info.handle == nil && !info.isSealed { last?.segment = segment }
        // Readers keep to this one until the file was cut: opened anew it would not look like itself.
        shared.withLock { $0.segments.update(number: info.number) { $0.handle = segment } }
        drop(LogCut(end: boundary, removed: [], last: last, entry: entry), from: index + 1, &writer)
        return true
    }

    private func segment(of info: SegmentInfo, _ writer: inout LogWriterState) throws(StorageError) -> Segment {
        if let handle = info.handle { return handle }
        if info.isSealed { return try openSealed(info) }
        try ensureActive(&writer)
        guard let active = writer.active else { throw StorageError(.closed, "\(name) was closed") }
        return active
    }

    private func beginReset(
        _ start: Offset, _ leaderEpoch: LeaderEpoch, _ writer: inout LogWriterState
    ) throws(StorageError) {
        if writer.isClosed { throw StorageError(.closed, "\(name) was closed") }
        try requireFollowed(leaderEpoch, writer)
        let entry = entryBeforeFirst(writer)
        drop(LogCut(end: start, removed: [], last: nil, newStart: start, entry: entry), from: 0, &writer)
    }

    private func currentEntry(_ writer: borrowing LogWriterState) -> OffsetsEntry {
        writer.cut?.entry ?? makeEntry(writer, isClean: false)
    }

    /// Recovery reads all there is, be it nothing: for a cut of everything.
    private func entryBeforeFirst(_ writer: borrowing LogWriterState) -> OffsetsEntry {
        var entry = currentEntry(writer)
        if let first = writer.cut?.removed.first ?? shared.withLock({ $0.segments.infos.first }) {
            entry.recoveryPoint = min(first.baseOffset, entry.logStart)
            entry.recoverySegment = first.baseOffset
            entry.recoveryPosition = 0
        }
        entry.highWatermark = min(entry.highWatermark, entry.logStart)
        entry.cleanedOffset = 0
        return entry
    }

    /// Takes the segments from `index` on out of the log, and moves its end.
    private func drop(_ cut: LogCut, from index: Int, _ writer: inout LogWriterState) {
        var cut = cut
        let before = writer.cut
        shared.withLock { shared in
            let dropped = shared.segments.removeLast(shared.segments.count - index)
            cut.removed = dropped + (before?.removed ?? [])
            let kept = cut.last.map { LogMark(offset: cut.end, segment: $0.info.number, position: $0.position) }
            let end = kept ?? LogMark(offset: cut.end, segment: 0, position: 0)
            shared.tail = end
            let numbers = Set(dropped.map(\.number))
            if shared.synced.offset > end.offset || numbers.contains(shared.synced.segment) { shared.synced = end }
            if shared.recoveryPoint.offset > end.offset || numbers.contains(shared.recoveryPoint.segment) {
                shared.recoveryPoint = end
            }
            shared.sealing.removeAll { numbers.contains($0.number) || $0.number == kept?.segment }
            if let kept { shared.segments.update(number: kept.segment) { $0.endPosition = kept.position } }
            shared.cleanedOffset = min(shared.cleanedOffset, cut.newStart == nil ? cut.end : 0)
            shared.damages.removeAll { numbers.contains($0.number) || $0.report.offsets.lowerBound >= cut.end }
            for index in shared.damages.indices { shared.damages[index].report.end(by: cut.end) }
            shared.hints = ReadHints()
            shared.cuts += 1
        }
        // A reader whose lease is on the next page finds that the log was cut.
        leases.turnPage()
        if writer.active.map({ $0 !== cut.last?.info.handle && $0 !== cut.last?.segment }) ?? false {
            writer.active = nil
        }
        writer.epochs = cut.newStart == nil ? writer.epochs.truncated(to: cut.end) : LeaderEpochHistory()
        if cut.newStart != nil { writer.hasGaps = false }
        writer.isHistoryRecorded = false
        writer.cut = cut
        publishCut(to: cut.end, newStart: cut.newStart)
    }

    // MARK: The second half: on disk

    private func finishCut(_ patience: Duration) throws(StorageError) {
        do throws(StorageError) {
            guard let cut = writer.withLock({ $0.cut }) else { return }
            // The checkpoint first: after a crash it must not promise more than there is.
            try environment.checkpointNow.withLock { $0 }()
            checkpointedSegment.store(cut.entry.recoverySegment, ordering: .releasing)
            let hasSnapshot = try removeSnapshot(above: cut.end)
            if cut.last != nil, !leases.waitForEarlier(patience: patience) {
                throw StorageError(
                    .inUse, "\(name) cannot be cut to offset \(cut.end) yet: a transfer still reads what lies behind it"
                )
            }
            let segment = try cutFiles(cut)
            try writeDamages(finishingCut: true)
            let end = segment.map { max($0.nextOffset ?? cut.end, logStartOffset) } ?? cut.end
            let producers = try producers(upTo: end, cut, segment)
            try writer.withLock { (writer) throws(StorageError) in
                try writeEpochs(&writer)
                writer.isHistoryRecorded = true
                writer.producers = producers
                if !hasSnapshot {
                    writer.bytesSinceSnapshot = max(writer.bytesSinceSnapshot, Checkpointer.snapshotBytes)
                }
                takeOver(segment, cut, end, &writer)
                writer.cut = nil
            }
            environment.logger.notice(
                "cut the log to what its leader has",
                metadata: ["partition": "\(name)", "end": "\(end)", "segments_removed": "\(cut.removed.count)"])
            environment.checkpointSignal.request()
        } catch {
            if error.code == .noSpace { environment.reserve.release() }
            if !error.isRetriable { goOffline(after: error) }
            throw error
        }
    }

    /// From the last to the first: whatever a crash leaves is a log without its end.
    private func cutFiles(_ cut: LogCut) throws(StorageError) -> Segment? {
        for info in cut.removed.reversed() {
            environment.cache.remove(info.number)
            try SegmentFiles.remove(environment.io, directory: directory, baseOffset: info.baseOffset)
        }
        guard let last = cut.last else { return nil }
        let segment: Segment
        if let open = last.segment ?? (last.info.isSealed ? nil : last.info.handle) {
            segment = open
        } else {
            segment = try Segment.openActive(
                environment.io, directory: directory, baseOffset: last.info.baseOffset, end: last.info.endPosition)
            writer.withLock { $0.cut?.last?.segment = segment }
        }
        try segment.truncate(to: last.position)
        return segment
    }

    private func takeOver(_ segment: Segment?, _ cut: LogCut, _ end: Offset, _ writer: inout LogWriterState) {
        writer.active = segment
        writer.activeSince = nil
        shared.withLock { shared in
            guard let segment, let last = cut.last else { return }
            let number = last.info.isSealed ? environment.nextSegmentNumber() : last.info.number
            let info = SegmentInfo(
                number: number, baseOffset: segment.baseOffset, endPosition: last.position, maxTimestamp: nil,
                isSealed: false, handle: segment)
            _ = shared.segments.replace([last.info.number], with: info)
            for index in shared.damages.indices where shared.damages[index].number == last.info.number {
                shared.damages[index].number = number
            }
            let mark = LogMark(offset: end, segment: number, position: last.position)
            shared.tail = mark
            shared.synced = shared.synced.moved(from: last.info.number, to: mark)
            shared.recoveryPoint = shared.recoveryPoint.moved(from: last.info.number, to: mark)
            writer.activeNumber = number
            writer.writebackPosition = last.position
            shared.cuts += 1
        }
        if let last = cut.last, last.info.isSealed { environment.cache.remove(last.info.number) }
        publishCut(to: end, newStart: nil)
    }

    // MARK: Producers

    /// False when there was one that is gone now: it knew of batches that are cut.
    private func removeSnapshot(above end: Offset) throws(StorageError) -> Bool {
        try snapshots.withLock { (onDisk) throws(StorageError) in
            switch try LogFiles.loadProducers(self) {
            case .missing: return true
            case .found(let snapshot) where snapshot.offset <= end: return true
            case .found, .damaged:
                try environment.io.remove("\(directory)/\(Self.producersFileName)", sync: true)
                onDisk = 0
                return false
            }
        }
    }

    /// What the batches below `end` say. Reads their headers, from the last snapshot on, when a producer lost all that
    /// was known of it.
    private func producers(upTo end: Offset, _ cut: LogCut, _ last: Segment?) throws(StorageError) -> ProducerStateTable
    {
        var opened = OpenedLog(producers: ProducerStateTable(limit: environment.producersMax))
        guard let last, let position = cut.last?.position else { return opened.producers }
        var table = writer.withLock { $0.producers }
        if table.truncate(to: end) { return table }
        if case .found(let snapshot) = try LogFiles.loadProducers(self), snapshot.offset <= end {
            opened.producers = snapshot.table
            opened.snapshotOffset = snapshot.offset
        }
        opened.logStart = logStartOffset
        var replay = BatchReplay(log: self, opened: opened, isStrict: false, now: environment.clock.wallTime)
        var earlier = SegmentList()
        for info in shared.withLock({ $0.segments.infos }).dropLast() {
            var info = info
            info.endPosition = info.currentEnd
            earlier.append(info)
        }
        try replay.readHeaders(of: earlier, and: last.baseOffset, to: position, end: end)
        // Of those that kept some of what was known, all of it holds, though retention may have taken their records.
        var producers = replay.producers
        for (id, entry) in table.entries { producers.restore(id, entry) }
        return producers
    }
}
