public import MartletCore

/// When a consumer of a group commits what it has handed out.
public enum CommitPolicy: Sendable, Hashable {
    /// With the calls that ask for records, at most this often: what was handed out before the call counts as
    /// processed. Also when a partition is taken away and on closing.
    case automatic(every: Duration)
    /// Only when the application says so.
    case manual
}

/// The settings of a ``Consumer`` that shares partitions with the other members of a group.
///
/// How long a member may be silent before others take over, and how often it is heard from, are settings of the group
/// itself: `session.timeout.ms` and `heartbeat.interval.ms`.
public struct ConsumerGroup: Sendable, Hashable {
    /// 1 to 249 bytes of UTF-8 without control characters.
    public var name: String

    /// A name of this process that stays when it restarts, at most 128 bytes: within the session timeout a new process
    /// with the same one takes the former one's place, and nothing moves. Nil: none.
    public var instanceID: String?

    /// Who decides which member gets which partition: `uniform` or `range`. Nil: as the group has it.
    public var assignor: String?

    /// Default: automatic, every second.
    public var commits = CommitPolicy.automatic(every: .seconds(1))

    /// How long the application may take between two calls for records. Past it the consumer leaves the group, so that
    /// others read on, says so in its log, and joins again with the next call. Default 5 minutes; 1 s to 24 hours.
    public var maxPollInterval = Duration.seconds(300)

    /// How long ``Consumer/close()`` may take for the last commit and for leaving. Default 5 s; 10 ms to 5 minutes.
    public var closeTimeout = Duration.seconds(5)

    public init(_ name: String) {
        self.name = name
    }

    /// How long the coordinator waits for a partition to be let go of, before it puts the member out. Not less than
    /// usual sessions: whoever does not hear that a partition is taken away may read it until its session is over.
    var rebalanceTimeout: Duration { max(maxPollInterval, .seconds(30)) }

    func validate() throws(MartletError) {
        try Setting.check("group.name", bytes: name.utf8.count, within: 1...249)
        if let instanceID { try Setting.check("group.instanceID", bytes: instanceID.utf8.count, within: 1...128) }
        if case .automatic(let interval) = commits {
            try Setting.check("group.commits", interval, within: .milliseconds(1) ... .seconds(86_400))
        }
        try Setting.check("group.maxPollInterval", maxPollInterval, within: .seconds(1) ... .seconds(86_400))
        try Setting.check("group.closeTimeout", closeTimeout, within: .milliseconds(10) ... .seconds(300))
    }
}

/// How far an application has come in a partition, as it wants the group to remember it.
public struct OffsetToCommit: Sendable, Hashable {
    /// The next one to read.
    public var offset: Offset
    /// Of the last record read; -1: not known.
    public var leaderEpoch: LeaderEpoch
    /// Whatever the application wants to find again; at most 4,096 bytes.
    public var metadata: [UInt8]

    public init(_ offset: Offset, leaderEpoch: LeaderEpoch = -1, metadata: [UInt8] = []) {
        self.offset = offset
        self.leaderEpoch = leaderEpoch
        self.metadata = metadata
    }
}

/// A consumer's place in its group.
public struct GroupMembershipInfo: Sendable, Hashable {
    /// Another one after every loss of the membership.
    public var memberID: String
    /// 0 while it joins.
    public var memberEpoch: Int32
}
