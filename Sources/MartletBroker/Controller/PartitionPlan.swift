internal import MartletCore
internal import MartletMetadata

/// What the record of one partition should become, given how the brokers stand. Pure; the controller writes it, and a
/// broker that stops goes by it to know that nothing more will be taken off it.
struct PartitionPlan {
    let standings: [BrokerID: BrokerStanding]
    let rules: ElectionRules

    /// The record that is to replace this one; nil: it is as it should be.
    ///
    /// In this order: replicas that move and have all arrived are switched over; members that are gone leave the
    /// in-sync set; somebody leads, in a new epoch when replicas went.
    func next(_ record: PartitionRecord) -> PartitionRecord? {
        var new = record
        switchReplicas(&new)
        dropMembers(&new)
        elect(&new)
        new.fenceRemoved(since: record)
        return new == record ? nil : new
    }

    // MARK: Replicas

    /// While replicas move, the former ones and the new ones are replicas; once all new ones are in sync and one of
    /// them can lead, the others go.
    private func switchReplicas(_ record: inout PartitionRecord) {
        guard !record.targetReplicas.isEmpty else { return }
        let target = record.targetReplicas
        for broker in target where !record.replicas.contains(broker) { record.replicas.append(broker) }
        let haveArrived = target.allSatisfy { record.inSyncReplicas.contains($0) && !isOut($0) }
        guard haveArrived, target.contains(where: isElectable) else { return }
        record.replicas = target
        record.inSyncReplicas.removeAll { !target.contains($0) }
        record.targetReplicas = []
        record.formerReplicas = []
    }

    /// Members that are gone hold up every write with acks=all. They stay where the set would fall below
    /// `min.insync.replicas`: nothing is acknowledged then, and they still have all that was (RULES 14).
    private func dropMembers(_ record: inout PartitionRecord) {
        let staying = record.inSyncReplicas.filter { !isOut($0) }
        guard staying.contains(where: isElectable) else { return }
        var spare = record.inSyncReplicas.count - max(1, rules.minInSyncReplicas)
        record.inSyncReplicas.removeAll { broker in
            guard spare > 0, isOut(broker) else { return false }
            spare -= 1
            return true
        }
    }

    // MARK: Leaders

    private func elect(_ record: inout PartitionRecord) {
        let current = currentLeader(record)
        let best = candidate(record)
        if let current {
            guard let best, best.reluctance < current.reluctance else { return }
            return lead(best.run, &record)
        }
        if let best { return lead(best.run, &record) }
        let members = record.inSyncReplicas
        if rules.allowsUnclean, members.allSatisfy({ isOut($0) && standings[$0]?.isComing != true }),
            let other = record.replicas.first(where: isElectable).flatMap({ standings[$0] })
        {
            return leadUncleanly(other.run, &record)
        }
        // A member that is starting will be elected in a moment: not worth two writes.
        guard record.leader != nil, !members.contains(where: { standings[$0]?.isComing == true }) else { return }
        record.leader = nil
        record.leaderEpoch += 1
    }

    /// The leader, as long as its run goes on and it is in sync. One that merely lost its session leads on (RULES 18).
    private func currentLeader(_ record: PartitionRecord) -> BrokerStanding? {
        guard let leader = record.leader, let standing = standings[leader.broker], standing.run == leader,
            !standing.isOut, record.inSyncReplicas.contains(leader.broker), record.replicas.contains(leader.broker)
        else { return nil }
        return standing
    }

    /// The first replica that is in sync and can lead, of those that like it best.
    private func candidate(_ record: PartitionRecord) -> BrokerStanding? {
        var best: BrokerStanding?
        for broker in record.replicas where record.inSyncReplicas.contains(broker) {
            guard let standing = standings[broker], standing.isElectable else { continue }
            if let best, best.reluctance <= standing.reluctance { continue }
            best = standing
        }
        return best
    }

    private func isOut(_ broker: BrokerID) -> Bool { standings[broker]?.isOut ?? true }
    private func isElectable(_ broker: BrokerID) -> Bool { standings[broker]?.isElectable ?? false }

    private func lead(_ run: PartitionLeader, _ record: inout PartitionRecord) {
        record.leader = run
        record.leaderEpoch += 1
    }

    /// Gives leadership to a replica that may lack acknowledged records. It alone is in sync then.
    func leadUncleanly(_ run: PartitionLeader, _ record: inout PartitionRecord) {
        lead(run, &record)
        record.inSyncReplicas = [run.broker]
        record.lastUncleanEpoch = record.leaderEpoch
    }

    // MARK: Moves that are not urgent

    /// The record with leadership at `broker`, if that may lead.
    func moved(_ record: PartitionRecord, to broker: BrokerID) -> PartitionRecord? {
        guard record.leader?.broker != broker, record.replicas.contains(broker),
            record.inSyncReplicas.contains(broker), let standing = standings[broker], standing.isElectable
        else { return nil }
        var new = record
        lead(standing.run, &new)
        return new
    }

    /// The record with leadership back at the preferred replica, where that is elsewhere and could be there.
    func preferred(_ record: PartitionRecord) -> PartitionRecord? {
        guard record.targetReplicas.isEmpty, record.leader != nil, let first = record.replicas.first,
            standings[first]?.reluctance == BrokerStanding.Reluctance.none
        else { return nil }
        return moved(record, to: first)
    }
}
