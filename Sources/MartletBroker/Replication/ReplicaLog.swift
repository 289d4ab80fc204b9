package import MartletCore

/// What the replication rules look at in a replica's log. Storage's log is one; simulations bring their own.
package protocol ReplicaLog {
    var logStartOffset: Offset { get }
    var logEndOffset: Offset { get }
    /// What of it is kept, as the topic's `flush` says.
    var durableOffset: Offset { get }
    var highWatermark: Offset { get }
    /// Of the last record; -1 when there is none.
    var lastEpoch: LeaderEpoch { get }
    /// The largest epoch at or below `epoch` that the log holds, and where it ends.
    func epochEnd(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, endOffset: Offset)?
}

extension ReplicaLog {
    /// As the leader: where a follower whose log ends at `offset` with a record of `lastEpoch` must look for what both
    /// logs share. Nil when its whole log is the beginning of this one (RULES 16). An end with epoch -1 says that
    /// nothing is shared, and where this log starts.
    ///
    /// Sound because no epoch ever has two leaders: two logs that hold the same epoch at the same offset agree on
    /// everything before it.
    package func divergence(offset: Offset, lastEpoch: LeaderEpoch) -> EpochEnd? {
        let nothingShared = EpochEnd(leaderEpoch: -1, endOffset: logStartOffset)
        guard offset >= logStartOffset else { return nothingShared }
        guard lastEpoch >= 0 else { return offset <= logEndOffset ? nil : nothingShared }
        guard let end = epochEnd(for: lastEpoch) else {
            // All that the follower has lies below the start of this log.
            return offset == logStartOffset ? nil : nothingShared
        }
        guard end.epoch < lastEpoch || end.endOffset < offset else { return nil }
        return EpochEnd(leaderEpoch: end.epoch, endOffset: end.endOffset)
    }
}
