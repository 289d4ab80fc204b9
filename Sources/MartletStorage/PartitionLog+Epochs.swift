package import MartletCore
internal import Synchronization

extension PartitionLog {
    static let epochsFileName = "epochs"

    /// The highest leader epoch that this directory knows of for the partition; -1 for none.
    package var highestEpoch: LeaderEpoch { writer.withLock { $0.highestEpoch } }

    /// Appends carry `epoch` from now on, which begins at the log's end. It is on disk before the first of them: in the
    /// store's next checkpoint, which is asked for at once, or else in the log's own file, written by that append.
    /// An epoch that is not above the highest known is refused as `wrongEpoch` (RULES 2).
    package func startLeaderEpoch(_ epoch: LeaderEpoch) throws(StorageError) {
        try requireOnline()
        try writer.withLock { (writer) throws(StorageError) in
            if epoch <= writer.highestEpoch {
                throw StorageError(
                    .wrongEpoch(current: writer.highestEpoch),
                    "\(name): leader epoch \(epoch) is not above \(writer.highestEpoch), which its directory has seen"
                )
            }
            if let cut = writer.cut { throw cut.isUnfinished(name) }
            writer.epochs.begin(epoch, at: logEndOffset)
            writer.highestEpoch = epoch
            writer.ledEpoch = epoch
            writer.currentEpoch = epoch
            writer.followedEpoch = -1
            writer.isHistoryRecorded = false
        }
        environment.checkpointSignal.request()
    }

    /// Batches of the leader of `epoch` are appended from now on, and nobody else's. An epoch below the highest known, or
    /// one that this replica led itself, is refused as `wrongEpoch`.
    package func startFollowing(_ epoch: LeaderEpoch) throws(StorageError) {
        try requireOnline()
        try writer.withLock { (writer) throws(StorageError) in
            if epoch < writer.highestEpoch || epoch == writer.ledEpoch {
                throw StorageError(
                    .wrongEpoch(current: writer.highestEpoch),
                    "\(name) cannot follow leader epoch \(epoch): its directory has seen \(writer.highestEpoch), "
                        + "and it led \(writer.ledEpoch) itself"
                )
            }
            writer.highestEpoch = epoch
            writer.currentEpoch = -1
            writer.followedEpoch = epoch
            // An epoch that began here and got no record is no part of the log: the leader need not know it.
            guard let latest = writer.epochs.latest, latest.startOffset >= logEndOffset else { return }
            writer.epochs.truncate(to: logEndOffset)
            writer.isHistoryRecorded = false
        }
        environment.checkpointSignal.request()
    }

    /// Neither leads nor follows: appends are refused.
    package func stopLeading() {
        writer.withLock { writer in
            writer.currentEpoch = -1
            writer.followedEpoch = -1
        }
    }

    /// The epoch of the last record; -1 when there is none.
    package var lastEpoch: LeaderEpoch {
        writer.withLock { writer in
            logEndOffset > logStartOffset ? writer.epochs.epoch(at: logEndOffset - 1) ?? -1 : -1
        }
    }

    /// The whole history, oldest first.
    package var epochHistory: [LeaderEpochHistory.Entry] { writer.withLock { $0.epochs.entries } }

    /// The largest epoch at or below `epoch` that the log holds, and where it ends. Nil when there is none.
    package func epochEnd(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, endOffset: Offset)? {
        writer.withLock { $0.epochs.end(of: epoch, logEnd: logEndOffset) }
    }

    /// The epoch of the record at `offset`; nil when the history does not reach it.
    package func epoch(at offset: Offset) -> LeaderEpoch? {
        writer.withLock { $0.epochs.epoch(at: offset) }
    }

    /// Before an append: its epoch's beginning is on disk. Usually it is, from a checkpoint.
    func recordEpoch(_ writer: inout LogWriterState) throws(StorageError) {
        guard !writer.isHistoryRecorded else { return }
        try writeEpochs(&writer)
        writer.isHistoryRecorded = true
    }

    /// Writes the whole history. Durable on return.
    func writeEpochs(_ writer: inout LogWriterState) throws(StorageError) {
        let file = EpochsFile(
            history: writer.epochs, knownEpoch: writer.highestEpoch, hasGaps: writer.hasGaps)
        try environment.io.writeCheckpoint(
            "\(directory)/\(Self.epochsFileName)", version: EpochsFile.formatVersion, file.encoded())
        writer.epochsInFile = writer.epochs.latest?.epoch ?? -1
    }
}
