package import MartletCore
package import MartletMetadata

/// What a leader knows of its partition's replicas, and decides from it: how far records are kept everywhere (the high
/// watermark), which replicas are in sync, and whether it may answer. A value without clock or I/O: its partition
/// guards it and hands in the time, which is monotonic.
///
/// It lives for one leader epoch. RULES 13 to 15, 19 and 20.
package struct LeaderState: Sendable {
    /// How long a leader without a session may rely on what its followers last said (RULES 19).
    package static let proofTime = Duration.seconds(2)
    /// How long it waits before it proposes again what was refused.
    static let proposalPause = Duration.milliseconds(200)
    /// How long a leader tries to repair its own log before it asks that another leads.
    static let repairTime = Duration.seconds(2)

    package let leader: ReplicaIdentity
    package let epoch: LeaderEpoch
    /// Where the epoch begins. Below it nobody can say what the latest offset is until the high watermark is there.
    package let epochStart: Offset
    package private(set) var minInSyncReplicas: Int
    /// `replica.lag.time.max.ms`.
    package let lagMax: Duration

    package private(set) var highWatermark: Offset
    package private(set) var logEnd: Offset
    /// Of the leader's own log.
    package private(set) var durable: Offset
    /// The other replicas. A handful: a search is as quick as anything.
    package internal(set) var followers: [FollowerProgress] = []
    /// Of the partition's record.
    package internal(set) var revision: Revision
    /// Fewer replicas than `minInSyncReplicas` are in sync and keep up, as it was found last.
    package internal(set) var isBelowMinimum = false

    // For LeaderState+InSync.
    var proposal: InSyncChange?
    /// A proposal at this revision may still be committed, although its answer was lost.
    var hasUnresolved = false
    var nextProposal: Duration = .zero
    var belowMinimumSince: Duration?
    var damagedSince: Duration?
    var nextMoveRequest: Duration = .zero

    /// Begins to lead a log that ends at `logEnd` and is known to be kept everywhere below `highWatermark`.
    ///
    /// What is not durable here waits until it is, whatever the former leader has said (RULES 13): a replica that was not
    /// in sync, and leads after an unclean election, may know of a high watermark beyond what it has synced.
    package init(
        leader: ReplicaIdentity, record: Versioned<PartitionRecord>, logEnd: Offset, durable: Offset,
        highWatermark: Offset, minInSyncReplicas: Int, lagMax: Duration, at now: Duration
    ) {
        precondition(highWatermark <= logEnd, "a high watermark of \(highWatermark) in a log that ends at \(logEnd)")
        self.leader = leader
        self.epoch = record.leaderEpoch
        self.epochStart = logEnd
        self.logEnd = logEnd
        self.durable = min(durable, logEnd)
        self.highWatermark = min(highWatermark, durable)
        self.minInSyncReplicas = minInSyncReplicas
        self.lagMax = lagMax
        self.revision = record.revision
        setReplicas(record.record)
        for index in followers.indices where followers[index].isInSync { followers[index].presumeCaughtUp(at: now) }
        noteMinimum(at: now)
        advance()
    }

    package var isHighWatermarkKnown: Bool { highWatermark >= epochStart }

    // MARK: The high watermark

    /// Everything below which is durable on every replica that is, or may be, in sync. True when that is news.
    @discardableResult
    mutating func advance() -> Bool {
        var least = durable
        for follower in followers where follower.isCounted { least = min(least, follower.durable) }
        guard least > highWatermark else { return false }
        highWatermark = least
        return true
    }

    /// The leader's own log is kept up to `offset`. True when the high watermark moved.
    package mutating func kept(upTo offset: Offset) -> Bool {
        guard offset > durable else { return false }
        durable = offset
        logEnd = max(logEnd, offset)
        return advance()
    }

    /// The leader's own log ends at `offset` now.
    package mutating func appended(upTo offset: Offset) {
        logEnd = max(logEnd, offset)
    }

    /// A follower has fetched at its log's end, `offset`, at this leader epoch; its log is the beginning of this one.
    /// True when the high watermark moved.
    package mutating func fetched(
        by replica: ReplicaIdentity, incarnation: Int32 = 0, from offset: Offset, durable: Offset,
        condition: ReplicaCondition = .sound, at now: Duration
    ) -> Bool {
        guard let index = followers.firstIndex(where: { $0.broker == replica.broker }) else { return false }
        let counts = followers[index].fetched(
            by: replica.startEpoch, incarnation, from: offset, durable: durable, condition: condition,
            leaderEnd: logEnd, at: now)
        guard counts else { return false }
        if isBelowMinimum { noteMinimum(at: now) }
        return advance()
    }

    /// A follower has made durable what this leader sent it. True when the high watermark moved.
    package mutating func reported(
        by replica: ReplicaIdentity, incarnation: Int32 = 0, durable: Offset, at now: Duration
    ) -> Bool {
        guard let index = followers.firstIndex(where: { $0.broker == replica.broker }) else { return false }
        let counts = followers[index].reported(
            by: replica.startEpoch, incarnation, durable: durable, leaderEnd: logEnd, at: now)
        guard counts else { return false }
        if isBelowMinimum { noteMinimum(at: now) }
        return advance()
    }

    // MARK: The partition's record

    /// The leader among them.
    package var inSyncCount: Int {
        var count = 1
        for follower in followers where follower.isInSync { count += 1 }
        return count
    }

    /// The in-sync set is smaller than it is to be, whether or not its members keep up.
    package var isShort: Bool { inSyncCount < minInSyncReplicas }

    package mutating func set(minInSyncReplicas: Int, at now: Duration) {
        guard minInSyncReplicas != self.minInSyncReplicas else { return }
        self.minInSyncReplicas = minInSyncReplicas
        noteMinimum(at: now)
    }

    package var inSyncReplicas: [BrokerID] {
        [leader.broker] + followers.filter(\.isInSync).map(\.broker)
    }

    /// The metadata holds this record, of this leader epoch. An older one than is known changes nothing. True when the
    /// high watermark moved.
    package mutating func follow(_ record: Versioned<PartitionRecord>, at now: Duration) -> Bool {
        guard record.revision > revision else { return false }
        revision = record.revision
        setReplicas(record.record)
        noteMinimum(at: now)
        return advance()
    }

    /// What was proposed on an earlier revision cannot be committed any more.
    private mutating func setReplicas(_ record: PartitionRecord) {
        hasUnresolved = false
        let others = (record.replicas + record.inSyncReplicas).filter { $0 != leader.broker }
        followers.removeAll { !others.contains($0.broker) }
        for broker in others where !followers.contains(where: { $0.broker == broker }) {
            followers.append(FollowerProgress(broker: broker))
        }
        setInSync(record.inSyncReplicas)
    }

    private mutating func setInSync(_ members: [BrokerID]) {
        for index in followers.indices {
            followers[index].isInSync = members.contains(followers[index].broker)
            followers[index].isPending = false
        }
    }

    /// The proposal is the record now. True when the high watermark moved.
    mutating func adopt(_ change: InSyncChange, revision: Revision, at now: Duration) -> Bool {
        self.revision = revision
        hasUnresolved = false
        setInSync(change.inSyncReplicas)
        noteMinimum(at: now)
        return advance()
    }

    // MARK: Whether it may answer

    /// Past the deadline of its session a leader is one only while every replica that could have been made leader in
    /// its place still fetches from it (RULES 19).
    package func isProven(at now: Duration) -> Bool {
        followers.allSatisfy { follower in
            guard follower.isCounted else { return true }
            guard let last = follower.lastFetch else { return false }
            return now - last <= Self.proofTime
        }
    }
}
