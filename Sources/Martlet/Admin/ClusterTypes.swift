public import MartletCore

/// A cluster as one of its brokers sees it.
public struct ClusterOverview: Sendable, Hashable {
    public var clusterID: String
    /// One broker with a store of its own: nothing is replicated, and nobody decides on leaders.
    public var isSingle: Bool
    /// The broker that decides on leaders; nil while there is none.
    public var controller: BrokerID?
    /// By id; also those that are down.
    public var brokers: [ClusterBroker]
    /// Partitions without a leader, or with fewer replicas in sync than they have.
    public var troubled: [TroubledPartition]
    public var store: MetadataStoreStatus
    public var topics: Int
    public var partitions: Int
    /// With replicas on their way to other brokers.
    public var partitionsMoving: Int
    /// Led by another than their preferred replica.
    public var partitionsNotPreferred: Int
    /// Raised by every change of the metadata.
    public var metadataRevision: UInt64
    public var featureLevel: Int
}

/// A broker that belongs to a cluster, up or not.
public struct ClusterBroker: Sendable, Hashable {
    public var broker: BrokerInfo
    /// Empty: unknown.
    public var rack: String
    /// Counts its starts.
    public var startEpoch: Int64
    /// It shows signs of life.
    public var isAlive: Bool
    /// Registered, but leads nothing and counts in no in-sync set (yet).
    public var isFenced: Bool
    /// It is handing its partitions over, to stop.
    public var isStopping: Bool
    /// An operator wants it to keep nothing.
    public var isDraining: Bool
    public var leaders: Int
    public var replicas: Int
    public var inSync: Int
    /// Replicas that should leave it and that no other broker can take.
    public var stuckReplicas: Int
}

/// A partition without a leader, or without all of its replicas in sync.
public struct TroubledPartition: Sendable, Hashable {
    public var topicPartition: TopicPartition
    public var topicID: TopicID
    /// Nil: the partition is offline.
    public var leader: BrokerID?
    public var leaderEpoch: LeaderEpoch
    public var replicas: [BrokerID]
    public var inSyncReplicas: [BrokerID]
    /// What the replicas are becoming; empty: they stay.
    public var targetReplicas: [BrokerID]
    /// With fewer in sync, acks=all is refused.
    public var minInSync: Int
    /// The latest epoch of a leader that was not in sync: records may have been lost then. Nil: never.
    public var lastUncleanEpoch: LeaderEpoch?
}

/// How the metadata store is, seen from one broker.
public struct MetadataStoreStatus: Sendable, Hashable {
    /// "embedded" or "etcd".
    public var kind: String
    public var isAvailable: Bool
    public var revision: Int64?
    public var members: [Member]
    /// What is wrong with the store as a whole, and what to do.
    public var troubles: [String]

    /// One of its servers, or the file of an embedded one.
    public struct Member: Sendable, Hashable {
        public var name: String
        public var isReachable: Bool
        public var isLeader: Bool
        /// Empty: unknown.
        public var version: String
        public var sizeBytes: Int64?
        public var usedBytes: Int64?
        public var troubles: [String]
    }
}

/// What a broker has of a partition.
public struct ReplicaInfo: Sendable, Hashable {
    public var topicPartition: TopicPartition
    public var topicID: TopicID
    public var role: Role
    /// The newest that it knows.
    public var leaderEpoch: LeaderEpoch
    /// Of its last record; -1: its log is empty.
    public var lastEpoch: LeaderEpoch
    public var logStart: Offset
    public var logEnd: Offset
    /// The first offset that a power failure of its host might take.
    public var durable: Offset
    public var highWatermark: Offset
    public var sizeBytes: Int64
    /// Why it does not serve; nil: it does.
    public var trouble: String?
    /// What the leader knows of the others; empty elsewhere.
    public var followers: [Follower]

    public enum Role: String, Sendable, Hashable {
        case leader, follower, none
    }

    public struct Follower: Sendable, Hashable {
        public var broker: BrokerID
        /// Nil: it has not fetched yet.
        public var logEnd: Offset?
        public var durable: Offset?
        public var isInSync: Bool
        /// For how long it has not had everything.
        public var lag: Duration?
    }
}

/// Replicas that are to be elsewhere.
public struct PartitionMove: Sendable, Hashable {
    public var topicPartition: TopicPartition
    /// Where they are.
    public var replicas: [BrokerID]
    /// Where they are to be; the first is the preferred leader.
    public var target: [BrokerID]

    public init(_ topicPartition: TopicPartition, replicas: [BrokerID] = [], target: [BrokerID]) {
        self.topicPartition = topicPartition
        self.replicas = replicas
        self.target = target
    }
}

/// Replicas that are on their way.
public struct ReassignmentProgress: Sendable, Hashable {
    public var move: PartitionMove
    public var inSyncReplicas: [BrokerID]

    /// Brokers that still copy.
    public var waitingFor: [BrokerID] { move.target.filter { !inSyncReplicas.contains($0) } }
}
