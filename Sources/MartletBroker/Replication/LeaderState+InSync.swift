package import MartletCore
internal import MartletMetadata

// Who is in sync: what the leader proposes, and what becomes of it (RULES 14, 20).
extension LeaderState {
    /// The change of the in-sync replicas that is due, if any. Until its outcome is known the high watermark waits for
    /// the old set and the new one.
    package mutating func nextChange(id: TopicIDPartition, at now: Duration) -> InSyncChange? {
        guard !followers.isEmpty, proposal == nil, now >= nextProposal else { return nil }
        let added = followers.filter { mayJoin($0, at: now) }
        let removed = laggards(at: now)
        guard !added.isEmpty || !removed.isEmpty else { return nil }
        let joining = added.map(\.broker)
        for index in followers.indices where joining.contains(followers[index].broker) {
            followers[index].isPending = true
        }
        let change = InSyncChange(
            id: id, leader: leader, leaderEpoch: epoch, ifRevision: revision,
            inSyncReplicas: inSyncReplicas.filter { !removed.contains($0) } + joining,
            added: added.map { ReplicaIdentity(broker: $0.broker, startEpoch: $0.startEpoch) })
        proposal = change
        return change
    }

    /// What became of the change that ``nextChange(id:at:)`` gave. True when the high watermark moved.
    package mutating func resolve(_ change: InSyncChange, _ outcome: InSyncOutcome, at now: Duration) -> Bool {
        guard proposal == change else { return false }
        proposal = nil
        // The record has moved on, perhaps by this very change: what was proposed for its former revision is settled.
        guard change.ifRevision == revision else { return false }
        switch outcome {
        case .committed(let revision):
            return adopt(change, revision: revision, at: now)
        case .conflict:
            nextProposal = now + Self.proposalPause
            // An earlier one may still come true.
            if !hasUnresolved {
                for index in followers.indices { followers[index].isPending = false }
            }
        case .unknown:
            nextProposal = now + Self.proposalPause
            hasUnresolved = true
        }
        return advance()
    }

    /// Whether the replica has all that the in-sync set has.
    private func mayJoin(_ follower: FollowerProgress, at now: Duration) -> Bool {
        guard !follower.isInSync, follower.startEpoch > 0 else { return false }
        guard follower.durable >= max(highWatermark, epochStart) else { return false }
        guard let lag = follower.lag(at: now) else { return false }
        return lag <= lagMax
    }

    /// The members that fell behind, as far as the set may do without them: below `min.insync.replicas` nothing can be
    /// acknowledged, and a smaller set would only be easier to lose.
    private func laggards(at now: Duration) -> [BrokerID] {
        let members = followers.filter(\.isInSync)
        let spare = members.count + 1 - max(1, minInSyncReplicas)
        guard spare > 0 else { return [] }
        let late = members.filter { !keepsUp($0, at: now) }
        guard late.count > spare else { return late.map(\.broker) }
        return late.sorted { ($0.caughtUp ?? .zero) < ($1.caughtUp ?? .zero) }.prefix(spare).map(\.broker)
    }

    private func keepsUp(_ follower: FollowerProgress, at now: Duration) -> Bool {
        guard let lag = follower.lag(at: now) else { return false }
        return lag <= lagMax
    }

    /// Time passes: looks who keeps up. True when the leadership should move to a replica that reaches more of the
    /// others.
    package mutating func tick(at now: Duration) -> Bool {
        noteMinimum(at: now)
        guard let since = belowMinimumSince, now - since >= lagMax, now >= nextMoveRequest else { return false }
        nextMoveRequest = now + lagMax
        return followers.contains(where: \.isInSync)
    }

    mutating func noteMinimum(at now: Duration) {
        var reached = 1
        for follower in followers where follower.isInSync && keepsUp(follower, at: now) { reached += 1 }
        isBelowMinimum = reached < minInSyncReplicas
        if !isBelowMinimum {
            belowMinimumSince = nil
        } else if belowMinimumSince == nil {
            belowMinimumSince = now
        }
    }
}
