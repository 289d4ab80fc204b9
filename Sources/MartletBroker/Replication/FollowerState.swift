package import MartletCore
package import MartletMetadata

/// A replica that follows a leader, in one leader epoch: what it asks, and what it does with the answers. A value
/// without clock or I/O: its fetcher guards it, hands in the time (monotonic), and does what it says.
///
/// RULES 15 and 16: it appends only where its log ends, after it was found to be the beginning of the leader's, and
/// cuts to what both share before that.
package struct FollowerState: Sendable {
    /// Pauses after failures grow from here to there.
    static let pauseMin = Duration.milliseconds(50)
    static let pauseMax = Duration.seconds(1)

    /// What it asks its leader: where its log ends.
    package struct Position: Sendable, Equatable {
        package var offset: Offset
        package var lastEpoch: LeaderEpoch

        package init(offset: Offset, lastEpoch: LeaderEpoch) {
            self.offset = offset
            self.lastEpoch = lastEpoch
        }
    }

    private enum Phase: Equatable {
        case ready
        /// Asked, and not answered.
        case asked(Position)
        /// The log is being changed; nothing is asked until it is done.
        case working
        /// Asks again then.
        case pausing(until: Duration)
    }

    package let leader: PartitionLeader
    package let epoch: LeaderEpoch
    private var phase = Phase.ready
    private var failures = 0

    package init(leader: PartitionLeader, epoch: LeaderEpoch) {
        self.leader = leader
        self.epoch = epoch
    }

    /// Nil: nothing is to be asked now. Else the answer goes to ``answered(_:by:at:)``, a lost one to ``failed(at:)``.
    package mutating func ask(_ log: some ReplicaLog, at now: Duration) -> Position? {
        switch phase {
        case .asked, .working: return nil
        case .pausing(let until) where now < until: return nil
        case .ready, .pausing:
            let position = Position(offset: log.logEndOffset, lastEpoch: log.lastEpoch)
            phase = .asked(position)
            return position
        }
    }

    /// It may ask now.
    package var isReady: Bool { phase == .ready }

    /// When it asks again, for a timer. Nil: now, or after what it waits for.
    package var pausesUntil: Duration? {
        if case .pausing(let until) = phase { until } else { nil }
    }

    /// Its pause is not over.
    package func isPausing(at now: Duration) -> Bool { pausesUntil.map { now < $0 } ?? false }

    package enum Answer: Sendable, Equatable {
        case records
        case nothing
        case diverging(EpochEnd)
        /// Whatever is wrong, the metadata or time will mend it.
        case failure
    }

    package enum Step: Sendable, Equatable {
        /// Append the records, then tell ``appended(wholly:at:)``.
        case append
        /// Cut the log to this offset, durably, then tell ``finished(_:at:)``.
        case truncate(to: Offset)
        /// Drop the whole log, durably, and begin at this offset; then tell ``finished(_:at:)``.
        case reset(to: Offset)
        case nothing
    }

    /// The leader answered what was asked last. A second answer changes nothing.
    package mutating func answered(
        _ answer: Answer, leaderStart: Offset, by log: some ReplicaLog, at now: Duration
    ) -> Step {
        guard case .asked(let position) = phase else { return .nothing }
        guard position == Position(offset: log.logEndOffset, lastEpoch: log.lastEpoch) else {
            phase = .ready
            return .nothing
        }
        switch answer {
        case .records:
            phase = .working
            return .append
        case .nothing:
            phase = .ready
            failures = 0
            return .nothing
        case .failure:
            pause(at: now)
            return .nothing
        case .diverging(let end):
            let step = step(backTo: end, leaderStart: leaderStart, log)
            if step == .nothing { pause(at: now) } else { phase = .working }
            return step
        }
    }

    /// What it must do to share its whole log with a leader whose log parts from it at `end`.
    private func step(backTo end: EpochEnd, leaderStart: Offset, _ log: some ReplicaLog) -> Step {
        guard end.leaderEpoch >= 0 else { return .reset(to: end.endOffset) }
        var shared = log.logStartOffset
        if let own = log.epochEnd(for: end.leaderEpoch) {
            // An epoch that the leader does not have is not shared; what lies before it may be, so it asks again there.
            shared = own.epoch == end.leaderEpoch ? min(own.endOffset, end.endOffset) : own.endOffset
        }
        if shared < log.logStartOffset { return .reset(to: leaderStart) }
        // It was told that it diverges where it does not: nothing to do but to ask again.
        return shared < log.logEndOffset ? .truncate(to: shared) : .nothing
    }

    /// The records were appended, all of them or as far as they were good.
    package mutating func appended(wholly: Bool, at now: Duration) {
        finished(wholly, at: now)
    }

    /// The log was cut or emptied, or that failed.
    package mutating func finished(_ done: Bool, at now: Duration) {
        guard phase == .working else { return }
        if done {
            phase = .ready
            failures = 0
        } else {
            pause(at: now)
        }
    }

    /// No answer came.
    package mutating func failed(at now: Duration) {
        guard case .asked = phase else { return }
        pause(at: now)
    }

    private mutating func pause(at now: Duration) {
        let pause = min(Self.pauseMax, Self.pauseMin * (1 << min(failures, 10)))
        failures += 1
        phase = .pausing(until: now + pause)
    }

    /// What the follower knows to be kept everywhere, when its leader says `leaderHighWatermark`.
    package static func highWatermark(_ leaderHighWatermark: Offset, logEnd: Offset) -> Offset {
        min(leaderHighWatermark, logEnd)
    }
}
