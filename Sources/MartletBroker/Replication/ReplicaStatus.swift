package import MartletCore
internal import MartletMetadata
internal import MartletStorage
internal import Synchronization

/// How one replica on a broker stands.
package struct ReplicaStatus: Sendable, Equatable {
    package enum Role: Sendable, Equatable {
        case leader
        case follower(of: BrokerID)
        /// The log takes part in nothing until the broker restarts.
        case offline(reason: String)
        /// Neither: nobody leads, or the log is being recovered.
        case none
    }

    package var id: TopicIDPartition
    package var topic: String
    package var role: Role
    /// That it leads or follows in; -1: neither.
    package var leaderEpoch: LeaderEpoch
    package var logStartOffset: Offset
    package var logEndOffset: Offset
    package var durableOffset: Offset
    package var highWatermark: Offset
    /// Of the last record; -1: none. With ``logEndOffset`` it says which of several replicas has the most.
    package var lastEpoch: LeaderEpoch
    package var sizeBytes: Int64
    /// Of a leader.
    package var followers: [FollowerStatus] = []
    /// Of a leader: fewer are in sync and keep up than `min.insync.replicas` asks for.
    package var isBelowMinimum = false
}

/// What a leader knows of a follower.
package struct FollowerStatus: Sendable, Equatable {
    package var broker: BrokerID
    /// -1: it has not fetched in this epoch.
    package var logEndOffset: Offset
    package var durableOffset: Offset
    package var isInSync: Bool
    /// How long ago it had all that the leader had. Nil: not in this epoch.
    package var lag: Duration?
}

/// How replication stands, of all partitions on this broker.
package struct ReplicationStatus: Sendable, Equatable {
    package var partitionsLed = 0
    package var partitionsFollowed = 0
    /// Led, with fewer replicas in sync than are assigned.
    package var underReplicated = 0
    package var underMinInSync = 0
    /// Records that the furthest behind of all followers of all partitions lacks.
    package var lagMax: Int64 = 0
    package var counters = ReplicationCounters.Snapshot()
}

extension Partition {
    func replicaStatus(at now: Duration) -> ReplicaStatus {
        let (leader, following) = state.withLock { ($0.leader, $0.following) }
        let role: ReplicaStatus.Role =
            if case .offline(reason: let reason) = log.state {
                .offline(reason: reason)
            } else if leader != nil {
                .leader
            } else if let following {
                .follower(of: following.leader.broker)
            } else {
                .none
            }
        var status = ReplicaStatus(
            id: id, topic: topic, role: role, leaderEpoch: leader?.epoch ?? following?.epoch ?? -1,
            logStartOffset: log.logStartOffset, logEndOffset: log.logEndOffset, durableOffset: log.durableOffset,
            highWatermark: leader?.highWatermark ?? log.highWatermark, lastEpoch: log.lastEpoch,
            sizeBytes: log.sizeBytes)
        guard let leader else { return status }
        status.isBelowMinimum = leader.isBelowMinimum
        status.followers = leader.followers.map { follower in
            FollowerStatus(
                broker: follower.broker, logEndOffset: follower.logEnd, durableOffset: follower.durable,
                isInSync: follower.isInSync, lag: follower.lag(at: now))
        }
        return status
    }
}
