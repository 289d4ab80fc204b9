package import MartletCore

/// Monotonic time of a coordinator in milliseconds, from an arbitrary beginning. Deadlines are in it; it means nothing
/// to another process.
package typealias GroupTime = Int64

/// Who waits for an answer. The shell gives them out; the state machine only hands them back.
package typealias GroupToken = UInt64

/// Bounds of what groups may be and send.
package enum GroupLimits {
    /// Length of a group's name, in bytes.
    package static let nameBytes = 249
    /// Length of member ids, instance ids, client ids and client hosts, in bytes.
    package static let idBytes = 128
    /// Members of one group.
    package static let members = 5_000
    /// Topics that one member names.
    package static let subscribedTopics = 10_000
    /// How many former members of an instance id are remembered, so that a late join of theirs takes nothing back.
    package static let predecessors = 8
    /// Length of a subscription's pattern, in bytes.
    package static let patternBytes = 1_024
    /// Length of a committed offset's metadata, in bytes.
    package static let metadataBytes = 4_096
    /// Metadata of all partitions of one commit, in bytes: with its records it fits into one batch.
    package static let commitMetadataBytes = 4 << 20
    /// Partitions of one commit.
    package static let commitPartitions = 20_000
    /// What a member may ask for as the time to let a partition go, in milliseconds.
    package static let rebalanceTimeoutMs: ClosedRange<GroupTime> = 1_000...86_400_000
    package static let sessionTimeoutMs: ClosedRange<GroupTime> = 1_000...300_000
    package static let heartbeatIntervalMs: ClosedRange<GroupTime> = 100...60_000
}

/// What a coordinator knows of the world when an event comes.
package struct GroupContext: Sendable {
    /// Never goes back.
    package var now: GroupTime
    /// For what is kept: the time of commits and of the last member's leaving. May jump.
    package var wallTime: TimestampMs
    package var topics: TopicCatalog

    package init(now: GroupTime, wallTime: TimestampMs, topics: TopicCatalog) {
        self.now = now
        self.wallTime = wallTime
        self.topics = topics
    }
}

/// The topics that there are.
package struct TopicCatalog: Sendable, Equatable {
    package struct Topic: Sendable, Equatable {
        package var id: TopicID
        package var partitionCount: Int32

        package init(id: TopicID, partitionCount: Int32) {
            self.id = id
            self.partitionCount = partitionCount
        }
    }

    /// By name.
    package let topics: [String: Topic]
    private let names: [TopicID: String]

    package init(_ topics: [String: Topic] = [:]) {
        self.topics = topics
        names = Dictionary(topics.map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package func name(of id: TopicID) -> String? { names[id] }

    package func partitionCount(of id: TopicID) -> Int32? { names[id].flatMap { topics[$0]?.partitionCount } }

    package func contains(_ partition: TopicIDPartition) -> Bool {
        partition.partition >= 0 && partition.partition < partitionCount(of: partition.topicID) ?? 0
    }
}

/// What a member wants to read.
package struct GroupSubscription: Sendable, Hashable {
    /// Sorted, each once.
    package private(set) var topics: [String]
    /// A regular expression for whole names; nil: none.
    package private(set) var pattern: String?

    package init(topics: [String] = [], pattern: String? = nil) {
        self.topics = Set(topics).sorted()
        self.pattern = pattern
    }
}

/// A group's settings; what is nil is at its default.
package struct GroupSettings: Sendable, Hashable {
    package static let defaults = GroupSettings()

    package var sessionTimeoutMs: Int32?
    package var heartbeatIntervalMs: Int32?
    package var assignor: AssignorName?

    package init(sessionTimeoutMs: Int32? = nil, heartbeatIntervalMs: Int32? = nil, assignor: AssignorName? = nil) {
        self.sessionTimeoutMs = sessionTimeoutMs
        self.heartbeatIntervalMs = heartbeatIntervalMs
        self.assignor = assignor
    }

    /// What holds, in milliseconds.
    package var sessionTimeout: GroupTime { GroupTime(sessionTimeoutMs ?? 6_000) }
    package var heartbeatInterval: GroupTime { GroupTime(heartbeatIntervalMs ?? 1_000) }

    /// Throws INVALID_CONFIG when a value is out of its range.
    package func check() throws(BrokerError) {
        guard GroupLimits.sessionTimeoutMs.contains(sessionTimeout) else {
            throw BrokerError(
                .invalidConfig, "session.timeout.ms is \(sessionTimeout), not in \(GroupLimits.sessionTimeoutMs)")
        }
        guard GroupLimits.heartbeatIntervalMs.contains(heartbeatInterval) else {
            throw BrokerError(
                .invalidConfig,
                "heartbeat.interval.ms is \(heartbeatInterval), not in \(GroupLimits.heartbeatIntervalMs)")
        }
        guard heartbeatInterval * 3 <= sessionTimeout else {
            throw BrokerError(
                .invalidConfig,
                "heartbeat.interval.ms is \(heartbeatInterval), more than a third of session.timeout.ms, "
                    + "\(sessionTimeout)"
            )
        }
    }
}

/// How a group is doing.
package enum GroupState: String, Sendable, CaseIterable {
    /// No members.
    case empty
    /// Partitions are on their way from one member to another.
    case reconciling
    /// Every member has what it is to have.
    case stable
}
