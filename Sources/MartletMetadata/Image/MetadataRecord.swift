package import MartletCore

/// Counts the transactions of a metadata store, from 1. 0 stands for "not there" in conditions.
package typealias Revision = Int64

/// Counts the starts of one broker, from 1: together with the broker's id it names one run of it.
package typealias StartEpoch = Int64

/// Who the cluster is. Written once, by the first broker.
package struct ClusterRecord: Sendable, Equatable {
    package var id: String
    /// What every broker of the cluster must be able to read; raised by an operator once all brokers are new enough.
    package var featureLevel: Int32

    package init(id: String, featureLevel: Int32) {
        self.id = id
        self.featureLevel = featureLevel
    }
}

/// A broker that belongs to the cluster, alive or not.
package struct BrokerRecord: Sendable, Equatable {
    package var id: BrokerID
    /// Of its latest run.
    package var startEpoch: StartEpoch
    /// The data directory that the broker runs on: nobody else may take the registration over.
    package var directoryID: String
    package var host: String
    package var port: UInt16
    package var rack: String
    /// Registered, but to lead nothing and to be in no in-sync set yet.
    package var isFenced: Bool
    /// This run is about to end: it is to lead nothing any more. The next run's registration takes it back.
    package var isStopping: Bool
    /// An operator wants it to lead nothing and to keep no replicas. Outlives restarts.
    package var isDraining: Bool
    /// How many runs have registered from the data directory, which has noted each before: one that knows of fewer is a
    /// copy of it, or a backup.
    package var runs: Int64

    package init(
        id: BrokerID, startEpoch: StartEpoch, directoryID: String, host: String, port: UInt16, rack: String,
        isFenced: Bool, isStopping: Bool = false, isDraining: Bool = false, runs: Int64 = 0
    ) {
        self.id = id
        self.startEpoch = startEpoch
        self.directoryID = directoryID
        self.host = host
        self.port = port
        self.rack = rack
        self.isFenced = isFenced
        self.isStopping = isStopping
        self.isDraining = isDraining
        self.runs = runs
    }
}

/// Proof that a run of a broker is alive. It goes with the session that wrote it.
package struct SessionRecord: Sendable, Equatable {
    package var broker: BrokerID
    package var startEpoch: StartEpoch

    package init(broker: BrokerID, startEpoch: StartEpoch) {
        self.broker = broker
        self.startEpoch = startEpoch
    }
}

/// The run of a broker that decides who leads what. Like a session it goes with the process that wrote it; whoever
/// finds it missing may write it. Its revision fences: every transaction of a controller compares it (RULES 22).
package struct ControllerRecord: Sendable, Equatable {
    package var broker: BrokerID
    package var startEpoch: StartEpoch

    package init(broker: BrokerID, startEpoch: StartEpoch) {
        self.broker = broker
        self.startEpoch = startEpoch
    }
}

/// A topic. Its partitions are records of their own; those from `partitionCount` on do not count (yet).
package struct TopicRecord: Sendable, Equatable {
    package var name: String
    package var id: TopicID
    package var partitionCount: Int32
    /// What somebody set; the rest is at its default.
    package var settings: [String: String]

    package init(name: String, id: TopicID, partitionCount: Int32, settings: [String: String]) {
        self.name = name
        self.id = id
        self.partitionCount = partitionCount
        self.settings = settings
    }
}

/// A run of a broker that leads a partition.
package struct PartitionLeader: Sendable, Hashable {
    package var broker: BrokerID
    package var startEpoch: StartEpoch

    package init(broker: BrokerID, startEpoch: StartEpoch) {
        self.broker = broker
        self.startEpoch = startEpoch
    }
}

/// Where a partition lives and who leads it.
package struct PartitionRecord: Sendable, Equatable {
    package var id: TopicIDPartition
    package var leader: PartitionLeader?
    /// Raised by every change of leader, and for every new run of the same one.
    package var leaderEpoch: LeaderEpoch
    /// The first is the preferred leader. While replicas move: the former ones and the new ones.
    package var replicas: [BrokerID]
    package var inSyncReplicas: [BrokerID]
    /// What `replicas` is to become, once these are in sync. Empty: nothing moves.
    package var targetReplicas: [BrokerID]
    /// What `replicas` was before it began to move, for calling that off. Empty: nothing moves.
    package var formerReplicas: [BrokerID]
    /// The latest leader epoch that went to a replica outside the in-sync set, by an operator's order: acknowledged
    /// records may be gone. -1: never.
    package var lastUncleanEpoch: LeaderEpoch

    package init(
        id: TopicIDPartition, leader: PartitionLeader?, leaderEpoch: LeaderEpoch, replicas: [BrokerID],
        inSyncReplicas: [BrokerID], targetReplicas: [BrokerID] = [], formerReplicas: [BrokerID] = [],
        lastUncleanEpoch: LeaderEpoch = -1
    ) {
        self.id = id
        self.leader = leader
        self.leaderEpoch = leaderEpoch
        self.replicas = replicas
        self.inSyncReplicas = inSyncReplicas
        self.targetReplicas = targetReplicas
        self.formerReplicas = formerReplicas
        self.lastUncleanEpoch = lastUncleanEpoch
    }
}

/// A topic that was deleted and whose directories may still lie on brokers. Only this record allows a broker to delete
/// a partition's directory; it goes when no broker is left in `pending`.
package struct TopicDeletion: Sendable, Equatable {
    package var id: TopicID
    package var name: String
    package var partitionCount: Int32
    package var pending: [BrokerID]

    package init(id: TopicID, name: String, partitionCount: Int32, pending: [BrokerID]) {
        self.id = id
        self.name = name
        self.partitionCount = partitionCount
        self.pending = pending
    }
}

/// Which producer ids are given out: all below `next`.
package struct ProducerIDCounter: Sendable, Equatable {
    package var next: ProducerID

    package init(next: ProducerID) {
        self.next = next
    }
}

/// Topic settings that hold cluster-wide where a topic has none of its own.
package struct DefaultSettings: Sendable, Equatable {
    package var settings: [String: String]

    package init(settings: [String: String]) {
        self.settings = settings
    }
}

/// One fact of the cluster, under the key it names itself.
package enum MetadataRecord: Sendable, Equatable {
    case cluster(ClusterRecord)
    case broker(BrokerRecord)
    case session(SessionRecord)
    case controller(ControllerRecord)
    case topic(TopicRecord)
    case partition(PartitionRecord)
    case deletion(TopicDeletion)
    case producerIDs(ProducerIDCounter)
    case defaults(DefaultSettings)

    package var key: MetadataKey {
        switch self {
        case .cluster: .cluster
        case .broker(let record): .broker(record.id)
        case .session(let record): .session(record.broker)
        case .controller: .controller
        case .topic(let record): .topic(record.name)
        case .partition(let record): .partition(record.id)
        case .deletion(let record): .deletion(record.id)
        case .producerIDs: .producerIDs
        case .defaults: .defaults
        }
    }
}

/// What a metadata record is found by. Topics go by name, so that a name is taken exactly while its key exists.
package enum MetadataKey: Sendable, Hashable, CustomStringConvertible {
    case cluster
    case broker(BrokerID)
    case session(BrokerID)
    case controller
    case topic(String)
    case partition(TopicIDPartition)
    case deletion(TopicID)
    case producerIDs
    case defaults

    package var description: String {
        switch self {
        case .cluster: "cluster"
        case .broker(let id): "broker \(id)"
        case .session(let id): "session of broker \(id)"
        case .controller: "controller"
        case .topic(let name): "topic \"\(name)\""
        case .partition(let id): "partition \(id)"
        case .deletion(let id): "deletion of topic \(id)"
        case .producerIDs: "producer ids"
        case .defaults: "default settings"
        }
    }
}
