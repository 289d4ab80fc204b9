internal import MartletCore
internal import MartletMetadata
internal import MartletStorage
internal import Synchronization

// Consumers that read from followers (KIP-392; RULES 15, 19).
extension Partition {
    /// As ``check(_:_:)``, for a replica that follows. It answers while its leader answers it: who is cut off with it
    /// must not take what has long been overtaken for the end.
    func check(_ epoch: LeaderEpoch, _ following: PartitionState.Following, at now: Duration) -> EpochCheck {
        let leader = LeaderHint(brokerID: following.leader.broker, leaderEpoch: following.epoch)
        if epoch > following.epoch { return .ahead }
        if epoch != -1, epoch < following.epoch {
            return .failed(
                BrokerError(.fencedLeaderEpoch, "\(name): leader epoch \(epoch) is over", leader: leader))
        }
        guard let host, let last = following.lastAnswer, now - last <= host.replicaLagMax else {
            return .failed(
                BrokerError(
                    .notLeaderOrFollower, "\(name): this replica has not heard of its leader lately; ask the leader",
                    leader: leader))
        }
        return .current(following.epoch)
    }

    /// The leader has answered this follower: with what it says is kept everywhere (-1: nothing new).
    func heard(_ highWatermark: Offset, at now: Duration) {
        if highWatermark >= 0 {
            log.setHighWatermark(FollowerState.highWatermark(highWatermark, logEnd: log.logEndOffset))
        }
        guard host?.servesFollowerReads == true else { return }
        let known = log.highWatermark
        var wakeups = Wakeups()
        state.withLock { $0.heard(known, at: now, &wakeups) }
        wakeups.send()
    }

    /// After so long without one it has no readers.
    private static let readerTime = Duration.seconds(30)

    /// What consumers who read from this follower see; nil: nobody does, or has for a while.
    func readersSee(at now: Duration) -> Offset? {
        guard host?.servesFollowerReads == true, let last = state.withLock({ $0.following?.lastReader }),
            now - last <= Self.readerTime
        else { return nil }
        return log.highWatermark
    }

    /// As the leader: the in-sync followers that have everything below `offset` and are heard of, the furthest first.
    func followers(having offset: Offset, at now: Duration) -> [BrokerID] {
        let followers = state.withLock { $0.leader?.followers ?? [] }
        let fit = followers.filter { follower in
            follower.isInSync && follower.condition == .sound && follower.durable >= offset
                && follower.lastFetch.map { now - $0 <= LeaderState.proofTime } ?? false
        }
        return fit.sorted { $0.durable > $1.durable }.map(\.broker)
    }
}
