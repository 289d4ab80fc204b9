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
            writer.epochs.begin(epoch, at: logEndOffset)
            writer.highestEpoch = epoch
            writer.currentEpoch = epoch
            writer.isEpochRecorded = false
        }
        environment.checkpointSignal.request()
    }

    /// Nobody leads here any more: appends are refused.
    package func stopLeading() {
        writer.withLock { $0.currentEpoch = -1 }
    }

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
        guard !writer.isEpochRecorded else { return }
        try writeEpochs(&writer)
        writer.isEpochRecorded = true
    }

    /// Writes the whole history. Durable on return.
    func writeEpochs(_ writer: inout LogWriterState) throws(StorageError) {
        try environment.io.writeCheckpoint(
            "\(directory)/\(Self.epochsFileName)", version: LeaderEpochHistory.formatVersion, writer.epochs.encoded()
        )
        writer.epochsInFile = writer.epochs.latest?.epoch ?? -1
    }
}
