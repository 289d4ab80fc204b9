internal import MartletCore
internal import Synchronization

/// What the checkpointer asks of a log.
extension PartitionLog {
    static let producersFileName = "producers"

    /// The log's line in the file of offsets. Nil before the log was opened or recovered: what was read at start
    /// stands.
    func checkpointEntry(isClean: Bool) -> OffsetsEntry? {
        let state = state
        if case .recovering = state { return nil }
        return writer.withLock { writer -> OffsetsEntry? in
            guard writer.isOpened else { return nil }
            var entry = writer.cut?.entry ?? makeEntry(writer, isClean: isClean && state == .online)
            entry.hasFailed = hasFailed.load(ordering: .relaxed)
            return entry
        }
    }

    func makeEntry(_ writer: borrowing LogWriterState, isClean: Bool) -> OffsetsEntry {
        let epoch = Self.epochForLine(writer)
        let (point, base, cleaned) = shared.withLock { shared in
            (
                shared.recoveryPoint, shared.segments.base(ofNumber: shared.recoveryPoint.segment),
                shared.cleanedOffset
            )
        }
        return OffsetsEntry(
            id: id, recoveryPoint: point.offset, recoverySegment: base ?? -1, recoveryPosition: point.position,
            logStart: logStartOffset, highWatermark: highWatermark, cleanedOffset: cleaned,
            latestEpoch: epoch?.epoch ?? -1, latestEpochStart: epoch?.startOffset ?? 0,
            highestEpoch: writer.highestEpoch, isClean: isClean && point.offset == logEndOffset,
            isSynced: isSyncedBeforeCounted
        )
    }

    /// The one epoch that the line can hold: all before it are in the log's own file. It is not the latest when that one
    /// began after ``writeEarlierEpochs()``; then the latest is not recorded yet, and nothing is appended at it.
    private static func epochForLine(_ writer: borrowing LogWriterState) -> LeaderEpochHistory.Entry? {
        let inFile = writer.epochsInFile
        return writer.epochs.entries.first { $0.epoch > inFile } ?? writer.epochs.latest
    }

    /// Nothing counts as durable that is not synced.
    private var isSyncedBeforeCounted: Bool {
        let counted = durableOffset
        return settings.flush == .batch && syncedOffset >= counted
    }

    /// The line was written: recovery begins there, and an epoch that it names may be appended at.
    func didCheckpoint(_ entry: OffsetsEntry) {
        checkpointedSegment.raise(to: entry.recoverySegment)
        writer.withLock { writer in
            guard writer.isOpened, writer.currentEpoch >= 0, writer.currentEpoch == entry.latestEpoch else { return }
            writer.isHistoryRecorded = true
        }
    }

    /// The file of offsets holds one epoch of each history; earlier ones go to the log's own file first. Durable on return.
    func writeEarlierEpochs() throws(StorageError) {
        try writer.withLock { (writer) throws(StorageError) in
            if Self.hasEarlierEpochs(writer) { try writeEpochs(&writer) }
        }
    }

    /// Whether ``writeEarlierEpochs()`` has something to write.
    var hasEarlierEpochs: Bool { writer.withLock { Self.hasEarlierEpochs($0) } }

    private static func hasEarlierEpochs(_ writer: borrowing LogWriterState) -> Bool {
        // Until a cut is finished the file stands for the log as it was.
        guard writer.cut == nil, let earlier = writer.epochs.entries.dropLast().last else { return false }
        return earlier.epoch > writer.epochsInFile
    }

    /// The producers as of now, when that much was appended since the last snapshot. To be written once synced.
    func takeSnapshot(afterBytes bytes: Int) -> (log: PartitionLog, snapshot: ProducerSnapshot)? {
        writer.withLock { writer in
            guard writer.isOpened, writer.cut == nil, writer.bytesSinceSnapshot > 0, writer.bytesSinceSnapshot >= bytes
            else { return nil }
            writer.bytesSinceSnapshot = 0
            return (self, snapshotNow(writer))
        }
    }

    private func snapshotNow(_ writer: borrowing LogWriterState) -> ProducerSnapshot {
        ProducerSnapshot(offset: logEndOffset, table: writer.producers, cuts: cuts)
    }

    /// How often the log was cut.
    var cuts: Int { shared.withLock { $0.cuts } }

    /// The producers as of now for the store's file of them. Nil while the log ends at `offset`, which the file knows, and
    /// where reading headers is as good.
    func recentProducers(unlessAt offset: Offset?) -> RecentProducers.Line? {
        writer.withLock { writer in
            guard writer.isOpened, writer.cut == nil, logEndOffset != offset,
                writer.bytesSinceSnapshot >= environment.recentProducers.bytesMin,
                writer.producers.count <= RecentProducers.producersMax,
                let epoch = writer.epochs.epoch(at: logEndOffset - 1)
            else { return nil }
            return RecentProducers.Line(
                snapshot: snapshotNow(writer), epoch: epoch, bytes: writer.bytesSinceSnapshot)
        }
    }

    /// Durable on return. One from before a cut, or older than the one on disk, is not written.
    func write(_ snapshot: ProducerSnapshot) throws(StorageError) {
        // Unless it is written, the next checkpoint takes another.
        var isStale = true
        defer { if isStale { writer.withLock { $0.bytesSinceSnapshot += Checkpointer.snapshotBytes } } }
        try snapshots.withLock { (onDisk) throws(StorageError) in
            guard cuts == snapshot.cuts else { return }
            if snapshot.offset >= onDisk {
                try environment.io.writeCheckpoint(
                    "\(directory)/\(Self.producersFileName)", version: ProducerSnapshot.formatVersion,
                    snapshot.encoded())
                onDisk = snapshot.offset
            }
            isStale = false
        }
    }

    /// How far below `offset` records may go: what is known of a producer outlives them (RULES 11), so that a snapshot which
    /// knows of them has to be on disk first. Asks for one when there is none. Blocks.
    func producersKept(upTo offset: Offset) throws(StorageError) -> Offset {
        if writer.withLock({ $0.producers.count }) == 0 { return offset }
        let onDisk = snapshots.withLock { $0 }
        if onDisk >= offset { return offset }
        // None to be taken: one waits for its sync.
        guard let snapshot = takeSnapshot(afterBytes: 1)?.snapshot else { return onDisk }
        guard syncedOffset >= snapshot.offset else {
            // The next checkpoint takes another, which it has synced.
            writer.withLock { $0.bytesSinceSnapshot += Checkpointer.snapshotBytes }
            return onDisk
        }
        try write(snapshot)
        return min(offset, snapshot.offset)
    }

    // MARK: Closing

    /// Ends appends and writes the index entries that are in memory. Not synced: the store syncs all logs together.
    func prepareClose() throws(StorageError) {
        try writer.withLock { (writer) throws(StorageError) in
            writer.isClosed = true
            writer.currentEpoch = -1
            try writer.active?.flushIndex()
        }
    }

    /// Drops the files it holds open.
    func releaseFiles() {
        let dropped = writer.withLock { writer in
            writer.isClosed = true
            let active = writer.active
            writer.active = nil
            let (handles, sealing) = shared.withLock { shared in
                defer { shared.sealing = [] }
                return (shared.segments.dropHandles(), shared.sealing)
            }
            return (active, handles, sealing)
        }
        withExtendedLifetime(dropped) {}
    }
}
