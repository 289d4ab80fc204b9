internal import MartletCore

/// Commits, and what an administrator does to a group.
extension Group {
    mutating func take(_ commit: OffsetCommit, _ token: GroupToken, _ turn: inout GroupTurn) {
        let assignment: MemberAssignment?
        do throws(BrokerError) {
            assignment = try authorize(commit.sender)
        } catch {
            turn.answer(token, .failure(error))
            return
        }
        var results: [BrokerError?] = []
        for item in commit.items {
            let refusal = refusal(of: item, commit.sender, assignment, turn.context.topics)
            results.append(refusal)
            guard refusal == nil else { continue }
            let offset = CommittedOffset(
                offset: item.offset, leaderEpoch: item.leaderEpoch, metadata: item.metadata,
                commitTime: turn.context.wallTime, memberEpoch: commit.sender?.memberEpoch ?? -1,
                sequence: commit.sender?.sequence ?? 0)
            offsets.set(item.partition, to: offset)
            turn.records.append(GroupRecord(.offset(group: name, item.partition), .offset(offset)))
        }
        turn.answer(token, .commit(results))
    }

    /// The sender's assignment; nil for a commit without membership, which needs a group without members.
    private func authorize(_ sender: OffsetCommit.Sender?) throws(BrokerError) -> MemberAssignment? {
        guard let sender else {
            guard members.isEmpty else {
                throw BrokerError(
                    .nonEmptyGroup,
                    "group \(name) has \(members.count) members: offsets are set from outside when it has none")
            }
            return nil
        }
        guard let member = members[sender.memberID] else { throw unknown(sender.memberID, sender.instanceID) }
        guard sender.memberEpoch <= member.assignment.epoch else {
            throw BrokerError(
                .fencedMemberEpoch,
                "member \(sender.memberID) is at epoch \(member.assignment.epoch), not \(sender.memberEpoch)")
        }
        return member.assignment
    }

    private func refusal(
        of item: OffsetCommit.Item, _ sender: OffsetCommit.Sender?, _ assignment: MemberAssignment?,
        _ topics: TopicCatalog
    ) -> BrokerError? {
        if let refusal = GroupOffsets.refusal(of: item, topics: topics) { return refusal }
        guard let sender, let assignment else { return nil }
        guard let epoch = assignment.assignmentEpoch(of: item.partition) else {
            return BrokerError(.partitionNotOwned, "\(item.partition) is not assigned to member \(sender.memberID)")
        }
        return offsets.refusal(of: item.partition, by: sender, assignmentEpoch: epoch)
    }

    func fetch(_ partitions: [TopicIDPartition]?) -> [CommittedPartition] {
        guard let partitions else { return offsets.sorted }
        return partitions.map { CommittedPartition(partition: $0, committed: offsets[$0]) }
    }

    mutating func forget(_ partition: TopicIDPartition, _ turn: inout GroupTurn) {
        offsets.remove(partition)
        turn.records.append(GroupRecord(.offset(group: name, partition), nil))
    }

    /// Lets offsets of a group without members go when their time is over, and the group when nothing is left of it.
    mutating func expireOffsets(_ retentionMs: Int64, _ turn: inout GroupTurn) {
        guard members.isEmpty else { return }
        let wallTime = turn.context.wallTime
        let emptySince = facts.emptySince ?? 0
        for partition in offsets.expired(at: wallTime, emptySince: emptySince, retentionMs: retentionMs) {
            forget(partition, &turn)
        }
        let isOver = wallTime - emptySince >= retentionMs
        if offsets.isEmpty, isKept, isOver, facts.settings == .defaults { forgetItself(&turn) }
    }

    var notFound: BrokerError { BrokerError(.groupIDNotFound, "there is no group \(name)") }

    mutating func delete(_ token: GroupToken, _ turn: inout GroupTurn) {
        guard exists else {
            turn.answer(token, .failure(notFound))
            return
        }
        guard members.isEmpty else {
            turn.answer(
                token, .failure(BrokerError(.nonEmptyGroup, "group \(name) has \(members.count) members")))
            return
        }
        for committed in offsets.sorted { forget(committed.partition, &turn) }
        if isKept { forgetItself(&turn) }
        turn.answer(token, .done)
    }

    private mutating func forgetItself(_ turn: inout GroupTurn) {
        facts = GroupFacts()
        isKept = false
        turn.records.append(GroupRecord(.group(name), nil))
    }

    /// Sessions and waits that run keep their length; what comes next has the new one.
    mutating func alter(_ settings: GroupSettings, _ token: GroupToken, _ turn: inout GroupTurn) {
        do throws(BrokerError) {
            try settings.check()
        } catch {
            turn.answer(token, .failure(error))
            return
        }
        facts.settings = settings
        if members.isEmpty, facts.emptySince == nil { facts.emptySince = turn.context.wallTime }
        turn.factsChanged = true
        turn.settingsChanged = true
        if let assignor = settings.assignor, assignor != facts.assignor {
            facts.assignor = assignor
            if !members.isEmpty { rebalance(&turn) }
        }
        turn.answer(token, .done)
    }

    var description: GroupDescription {
        GroupDescription(
            state: state, groupEpoch: facts.epoch, settings: facts.settings, assignor: facts.assignor,
            members: members.sorted { $0.key < $1.key }.map { id, member in
                GroupDescription.Member(
                    memberID: id, instanceID: member.facts.instanceID, clientID: member.facts.clientID,
                    clientHost: member.facts.clientHost, memberEpoch: member.assignment.epoch,
                    subscription: member.facts.subscription, assigned: member.assignment.assigned.keys.sorted(),
                    revoking: member.assignment.revoking.keys.sorted(), target: member.target.sorted())
            })
    }
}
