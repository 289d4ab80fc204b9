package import MartletCore

package struct NewTopic: Sendable, Equatable {
    package var name: String
    /// -1: the broker's `num.partitions`.
    package var partitions: Int32
    /// -1: the broker's `default.replication.factor`.
    package var replicationFactor: Int32
    package var settings: [String: String]

    package init(name: String, partitions: Int32, replicationFactor: Int32 = -1, settings: [String: String] = [:]) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.settings = settings
    }
}

package struct TopicAlteration: Sendable, Equatable {
    package var name: String
    package var set: [String: String]
    /// Names of settings that go back to their default.
    package var reset: [String]
    /// The new total; nil: as it is.
    package var partitions: Int32?

    package init(name: String, set: [String: String] = [:], reset: [String] = [], partitions: Int32? = nil) {
        self.name = name
        self.set = set
        self.reset = reset
        self.partitions = partitions
    }
}

/// Which topics a description is wanted of, and how much.
package struct TopicQuery: Sendable, Equatable {
    /// Names and ids; none of either: all topics.
    package var names: [String]
    package var ids: [TopicID]
    package var withSettings: Bool
    /// Offsets and bytes, as far as this broker has them.
    package var withSizes: Bool
    /// Whether "all topics" includes the broker's own.
    package var includesInternal: Bool

    package init(
        names: [String] = [], ids: [TopicID] = [], withSettings: Bool = false, withSizes: Bool = false,
        includesInternal: Bool = false
    ) {
        self.names = names
        self.ids = ids
        self.withSettings = withSettings
        self.withSizes = withSizes
        self.includesInternal = includesInternal
    }
}

package struct PartitionDescription: Sendable, Equatable {
    package struct Sizes: Sendable, Equatable {
        package var logStartOffset: Offset
        package var highWatermark: Offset
        package var logEndOffset: Offset
        /// Of the segments' batches.
        package var bytes: Int64
    }

    package var partition: PartitionIndex
    /// -1: none.
    package var leaderID: BrokerID
    package var leaderEpoch: LeaderEpoch
    package var replicas: [BrokerID]
    package var inSyncReplicas: [BrokerID]
    /// What the replicas are to become; empty: they do not move.
    package var targetReplicas: [BrokerID] = []
    /// The latest leader epoch that began by an unclean election; -1: none did.
    package var lastUncleanEpoch: LeaderEpoch = -1
    /// Nil when not asked for, or when this broker does not know.
    package var sizes: Sizes?
    /// Why the partition does not serve on this broker; nil: it does, or another broker leads it.
    package var trouble: BrokerError?
}

package struct SettingDescription: Sendable, Equatable {
    package var name: String
    package var value: String
    package var isDefault: Bool
    package var documentation: String
}

package struct TopicDescription: Sendable, Equatable {
    package var name: String
    package var id: TopicID
    package var isInternal: Bool
    package var partitions: [PartitionDescription]
    /// Empty when not asked for.
    package var settings: [SettingDescription]
}

package struct BrokerDescription: Sendable, Equatable {
    package var id: BrokerID
    package var host: String
    package var port: UInt16
    package var rack: String
}

/// Metadata as clients see it.
package struct ClusterDescription: Sendable {
    /// In the order of the query, names first; sorted by name when all were asked for. Unknown ones are failures.
    package var topics: [(name: String, id: TopicID?, result: Result<TopicDescription, BrokerError>)]
    package var brokers: [BrokerDescription]
    /// -1: there is none at the moment.
    package var controllerID: BrokerID
    /// Raised by every change: a client never goes back to an older one.
    package var revision: Int64
}
