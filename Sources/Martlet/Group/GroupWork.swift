internal import MartletCore

/// What a member wants to read.
struct MemberSubscription: Sendable, Hashable {
    var topics: [String] = []
    /// A regular expression for whole names.
    var pattern: String?
}

/// A heartbeat to be sent.
struct HeartbeatCall: Sendable {
    var id: UInt64
    var memberID: String
    /// 0: join.
    var epoch: Int32
    var version: Int64
    /// Nil: as the coordinator knows it.
    var owned: Set<TopicIDPartition>?
    /// Nil: as the coordinator knows it.
    var subscription: MemberSubscription?
    var maxWait: Duration
    var timeout: Duration
}

/// What a heartbeat brought.
struct HeartbeatNews: Sendable {
    var epoch: Int32
    var version: Int64
    /// Nil: as of the version that was sent.
    var assignment: Set<TopicIDPartition>?
    /// Of the topics in the assignment.
    var names: [TopicID: String] = [:]
    var sessionTimeout: Duration
    var heartbeatInterval: Duration
}

/// A commit to be sent; one at a time.
struct CommitCall: Sendable {
    var id: UInt64
    var memberID: String
    var epoch: Int32
    var sequence: Int64
    /// In the order in which the answers come.
    var items: [(partition: TopicIDPartition, offset: OffsetToCommit)]
}

/// A question for committed offsets to be sent.
struct CommittedCall: Sendable {
    var id: UInt64
    var partitions: [TopicIDPartition]
}

/// A goodbye to be sent.
struct GoodbyeCall: Sendable {
    var id: UInt64
    var memberID: String
    /// It will be back under the same instance id: it keeps its partitions until its session times out.
    var isForAWhile: Bool
}

/// Why a call to the coordinator brought nothing.
struct GroupCallFailure: Error, Sendable {
    var error: MartletError
    /// The answer came, and it says this.
    var code: ErrorCode?
    /// The coordinator is to be found again.
    var isAboutPlace: Bool

    /// The call was not answered.
    init(unanswered error: MartletError) {
        self.error = error
        code = nil
        isAboutPlace = true
    }

    /// The coordinator refused.
    init(refused error: MartletError) {
        self.error = error
        if case .refused(let code) = error.code { self.code = code }
        isAboutPlace = code == .notCoordinator || code == .coordinatorNotAvailable || code == .brokerUnavailable
    }
}

/// What the application's task has to do next, as far as the group is concerned.
enum PollTask: Sendable {
    /// These are gone already.
    case lost(Set<TopicPartition>)
    /// Finish with these, then say ``GroupMembership/letGo(_:committing:now:)``.
    case revoke(Set<TopicPartition>)
    /// These are the member's from now on.
    case assign([TopicPartition: PartitionBegin])
    /// It is time to commit.
    case commit
    case fail(MartletError)
}

/// A committed offset, to go on from.
struct CommittedPosition: Sendable, Hashable {
    var offset: Offset
    var leaderEpoch: LeaderEpoch
}

/// Where a partition is gone on with.
struct PartitionBegin: Sendable, Hashable {
    var topicID: TopicID
    /// Nil: nothing is committed.
    var committed: CommittedPosition?
}

/// Something to be logged and counted.
enum GroupNotice: Sendable {
    case joined(memberID: String, epoch: Int32)
    case lost(MartletError, partitions: Set<TopicPartition>)
    /// The application did not ask for records.
    case stuck(Duration, partitions: Set<TopicPartition>)
    case commitFailed(MartletError, partitions: Int)
    case committed(partitions: Int)
    case heartbeatFailed(MartletError)
}

/// The outcome of a commit.
typealias CommitWaiter = Eventual<Result<Void, MartletError>>

/// What the shell is to do after an event.
struct GroupWork: Sendable {
    var findsCoordinator = false
    var heartbeat: HeartbeatCall?
    var commit: CommitCall?
    var questions: [CommittedCall] = []
    var goodbyes: [GoodbyeCall] = []
    var notices: [GroupNotice] = []
    var outcomes: [(waiter: CommitWaiter, result: Result<Void, MartletError>)] = []
    /// Nobody is left to say goodbye for.
    var departed: [Eventual<Void>] = []
    /// The application's task has something to do.
    var wakesApplication = false
    /// Call ``GroupMembership/drain(now:)`` again at this time, if not before.
    var wakeAt: MonotonicTime?
}
