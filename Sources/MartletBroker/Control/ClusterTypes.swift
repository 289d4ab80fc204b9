package import MartletCore
package import MartletMetadata

/// A broker as an operator sees it.
package struct ClusterBroker: Sendable, Equatable {
    package var id: BrokerID
    package var host: String
    package var port: UInt16
    package var rack: String
    package var startEpoch: StartEpoch
    /// It has a session and is not fenced.
    package var isAlive: Bool
    package var isFenced: Bool
    package var isStopping: Bool
    package var isDraining: Bool
    /// Partitions that it leads, has a replica of, and is in sync with.
    package var leaders = 0
    package var replicas = 0
    package var inSync = 0
    /// Of a draining broker: replicas that no other broker can take.
    package var stuckReplicas = 0
}

/// A partition that is not led, or has fewer replicas in sync than it should have.
package struct TroubledPartition: Sendable, Equatable {
    package var id: TopicIDPartition
    package var topic: String
    /// Nil: the partition is offline.
    package var leader: BrokerID?
    package var leaderEpoch: LeaderEpoch
    package var replicas: [BrokerID]
    package var inSyncReplicas: [BrokerID]
    package var targetReplicas: [BrokerID]
    package var minInSync: Int
    /// -1: never.
    package var lastUncleanEpoch: LeaderEpoch
}

package struct ClusterOverview: Sendable, Equatable {
    package var clusterID: String
    package var revision: Revision
    package var featureLevel: Int32
    /// Nil: there is none at the moment.
    package var controller: BrokerID?
    /// By id.
    package var brokers: [ClusterBroker]
    package var partitions: Int
    /// By topic and partition.
    package var troubled: [TroubledPartition]
    /// Partitions whose replicas move.
    package var reassigning: Int
    /// Partitions that another than their preferred replica leads.
    package var notPreferred: Int
}

/// What a plan of moves is to reach.
package struct ReassignmentRequest: Sendable, Equatable {
    /// Empty: all topics.
    package var topics: [String]
    /// Which brokers are to have the replicas. Empty: all that are alive and not draining.
    package var brokers: [BrokerID]
    /// Nil: as each partition has it.
    package var replicationFactor: Int32?

    package init(topics: [String] = [], brokers: [BrokerID] = [], replicationFactor: Int32? = nil) {
        self.topics = topics
        self.brokers = brokers
        self.replicationFactor = replicationFactor
    }
}

/// A partition's replicas, and what they are to become. The first of either is the preferred leader.
package struct ReassignmentMove: Sendable, Equatable {
    package var topic: String
    package var partition: PartitionIndex
    package var replicas: [BrokerID]
    package var target: [BrokerID]

    package init(topic: String, partition: PartitionIndex, replicas: [BrokerID], target: [BrokerID]) {
        self.topic = topic
        self.partition = partition
        self.replicas = replicas
        self.target = target
    }
}

/// A move on its way.
package struct ReassignmentStatus: Sendable, Equatable {
    package var id: TopicIDPartition
    package var topic: String
    package var partition: PartitionIndex
    /// What the replicas were before.
    package var former: [BrokerID]
    package var target: [BrokerID]
    package var inSync: [BrokerID]
}

package enum ElectionKind: Sendable, Hashable {
    /// The preferred replica leads again.
    case preferred
    /// A replica leads that may lack acknowledged records, where none is left that has them all.
    case unclean
}
