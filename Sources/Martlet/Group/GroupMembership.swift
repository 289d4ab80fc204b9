internal import MartletCore

/// A consumer's membership in a group: a state machine that takes events and the time, and says what is to be done. No
/// I/O, no clock. Lives in the mutex of a ``GroupShell``.
///
/// The application's side: a partition that was assigned is *reading* from the poll that hands it out; one that was
/// taken away is *revoking* from the poll that says so, *leaving* once the application has finished with it and while
/// its last commit is on its way, and then let go, which the next heartbeat tells. Whatever of this is not done when the
/// membership is lost is over at once: nothing of it is committed any more (RULES 26).
///
/// The coordinator's side: one heartbeat waits for an answer at any time, a commit beside it. What is not answered is
/// sent again; a commit with the same sequence.
struct GroupMembership: Sendable {
    enum Phase: Sendable {
        /// Nothing is subscribed to, or it has left.
        case outside
        case joining
        case member
        /// It left because the application stopped polling; it joins again with the next poll.
        case away
        /// The next poll throws this. Then it joins again, unless it is final.
        case refused(MartletError, isFinal: Bool)
    }

    /// A partition that the coordinator counts as this member's and the application knows of.
    struct Held: Sendable {
        enum Stage: Sendable {
            case reading
            case revoking
            case leaving
        }

        var topicPartition: TopicPartition
        var stage = Stage.reading
    }

    struct OpenHeartbeat: Sendable {
        var sentAt: MonotonicTime
        var version: Int64
        var owned: Set<TopicIDPartition>
        var subscription: MemberSubscription?
        var maxWait: Duration
        var term: UInt64
    }

    /// What the coordinator knows for certain.
    struct Told: Sendable, Equatable {
        var version: Int64
        var owned: Set<TopicIDPartition>
        var subscription: MemberSubscription?
    }

    /// Where the coordinator is.
    enum Place: Sendable, Equatable {
        case unknown
        case sought
        case known
    }

    /// The way out: what is left to commit first, then the goodbye.
    struct Departure: Sendable {
        var isForAWhile: Bool
        var deadline: MonotonicTime
        var waiter: Eventual<Void>
    }

    struct Goodbye: Sendable {
        var call: GoodbyeCall
        var isSent = false
        /// Not tried again after that.
        var until: MonotonicTime
        var waiter: Eventual<Void>?
    }

    /// What the application's task waits for.
    enum Waits: Sendable {
        case not
        case forRecords
        /// It has more records than it can take now. Unlike a wait for records this may last too long.
        case forRoom
    }

    let settings: ConsumerGroup
    private let idPrefix: String
    let backoff: Backoff
    /// How long a join and a commit may take to be answered.
    let requestTimeout: Duration

    var random: RandomSource
    private(set) var phase = Phase.outside
    private(set) var subscription = MemberSubscription()
    private var incarnation: UInt64 = 0
    var epoch: Int32 = 0
    var version: Int64 = 0
    /// What the coordinator last said is this member's.
    var assigned: Set<TopicIDPartition> = []
    var names: [TopicID: String] = [:]
    var held: [TopicIDPartition: Held] = [:]
    /// Committed offsets of partitions that are assigned and not handed out yet.
    var begins: [TopicIDPartition: CommittedPosition?] = [:]
    /// Which question will tell where a partition begins.
    var asked: [TopicIDPartition: UInt64] = [:]
    /// To be told with the next poll.
    var lost: Set<TopicPartition> = []

    // Heartbeats.
    var openHeartbeats: [UInt64: OpenHeartbeat] = [:]
    var latestHeartbeat: UInt64?
    var told: Told?
    /// When the oldest of what proves the session was sent: the last heartbeat that was answered.
    var provenAt = MonotonicTime(nanoseconds: 0)
    var sessionTimeout = Duration.seconds(6)
    var heartbeatInterval = Duration.seconds(1)
    /// An answer came sooner than it had to and brought nothing.
    var heartbeatNotBefore: MonotonicTime?

    // The coordinator.
    var place = Place.unknown
    /// Raised whenever the coordinator is found: what a call to a former one says about its place is old.
    var term: UInt64 = 0
    var failures = 0
    /// Nothing is sent before that.
    var retryAt: MonotonicTime?

    // Commits.
    var commits = CommitQueue()
    var commitDueAt: MonotonicTime?

    var departure: Departure?
    var goodbyes: [Goodbye] = []

    // The application.
    var lastPoll = MonotonicTime(nanoseconds: 0)
    var waits = Waits.not

    var isDrainWanted = false
    var notices: [GroupNotice] = []
    var departed: [Eventual<Void>] = []
    private var lastCall: UInt64 = 0

    /// - Parameters:
    ///   - idPrefix: Unlike any other member's; member ids begin with it.
    ///   - seed: For jitter.
    init(settings: ConsumerGroup, idPrefix: String, backoff: Backoff, requestTimeout: Duration, seed: UInt64) {
        self.settings = settings
        self.idPrefix = idPrefix
        self.backoff = backoff
        self.requestTimeout = requestTimeout
        random = RandomSource(seed: seed)
    }

    /// Never used again once the membership is lost or over.
    var memberID: String { "\(idPrefix)-\(incarnation)" }

    /// Heartbeats are to be sent.
    var isActive: Bool {
        switch phase {
        case .joining, .member: true
        case .outside, .away, .refused: false
        }
    }

    var isMember: Bool { if case .member = phase { true } else { false } }

    /// When the membership is lost unless there is an answer; nil when there is none. Until then nobody else has its
    /// partitions, whether it was heard from or not.
    var sessionEnd: MonotonicTime? {
        isMember ? provenAt + min(sessionTimeout, settings.rebalanceTimeout) : nil
    }

    mutating func newCall() -> UInt64 {
        lastCall += 1
        return lastCall
    }

    mutating func become(_ phase: Phase) {
        self.phase = phase
        isDrainWanted = true
    }

    /// True when the loop must be told to call ``drain(now:)``.
    mutating func takeDrainOrder() -> Bool {
        defer { isDrainWanted = false }
        return isDrainWanted
    }

    mutating func want(_ subscription: MemberSubscription) {
        self.subscription = subscription
        isDrainWanted = true
    }

    /// From here on as if it had never been a member. What the application still reads is told as lost.
    mutating func forget(tellingLost: Bool) -> Set<TopicPartition> {
        let gone = Set(held.values.lazy.filter { $0.stage == .reading }.map(\.topicPartition))
        if tellingLost { lost.formUnion(gone) }
        incarnation += 1
        epoch = 0
        version = 0
        assigned = []
        held = [:]
        begins = [:]
        asked = [:]
        openHeartbeats = [:]
        latestHeartbeat = nil
        heartbeatNotBefore = nil
        told = nil
        commitDueAt = nil
        return gone
    }

    /// The membership is gone, for this reason: nothing is delivered or committed any more under it.
    mutating func lose(_ error: MartletError, then phase: Phase) {
        let gone = forget(tellingLost: true)
        commits.fail(.membershipLost(settings.name, because: error))
        notices.append(.lost(error, partitions: gone))
        if let departure {
            departed.append(departure.waiter)
            self.departure = nil
            become(.outside)
        } else {
            become(phase)
        }
    }
}

extension MartletError {
    /// A commit of one that is no member any more.
    static func membershipLost(_ group: String, because error: MartletError) -> MartletError {
        MartletError(
            .membershipLost,
            "the consumer has lost its membership in group \(group) (\(error.message)): its partitions may be another "
                + "member's by now, which reads on from the last commit that was kept",
            broker: error.broker)
    }
}
