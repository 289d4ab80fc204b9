internal import MartletCore

/// What a client knows of a partition.
struct PartitionImage: Sendable, Equatable {
    /// Nil while it has none.
    var leader: BrokerID?
    var leaderEpoch: LeaderEpoch
}

/// What a client knows of a topic.
struct TopicImage: Sendable, Equatable {
    var name: String
    var id: TopicID
    /// Indexed by partition.
    var partitions: [PartitionImage]
}

/// The outcome of asking for one topic.
typealias TopicLookup = Result<TopicImage, MartletError>
