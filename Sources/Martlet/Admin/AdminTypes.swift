public import MartletCore

/// A topic as a broker describes it.
public struct TopicInfo: Sendable, Hashable {
    public var name: String
    public var id: TopicID
    /// Kept by the cluster for itself.
    public var isInternal: Bool
    /// Indexed by partition.
    public var partitions: [PartitionInfo]
    /// Every setting, sorted by name; empty unless asked for.
    public var settings: [SettingInfo]
}

/// A partition as a broker describes it.
public struct PartitionInfo: Sendable, Hashable {
    public var partition: PartitionIndex
    /// Nil while there is none.
    public var leader: BrokerID?
    public var leaderEpoch: LeaderEpoch
    /// The first is the preferred leader.
    public var replicas: [BrokerID]
    public var inSyncReplicas: [BrokerID]
    /// Nil unless asked for and known to the broker that answered.
    public var sizes: Sizes?
    /// Why it is offline; nil when it is not.
    public var offlineReason: String?
    /// What the replicas are becoming; empty: they stay.
    public var targetReplicas: [BrokerID] = []
    /// The latest epoch of a leader that was not in sync: records may have been lost then. Nil: never.
    public var lastUncleanEpoch: LeaderEpoch?

    /// The extent of a partition's log.
    public struct Sizes: Sendable, Hashable {
        /// The first offset that is kept.
        public var logStart: Offset
        /// The first offset that consumers do not see yet.
        public var highWatermark: Offset
        /// The offset that the next record gets.
        public var logEnd: Offset
        /// On disk.
        public var bytes: Int64

        public init(logStart: Offset, highWatermark: Offset, logEnd: Offset, bytes: Int64) {
            self.logStart = logStart
            self.highWatermark = highWatermark
            self.logEnd = logEnd
            self.bytes = bytes
        }
    }
}

/// A topic's setting and where its value comes from.
public struct SettingInfo: Sendable, Hashable {
    public var name: String
    public var value: String
    /// Not set on the topic itself.
    public var isDefault: Bool
    public var documentation: String
}

/// A broker of the cluster.
public struct BrokerInfo: Sendable, Hashable {
    public var id: BrokerID
    public var address: BrokerAddress
}

/// The cluster as one broker sees it.
public struct ClusterInfo: Sendable, Hashable {
    public var brokers: [BrokerInfo]
    /// Nil while there is none.
    public var controller: BrokerID?
}

/// How a broker is doing.
public struct BrokerStatus: Sendable, Hashable {
    public var broker: BrokerInfo
    public var clusterID: String
    public var version: String
    public var uptime: Duration
    public var dataDirectory: String
    /// Of segments and indexes.
    public var diskUsedBytes: UInt64
    /// On their file system.
    public var diskFreeBytes: UInt64
    /// Writes are refused until there is room again.
    public var isDiskFull = false
    public var topics: Int
    public var partitions: Int
    /// Still being recovered after a crash.
    public var partitionsRecovering: Int
    public var connections: Int
    public var memoryBudgetBytes: UInt64
    public var memoryReservedBytes: UInt64
    public var openFiles: Int
    public var openFilesMax: Int
    /// Partitions that are offline or damaged there, and notes.
    public var troubles: [Trouble]

    /// A partition that is offline or damaged, and why.
    public struct Trouble: Sendable, Hashable {
        public var topicPartition: TopicPartition
        public var reason: String
        /// Nothing is wrong: a directory was set aside, which a person may delete.
        public var isNote = false
    }
}
