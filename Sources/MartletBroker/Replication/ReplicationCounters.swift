internal import Synchronization

/// What replication did since the start. Any thread.
package final class ReplicationCounters: Sendable {
    private let expands = Atomic<Int>(0)
    private let shrinks = Atomic<Int>(0)
    private let received = Atomic<Int>(0)
    private let sentBytes = Atomic<Int>(0)
    private let failures = Atomic<Int>(0)
    private let cuts = Atomic<Int>(0)
    private let resets = Atomic<Int>(0)
    private let damages = Atomic<Int>(0)

    package struct Snapshot: Sendable, Equatable {
        /// Changes of in-sync sets that this broker, as the leader, had committed.
        package var inSyncExpands = 0
        package var inSyncShrinks = 0
        /// As a follower, and as a leader.
        package var bytesIn = 0
        package var bytesOut = 0
        /// Fetches that a leader refused or did not answer.
        package var fetchErrors = 0
        package var truncations = 0
        package var resets = 0
        /// Batches of leaders that failed their checks here, and damage on this broker's disk.
        package var corruptionsFound = 0
    }

    package var snapshot: Snapshot {
        Snapshot(
            inSyncExpands: expands.load(ordering: .relaxed), inSyncShrinks: shrinks.load(ordering: .relaxed),
            bytesIn: received.load(ordering: .relaxed), bytesOut: sentBytes.load(ordering: .relaxed),
            fetchErrors: failures.load(ordering: .relaxed), truncations: cuts.load(ordering: .relaxed),
            resets: resets.load(ordering: .relaxed), corruptionsFound: damages.load(ordering: .relaxed))
    }

    func changedInSync(_ change: InSyncChange) {
        if change.added.isEmpty {
            shrinks.wrappingAdd(1, ordering: .relaxed)
        } else {
            expands.wrappingAdd(1, ordering: .relaxed)
        }
    }

    func appended(bytes: Int) { received.wrappingAdd(bytes, ordering: .relaxed) }
    func sent(bytes: Int) { sentBytes.wrappingAdd(bytes, ordering: .relaxed) }
    func failedFetch() { failures.wrappingAdd(1, ordering: .relaxed) }
    func truncated() { cuts.wrappingAdd(1, ordering: .relaxed) }
    func reset() { resets.wrappingAdd(1, ordering: .relaxed) }
    func foundDamage() { damages.wrappingAdd(1, ordering: .relaxed) }
}
