package import MartletCore
package import MartletMetadata

/// How far a leader has seen one follower to be, in the leader's epoch.
package struct FollowerProgress: Sendable, Equatable {
    package let broker: BrokerID
    /// The run that fetches; 0 when none has in this epoch.
    package private(set) var startEpoch: StartEpoch = 0
    /// Which of the logs that the replica had in this run.
    package private(set) var incarnation: Int32 = 0
    package private(set) var logEnd: Offset = -1
    /// What is kept of it: what counts.
    package private(set) var durable: Offset = -1
    package private(set) var lastFetch: Duration?
    /// As it said last.
    package private(set) var condition = ReplicaCondition.sound
    /// At this time, or later, it had all that the leader had. Nil: never.
    package private(set) var caughtUp: Duration?
    /// Where the leader's log ended at a time: once the follower has that much, it had caught up with that time.
    private var mark: (offset: Offset, time: Duration)?

    /// In the set that the metadata holds.
    package var isInSync = false
    /// In a set that was proposed and may be the metadata's already, or become it.
    package var isPending = false

    package init(broker: BrokerID) {
        self.broker = broker
    }

    package static func == (left: FollowerProgress, right: FollowerProgress) -> Bool {
        left.broker == right.broker && left.startEpoch == right.startEpoch && left.incarnation == right.incarnation
            && left.logEnd == right.logEnd
            && left.durable == right.durable && left.lastFetch == right.lastFetch && left.caughtUp == right.caughtUp
            && left.condition == right.condition && left.isInSync == right.isInSync && left.isPending == right.isPending
    }

    /// Whether the high watermark waits for it.
    var isCounted: Bool { isInSync || isPending }

    /// A new leader takes the metadata's word that it keeps up, for as long as a lag may last.
    mutating func presumeCaughtUp(at now: Duration) {
        caughtUp = max(caughtUp ?? now, now)
    }

    func lag(at now: Duration) -> Duration? {
        caughtUp.map { max(.zero, now - $0) }
    }

    /// It has fetched at `offset`, its log's end, having been found to agree with the leader's log, which ends at
    /// `leaderEnd`. False when that comes from an older run than was seen already.
    mutating func fetched(
        by startEpoch: StartEpoch, _ incarnation: Int32, from offset: Offset, durable: Offset,
        condition: ReplicaCondition, leaderEnd: Offset, at now: Duration
    ) -> Bool {
        guard (startEpoch, incarnation) >= (self.startEpoch, self.incarnation) else { return false }
        self.condition = condition
        if (startEpoch, incarnation) > (self.startEpoch, self.incarnation) {
            // What a run is presumed to have is not presumed of a log that begins anew in it.
            if startEpoch == self.startEpoch { caughtUp = nil }
            self.startEpoch = startEpoch
            self.incarnation = incarnation
            logEnd = -1
            self.durable = -1
            mark = nil
        }
        logEnd = max(logEnd, offset)
        lastFetch = now
        note(durable: min(durable, offset), leaderEnd: leaderEnd, at: now)
        return true
    }

    /// It has made more durable, of what this leader sent. False when nothing is known of its log yet.
    mutating func reported(
        by startEpoch: StartEpoch, _ incarnation: Int32, durable: Offset, leaderEnd: Offset, at now: Duration
    ) -> Bool {
        guard startEpoch == self.startEpoch, incarnation == self.incarnation, logEnd >= 0 else { return false }
        logEnd = max(logEnd, min(durable, leaderEnd))
        note(durable: min(durable, leaderEnd), leaderEnd: leaderEnd, at: now)
        return true
    }

    private mutating func note(durable offset: Offset, leaderEnd: Offset, at now: Duration) {
        durable = max(durable, offset)
        if durable >= leaderEnd {
            presumeCaughtUp(at: now)
        } else if let mark {
            guard durable >= mark.offset else { return }
            presumeCaughtUp(at: mark.time)
        }
        mark = (leaderEnd, now)
    }
}
