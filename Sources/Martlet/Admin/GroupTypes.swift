public import MartletCore

/// How a consumer group is doing.
public enum GroupState: Sendable, Hashable, CustomStringConvertible {
    /// It has no members.
    case empty
    /// Partitions are on their way from one member to another.
    case reconciling
    /// Every member has what it is to have.
    case stable
    /// What a newer broker says, which this client does not know.
    case other(String)

    public var description: String {
        switch self {
        case .empty: "empty"
        case .reconciling: "reconciling"
        case .stable: "stable"
        case .other(let text): text
        }
    }
}

/// A consumer group in a list.
public struct GroupSummary: Sendable, Hashable {
    public var name: String
    public var state: GroupState
    /// Who decides which member gets which partition: `uniform` or `range`.
    public var assignor: String
    public var memberCount: Int
}

/// A consumer group as its coordinator describes it.
public struct GroupInfo: Sendable, Hashable {
    public var name: String
    public var state: GroupState
    /// Raised by every change of members, subscriptions or topics.
    public var epoch: Int32
    /// Who decides which member gets which partition: `uniform` or `range`.
    public var assignor: String
    /// Sorted by member id.
    public var members: [GroupMemberInfo]
    /// By name, what holds.
    public var settings: [String: String]
    /// The broker that coordinates it, as "host:port".
    public var coordinator: String
}

/// A member of a consumer group.
public struct GroupMemberInfo: Sendable, Hashable {
    public var memberID: String
    /// Nil: none.
    public var instanceID: String?
    /// What the client calls itself.
    public var clientID: String
    /// Where it called from.
    public var clientHost: String
    /// Below ``GroupInfo/epoch`` it has not heard of the latest change, or has to let something go first.
    public var epoch: Int32
    /// The topics it names.
    public var topics: [String]
    /// A regular expression for the topics it wants besides; nil: none.
    public var pattern: String?
    /// What is the member's now.
    public var assigned: [TopicPartition]
    /// What it still has to let go of.
    public var revoking: [TopicPartition]
    /// What it is to have in the end.
    public var target: [TopicPartition]
}

/// How far a group has come in one partition.
public struct CommittedOffset: Sendable, Hashable {
    /// The next one to read.
    public var offset: Offset
    /// Of the last record read; -1: not known.
    public var leaderEpoch: LeaderEpoch
    /// What the application left with it.
    public var metadata: [UInt8]
    /// Milliseconds since 1970.
    public var commitTime: TimestampMs
}
