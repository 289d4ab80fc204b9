internal import MartletCore
internal import MartletMetadata

/// One partition of a fetcher. On the fetcher's event loop only.
final class FollowedPartition {
    /// After so long without records it waits with the quiet ones.
    static let busyTime = Duration.seconds(1)

    let partition: Partition
    var state: FollowerState
    var isInSync: Bool
    /// When the leader last had something for it, or it was taken on.
    var lastNews: Duration
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

    func isBusy(at now: Duration) -> Bool { now - lastNews < Self.busyTime }
}
