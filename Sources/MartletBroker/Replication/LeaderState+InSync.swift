package import MartletCore
internal import MartletMetadata

// Who is in sync: what the leader proposes, and what becomes of it (RULES 14, 20).
extension LeaderState {
    /// The change of the in-sync replicas that is due, if any. Until its outcome is known the high watermark waits for
    /// the old set and the new one.
    package mutating func nextChange(id: TopicIDPartition, at now: Duration) -> InSyncChange? {
        guard !followers.isEmpty, proposal == nil, now >= nextProposal else { return nil }
        let added = followers.filter { mayJoin($0, at: now) }
        let removed = leaving(at: now)
        // A replica that may be in the set by now, and will not do: only another revision of the record tells.
        let isInDoubt = hasUnresolved && followers.contains { $0.isPending && !$0.isInSync && !mayJoin($0, at: now) }
        guard !added.isEmpty || !removed.isEmpty || isInDoubt else { return nil }
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
        guard !follower.isInSync, follower.startEpoch > 0, follower.condition == .sound else { return false }
        guard follower.durable >= max(highWatermark, epochStart) else { return false }
        guard let lag = follower.lag(at: now) else { return false }
        return lag <= lagMax
    }

    /// The members that have to leave. Those that must begin without a record, whatever that makes of the set: they
    /// are about to have nothing (RULES 17). Those that fell behind or are under repair, as far as the set may do
    /// without them: below `min.insync.replicas` nothing can be acknowledged, and a smaller set would only be easier to
    /// lose.
    private func leaving(at now: Duration) -> [BrokerID] {
        let lost = followers.filter { $0.isInSync && $0.condition == .toBeCopied }.map(\.broker)
        let members = followers.filter { $0.isInSync && $0.condition != .toBeCopied }
        let spare = members.count + 1 - max(1, minInSyncReplicas)
        guard spare > 0 else { return lost }
        let late = members.filter { $0.condition != .sound || !keepsUp($0, at: now) }
        guard late.count > spare else { return lost + late.map(\.broker) }
        return lost + late.sorted { ($0.caughtUp ?? .zero) < ($1.caughtUp ?? .zero) }.prefix(spare).map(\.broker)
    }

    /// Whether the replica may give up all that it has: it is in no in-sync set, and in none that may come true, and
    /// joins none before it says that its log is sound again.
    package func mayBeginAnew(_ replica: ReplicaIdentity) -> Bool {
        followers.contains { follower in
            follower.broker == replica.broker && follower.startEpoch == replica.startEpoch
                && follower.condition == .toBeCopied && !follower.isCounted
        }
    }

    private func keepsUp(_ follower: FollowerProgress, at now: Duration) -> Bool {
        guard let lag = follower.lag(at: now) else { return false }
        return lag <= lagMax
    }

    /// Time passes: looks who keeps up. True when the leadership should move to a replica that reaches more of the
    /// others, or whose log is sound. `condition` is that of the leader's own log.
    package mutating func tick(at now: Duration, condition: ReplicaCondition = .sound) -> Bool {
        noteMinimum(at: now)
        damagedSince = condition == .sound ? nil : damagedSince ?? now
        let isCutOff = belowMinimumSince.map { now - $0 >= lagMax } ?? false
        let isBeyondRepair = condition == .toBeCopied || damagedSince.map { now - $0 >= Self.repairTime } ?? false
        guard isCutOff || isBeyondRepair, now >= nextMoveRequest else { return false }
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
