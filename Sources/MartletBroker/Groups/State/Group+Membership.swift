internal import MartletCore

/// Joining, staying and leaving.
extension Group {
    mutating func take(_ heartbeat: GroupHeartbeat, _ token: GroupToken, _ turn: inout GroupTurn) {
        let id = heartbeat.memberID
        do throws(BrokerError) {
            try admit(heartbeat, &turn)
        } catch {
            turn.answer(token, .failure(error))
            return
        }
        if let superseded = members[id]?.parked {
            turn.answer(superseded.token, .failure(Self.superseded))
            members[id]?.parked = nil
        }
        members[id]?.sessionDeadline = turn.context.now + facts.settings.sessionTimeout
        turn.rearm.insert(id)
        acknowledge(heartbeat, &turn)
        reconcile([id], &turn)
        guard let member = members[id] else { return }
        let isNews =
            member.assignment.version != heartbeat.assignmentVersion
            || member.assignment.epoch != heartbeat.memberEpoch
        if isNews {
            turn.answer(token, answer(to: member, from: heartbeat.assignmentVersion))
        } else if heartbeat.maxWait <= 0 {
            turn.answer(token, answer(to: member, from: heartbeat.assignmentVersion), withoutNewsTo: id)
        } else {
            let wait = min(heartbeat.maxWait, facts.settings.heartbeatInterval)
            members[id]?.parked = GroupMember.Parked(
                token: token, deadline: turn.context.now + wait, version: member.assignment.version)
        }
    }

    mutating func take(_ leave: GroupLeave, _ token: GroupToken, _ turn: inout GroupTurn) {
        guard let member = members[leave.memberID] else {
            turn.answer(token, .failure(unknown(leave.memberID, leave.instanceID)))
            return
        }
        if let parked = member.parked {
            members[leave.memberID]?.parked = nil
            turn.answer(parked.token, .failure(Self.superseded))
        }
        if leave.isForAWhile, member.facts.instanceID != nil {
            members[leave.memberID]?.sessionDeadline = turn.context.now + facts.settings.sessionTimeout
            turn.rearm.insert(leave.memberID)
        } else {
            remove(leave.memberID, &turn)
            rebalance(&turn)
        }
        turn.answer(token, .done)
    }

    // MARK: Admission

    /// Throws unless the heartbeat is one of a member, which it may become by it.
    private mutating func admit(_ heartbeat: GroupHeartbeat, _ turn: inout GroupTurn) throws(BrokerError) {
        if let pattern = heartbeat.subscription?.pattern { _ = try TopicPattern(pattern) }
        guard let member = members[heartbeat.memberID] else {
            guard heartbeat.memberEpoch == 0 else { throw unknown(heartbeat.memberID, heartbeat.instanceID) }
            return try join(heartbeat, &turn)
        }
        guard heartbeat.instanceID == member.facts.instanceID else {
            throw BrokerError(.invalidRequest, "member \(heartbeat.memberID) joined under another instance id")
        }
        guard isCurrent(heartbeat, member) || isRepeat(heartbeat, member) else {
            throw BrokerError(
                .fencedMemberEpoch,
                "member \(heartbeat.memberID) is at epoch \(member.assignment.epoch), version "
                    + "\(member.assignment.version); the heartbeat is at epoch \(heartbeat.memberEpoch), version "
                    + "\(heartbeat.assignmentVersion)")
        }
        // One that repeats itself has not heard of the epoch that it is at: it gets no other before it has.
        if heartbeat.memberEpoch == member.assignment.epoch { turn.arrived = heartbeat.memberID }
        if let subscription = heartbeat.subscription, subscription != member.facts.subscription {
            members[heartbeat.memberID]?.facts.subscription = subscription
            write(heartbeat.memberID, &turn)
            rebalance(&turn)
        }
    }

    private func isCurrent(_ heartbeat: GroupHeartbeat, _ member: GroupMember) -> Bool {
        heartbeat.memberEpoch == member.assignment.epoch
            && heartbeat.assignmentVersion <= member.assignment.version
            && heartbeat.owned?.allSatisfy(member.holds) ?? true
    }

    /// The answer that told of the current epoch was lost, or is not there yet. A join is repeated at epoch 0.
    private func isRepeat(_ heartbeat: GroupHeartbeat, _ member: GroupMember) -> Bool {
        heartbeat.memberEpoch == member.assignment.previousEpoch
            && heartbeat.assignmentVersion < member.assignment.version
            && heartbeat.owned?.allSatisfy(member.holds) ?? true
    }

    private mutating func join(_ heartbeat: GroupHeartbeat, _ turn: inout GroupTurn) throws(BrokerError) {
        guard let subscription = heartbeat.subscription else {
            throw BrokerError(.invalidRequest, "a member joins without a subscription")
        }
        guard GroupLimits.rebalanceTimeoutMs.contains(heartbeat.rebalanceTimeout) else {
            throw BrokerError(
                .invalidRequest,
                "a rebalance timeout of \(heartbeat.rebalanceTimeout) ms, not in \(GroupLimits.rebalanceTimeoutMs)")
        }
        try take(assignor: heartbeat.assignor)
        let former = heartbeat.instanceID.flatMap { instances[$0] }
        if let former, members[former]?.facts.predecessors.contains(heartbeat.memberID) == true {
            throw fencedInstance(heartbeat.instanceID ?? "")
        }
        guard former != nil || members.count < GroupLimits.members else {
            throw BrokerError(
                .groupMaxSizeReached, "group \(name) has \(members.count) members; at most \(GroupLimits.members)")
        }
        var member = GroupMember(facts: MemberFacts())
        member.facts.instanceID = heartbeat.instanceID
        member.facts.clientID = heartbeat.clientID
        member.facts.clientHost = heartbeat.clientHost
        member.facts.rebalanceTimeout = heartbeat.rebalanceTimeout
        member.facts.subscription = subscription
        member.facts.joinEpoch = facts.epoch &+ 1
        if let former { inherit(&member, from: former, &turn) }
        facts.emptySince = nil
        members[heartbeat.memberID] = member
        turn.arrived = heartbeat.memberID
        if let instance = heartbeat.instanceID { instances[instance] = heartbeat.memberID }
        write(heartbeat.memberID, &turn)
        rebalance(&turn)
    }

    /// A new process takes the place of one with the same instance id, which is fenced at once. What that had is
    /// assigned anew, at an epoch of its own: nothing moves to others, and commits of the former are told from its own.
    private mutating func inherit(_ member: inout GroupMember, from former: String, _ turn: inout GroupTurn) {
        guard let old = members[former] else { return }
        member.facts.joinEpoch = old.facts.joinEpoch
        member.facts.predecessors = (old.facts.predecessors + [former]).suffix(GroupLimits.predecessors)
        member.target = old.target
        if let parked = old.parked {
            turn.answer(parked.token, .failure(fencedInstance(member.facts.instanceID ?? "")))
            members[former]?.parked = nil
        }
        remove(former, &turn)
    }

    /// The group's assignor is what its settings say, else what the first member asks for.
    private mutating func take(assignor: AssignorName?) throws(BrokerError) {
        let held = facts.settings.assignor ?? (members.isEmpty ? nil : facts.assignor)
        if let held, let assignor, held != assignor {
            throw BrokerError(
                .inconsistentGroupProtocol,
                "group \(name) uses assignor \(held.rawValue), the member asks for \(assignor.rawValue)")
        }
        facts.assignor = held ?? assignor ?? .uniform
    }

    // MARK: Departure

    /// Puts a member out that is dead or holds on to what it should let go. To be followed by a rebalance.
    mutating func putOut(_ id: String, why: String, _ turn: inout GroupTurn) {
        if let parked = members[id]?.parked {
            members[id]?.parked = nil
            turn.answer(parked.token, .failure(BrokerError(.fencedMemberEpoch, "member \(id) was put out: \(why)")))
        }
        remove(id, &turn)
    }

    /// Forgets a member, which holds nothing from now on. To be followed by a rebalance.
    private mutating func remove(_ id: String, _ turn: inout GroupTurn) {
        guard let member = members.removeValue(forKey: id) else { return }
        for partition in member.held { owners[partition] = nil }
        if let instance = member.facts.instanceID, instances[instance] == id { instances[instance] = nil }
        turn.touched.remove(id)
        turn.records += [
            GroupRecord(.member(group: name, id: id), nil),
            GroupRecord(.target(group: name, member: id), nil),
            GroupRecord(.current(group: name, member: id), nil),
        ]
        if members.isEmpty { facts.emptySince = turn.context.wallTime }
    }

    private func write(_ id: String, _ turn: inout GroupTurn) {
        guard let member = members[id] else { return }
        turn.records.append(GroupRecord(.member(group: name, id: id), .member(member.facts)))
    }

    // MARK: Refusals

    static let superseded = BrokerError(.heartbeatSuperseded, "a later heartbeat of this member came")

    func unknown(_ memberID: String, _ instanceID: String?) -> BrokerError {
        if let instanceID, let holder = instances[instanceID], holder != memberID { return fencedInstance(instanceID) }
        return BrokerError(.unknownMemberID, "group \(name) has no member \(memberID)")
    }

    private func fencedInstance(_ instanceID: String) -> BrokerError {
        BrokerError(.fencedInstanceID, "another process has taken the place of instance id \(instanceID)")
    }
}
