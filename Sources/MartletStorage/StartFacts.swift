internal import Synchronization

/// What a start found out about a replica (RULES 6, 12).
package struct StartFacts: Sendable, Equatable {
    /// It was closed in order.
    package var wasClean = false
    /// The kernel is the one of the last run: what was written is there, synced or not.
    package var isSameBoot = false
    /// Nothing was acknowledged before it was synced: the topic's `flush` is `batch`, and was when the last checkpoint
    /// was written.
    package var wasSynced = false
    /// It was made in this run, and holds what came since: whether there was another before, only the cluster knows.
    package var wasCreated = false
    /// Its end was found below the high watermark that was checkpointed, it could not be recovered, or its disk failed and
    /// it counts more than was synced.
    package var hasLostRecords = false
    /// It could not be recovered because what lies on the disk is damaged. The log stays offline.
    package var isCorrupt = false

    package init() {}

    /// Whether the replica has all that it ever counted as durable, and so keeps its place in the ISR (RULES 12).
    ///
    /// - Parameter sameDirectory: the data directory's id is the one that the broker registered with before.
    package func isLossless(sameDirectory: Bool) -> Bool {
        guard sameDirectory, !hasLostRecords, !wasCreated else { return false }
        return wasClean || wasSynced || isSameBoot
    }
}

extension PartitionLog {
    /// Nil while the log is being recovered.
    package var startFacts: StartFacts? { facts.withLock { $0 } }
}
