internal import MartletCore

/// What a start of a store knows of the run before, from what that left behind.
struct StorePast: Sendable {
    /// It ended in order.
    var wasClean = true
    /// The kernel is the one that ran at the last checkpoint: whatever was written is still there, synced or not.
    var isSameBoot = true
    /// The kernel certainly is another: what can be read is on the disk.
    var isOtherBoot = false
    /// The file of offsets could be read: a log that is not in it was never checkpointed.
    var isCheckpointSound = true
    /// The directory is a copy of one whose broker was running, or had been killed: what the original got since is not here,
    /// though it may have been acknowledged. A copy of one that was closed in order has everything; whether the original
    /// ran again is told by its runs (DECISIONS 30).
    var isCopy = false

    /// - Parameters:
    ///   - checkpoint: nil in a new directory.
    ///   - known: the place that the directory says it is at; nil: it does not say.
    init(_ checkpoint: OffsetsCheckpoint?, bootID: String, place: DirectoryPlace?, known: DirectoryPlace?) {
        guard let checkpoint else { return }
        wasClean = checkpoint.isClean
        isCheckpointSound = !checkpoint.bootID.isEmpty
        isSameBoot = checkpoint.bootID == bootID && !bootID.isEmpty
        isOtherBoot = checkpoint.bootID != bootID && isCheckpointSound && !bootID.isEmpty
        if let place, let known { isCopy = !wasClean && place != known }
    }

    /// The kernel as the file of offsets is to name it until the broker has told its cluster what its logs may lack: a
    /// second start that comes earlier is to find the same.
    func bootIDUntilTold(_ checkpoint: OffsetsCheckpoint?, _ bootID: String) -> String {
        if isCopy { return "" }
        return checkpoint.map { $0.isClean ? bootID : $0.bootID } ?? bootID
    }
}
