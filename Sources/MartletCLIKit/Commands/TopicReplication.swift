internal import Martlet
internal import MartletCore

/// What the leaders of a topic's partitions say of their logs and of their followers.
struct TopicReplication {
    /// A follower as its leader knows it.
    struct Follower: Hashable {
        var broker: BrokerID
        /// Nil: it has not fetched from this leader.
        var logEnd: Offset?
        var isInSync: Bool
        /// What it has still to get of what its leader has. Nil: as ``logEnd``.
        var recordsMissing: Int64?
        /// For how long it has not had everything.
        var behind: Duration?
    }

    /// By partition.
    private let leaders: [PartitionIndex: ReplicaInfo]

    init(_ replicas: [ReplicaInfo] = []) {
        // Two may answer as the leader where leadership has just moved: the later one is.
        leaders = Dictionary(
            replicas.filter { $0.role == .leader }.map { ($0.topicPartition.partition, $0) },
            uniquingKeysWith: { $0.leaderEpoch > $1.leaderEpoch ? $0 : $1 })
    }

    /// Asks each leader once, all at the same time; nobody where no partition has followers. One that does not answer leaves
    /// what it leads unknown.
    static func ask(_ topic: TopicInfo, _ admin: Admin) async -> TopicReplication {
        let brokers = Set(topic.partitions.filter { $0.replicas.count > 1 }.compactMap(\.leader))
        return await withTaskGroup(of: [ReplicaInfo].self) { group in
            for broker in brokers {
                group.addTask { (try? await admin.replicas(on: broker, of: [topic.id])) ?? [] }
            }
            return TopicReplication(await group.reduce(into: []) { $0 += $1 })
        }
    }

    /// Empty: there are none, or the leader is not known.
    func followers(of partition: PartitionInfo) -> [Follower] {
        guard let leader = leaders[partition.partition] else { return [] }
        return leader.followers.map { follower in
            Follower(
                broker: follower.broker, logEnd: follower.logEnd, isInSync: follower.isInSync,
                recordsMissing: follower.logEnd.map(leader.recordsMissing), behind: follower.lag)
        }
    }

    /// Records that the follower which is furthest behind has still to get; nil: one has not fetched from this leader, there is
    /// none, or the leader is not known.
    func lag(of partition: PartitionInfo) -> Int64? {
        let missing = followers(of: partition).map(\.recordsMissing)
        return missing.contains(nil) ? nil : missing.compactMap(\.self).max()
    }

    /// As the leader has them, which knows better than a follower that describes the topic.
    func sizes(of partition: PartitionInfo) -> PartitionInfo.Sizes? {
        leaders[partition.partition].map {
            PartitionInfo.Sizes(
                logStart: $0.logStart, highWatermark: $0.highWatermark, logEnd: $0.logEnd, bytes: $0.sizeBytes)
        } ?? partition.sizes
    }
}

extension ReplicaInfo {
    /// What a replica whose log ends there has still to get of this one's.
    func recordsMissing(at end: Offset) -> Int64 {
        max(0, logEnd - max(end, logStart))
    }
}
