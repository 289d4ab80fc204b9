internal import MartletCore
internal import MartletMetadata

/// One partition of a fetcher. On the fetcher's event loop only.
final class FollowedPartition {
    /// After so long without records it waits with the quiet ones.
    static let busyTime = Duration.seconds(1)
    /// A replica that has had all of its leader's records so lately is about to join those in sync: it makes no room for
    /// others.
    static let sprintTime = Duration.milliseconds(500)
    /// What is asked for, in bytes, as long as nobody knows how far behind the replica is.
    static let probeBytes = 64 << 10

    let partition: Partition
    var state: FollowerState
    var isInSync: Bool
    /// When the leader last had something for it, or it was taken on.
    var lastNews: Duration
    /// Records that the replicas in sync have more, as its leader said last; nil: not yet.
    private(set) var missing: Int64?
    private var lastComplete: Duration?
    /// Its log start is being raised.
    var isRaisingStart = false
    /// Taken out: what is still under way for it does not count.
    var isGone = false
    var complained = false
    /// What the leader was told last.
    var told: ReplicaStatement
    /// What the leader sent last came damaged.
    var foundDamage = false

    init(_ partition: Partition, leader: PartitionLeader, epoch: LeaderEpoch, isInSync: Bool, now: Duration) {
        self.partition = partition
        state = FollowerState(leader: leader, epoch: epoch)
        self.isInSync = isInSync
        lastNews = now
        told = partition.statement
    }

    func lane(at now: Duration) -> FetchLane {
        if isBehind(at: now) { return .behind }
        return now - lastNews < Self.busyTime ? .busy : .quiet
    }

    private func isBehind(at now: Duration) -> Bool {
        guard !isInSync, let missing, missing > 0 else { return false }
        return lastComplete.map { now - $0 > Self.sprintTime } ?? true
    }

    /// Nothing is known of how far behind it is, only that it may be.
    var isUnknown: Bool { !isInSync && missing == nil }

    /// What its leader said, and where the replica's log ends with what came with it.
    func heard(highWatermark: Offset, logEnd: Offset, at now: Duration) {
        guard highWatermark >= 0 else { return }
        let missing = max(0, highWatermark - logEnd)
        self.missing = missing
        if missing == 0 { lastComplete = now }
    }
}
