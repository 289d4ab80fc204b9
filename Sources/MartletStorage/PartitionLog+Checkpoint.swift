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
            let latest = writer.epochs.latest
            let (point, base, cleaned) = shared.withLock { shared in
                (
                    shared.recoveryPoint, shared.segments.base(ofNumber: shared.recoveryPoint.segment),
                    shared.cleanedOffset
                )
            }
            return OffsetsEntry(
                id: id, recoveryPoint: point.offset, recoverySegment: base ?? -1, recoveryPosition: point.position,
                logStart: logStartOffset, highWatermark: highWatermark, cleanedOffset: cleaned,
                latestEpoch: latest?.epoch ?? -1, latestEpochStart: latest?.startOffset ?? 0,
                highestEpoch: writer.highestEpoch,
                isClean: isClean && state == .online && point.offset == logEndOffset
            )
        }
    }

    /// The line was written: recovery begins there, and an epoch that it names may be appended at.
    func didCheckpoint(_ entry: OffsetsEntry) {
        checkpointedSegment.raise(to: entry.recoverySegment)
        writer.withLock { writer in
            if writer.isOpened && writer.currentEpoch == entry.latestEpoch { writer.isEpochRecorded = true }
        }
    }

    /// The file of offsets holds one epoch of each history; earlier ones go to the log's own file first.
    func writeEarlierEpochs() throws(StorageError) {
        try writer.withLock { (writer) throws(StorageError) in
            guard let earlier = writer.epochs.entries.dropLast().last, earlier.epoch > writer.epochsInFile else {
                return
            }
            try writeEpochs(&writer)
        }
    }

    /// The producers as of now, when that much was appended since the last snapshot. To be written once synced.
    func takeSnapshot(afterBytes bytes: Int) -> (log: PartitionLog, snapshot: ProducerSnapshot)? {
        writer.withLock { writer in
            guard writer.isOpened, writer.bytesSinceSnapshot > 0, writer.bytesSinceSnapshot >= bytes else { return nil }
            writer.bytesSinceSnapshot = 0
            return (self, ProducerSnapshot(offset: logEndOffset, table: writer.producers))
        }
    }

    /// Durable on return.
    func write(_ snapshot: ProducerSnapshot) throws(StorageError) {
        do throws(StorageError) {
            try environment.io.writeCheckpoint(
                "\(directory)/\(Self.producersFileName)", version: ProducerSnapshot.formatVersion, snapshot.encoded()
            )
        } catch {
            // The next checkpoint tries again.
            writer.withLock { $0.bytesSinceSnapshot += Checkpointer.snapshotBytes }
            throw error
        }
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
