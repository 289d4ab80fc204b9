internal import MartletCore

/// How partitions get from one member to another.
extension Group {
    /// Raises the group epoch, makes a new target assignment, and sets out for it.
    mutating func rebalance(_ turn: inout GroupTurn) {
        let world = SubscribedTopics(members.mapValues(\.facts.subscription), in: turn.context.topics)
        facts.epoch = facts.epoch &+ 1
        facts.topicsHash = world.hash
        turn.factsChanged = true
        let order = members.keys.sorted {
            (members[$0]?.facts.joinEpoch ?? 0, $0) < (members[$1]?.facts.joinEpoch ?? 0, $1)
        }
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        let targets = facts.assignor.assign(
            AssignmentInput(
                members: order.map {
                    AssignmentInput.Member(topics: world.topics[$0] ?? [], target: members[$0]?.target ?? [])
                },
                partitionCounts: world.partitionCounts,
                owners: owners.compactMapValues { places[$0] }))
        heirs.removeAll(keepingCapacity: true)
        var moved: [String] = []
        for (id, target) in zip(order, targets) {
            for partition in target { heirs[partition] = id }
            if members[id]?.target != target {
                members[id]?.target = target
                turn.records.append(GroupRecord(.target(group: name, member: id), .target(target)))
            }
            moved.append(id)
        }
        reconcile(moved, &turn)
    }

    /// Looks for a world that changed since the target assignment was made, and lets go of what belongs to topics that
    /// are no more.
    mutating func takeTopics(_ turn: inout GroupTurn) {
        for partition in offsets.orphans(in: turn.context.topics) { forget(partition, &turn) }
        guard !members.isEmpty else { return }
        let world = SubscribedTopics(members.mapValues(\.facts.subscription), in: turn.context.topics)
        if world.hash != facts.topicsHash { rebalance(&turn) }
    }

    /// Brings these members nearer to their targets, as far as others have let go of what they are to have, and as far
    /// as their own heartbeats are here to answer.
    mutating func reconcile(_ ids: [String], _ turn: inout GroupTurn) {
        for id in ids {
            guard var member = members[id], !isAtRest(member, id, turn) else { continue }
            let isChanged = revoke(from: &member, id, turn.context)
            let isAdvanced = advance(&member, id, turn)
            guard isChanged || isAdvanced else { continue }
            members[id] = member
            turn.touched.insert(id)
        }
    }

    /// Nothing is to be done for it: the usual case of a heartbeat, found without looking at partitions.
    private func isAtRest(_ member: GroupMember, _ id: String, _ turn: GroupTurn) -> Bool {
        turn.arrived == id && !turn.factsChanged && member.assignment.epoch == facts.epoch
            && member.assignment.revoking.isEmpty && member.assignment.assigned.count == member.target.count
    }

    private func revoke(from member: inout GroupMember, _ id: String, _ context: GroupContext) -> Bool {
        let surplus = member.assignment.assigned.filter { !member.target.contains($0.key) }
        guard !surplus.isEmpty else { return false }
        member.assignment.version &+= 1
        for (partition, epoch) in surplus {
            member.assignment.assigned[partition] = nil
            member.assignment.revoking[partition] = .init(epoch: epoch, version: member.assignment.version)
            member.revocationDeadlines[partition] = context.now + member.facts.rebalanceTimeout
        }
        return true
    }

    /// Assigns what is free, in answer to a heartbeat of this member that has come or waits.
    private mutating func advance(_ member: inout GroupMember, _ id: String, _ turn: GroupTurn) -> Bool {
        guard member.assignment.revoking.isEmpty, turn.arrived == id || member.parked != nil else { return false }
        let free = member.target.filter { owners[$0] == nil }
        // Only to hear of a new epoch, a heartbeat that waits is not answered.
        guard !free.isEmpty || turn.arrived == id && member.assignment.epoch != facts.epoch else { return false }
        if member.assignment.epoch != facts.epoch {
            member.assignment.previousEpoch = member.assignment.epoch
            member.assignment.epoch = facts.epoch
        }
        member.assignment.version &+= 1
        for partition in free {
            member.assignment.assigned[partition] = facts.epoch
            owners[partition] = id
        }
        return true
    }

    /// Takes the member's word for what it has let go of. Only of revocations that it has seen: what it did not list
    /// before it heard of them, it may have got since.
    mutating func acknowledge(_ heartbeat: GroupHeartbeat, _ turn: inout GroupTurn) {
        guard let owned = heartbeat.owned, let member = members[heartbeat.memberID],
            !member.assignment.revoking.isEmpty
        else { return }
        let released = member.assignment.revoking.filter {
            $0.value.version <= heartbeat.assignmentVersion && !owned.contains($0.key)
        }
        guard !released.isEmpty else { return }
        for partition in released.keys {
            members[heartbeat.memberID]?.assignment.revoking[partition] = nil
            members[heartbeat.memberID]?.revocationDeadlines[partition] = nil
            owners[partition] = nil
        }
        turn.touched.insert(heartbeat.memberID)
        turn.rearm.insert(heartbeat.memberID)
        reconcile(Set(released.keys.compactMap { heirs[$0] }).sorted(), &turn)
    }
}

/// What the members' subscriptions come to in the topics that there are.
struct SubscribedTopics {
    private(set) var topics: [String: [TopicID]] = [:]
    private(set) var partitionCounts: [TopicID: Int32] = [:]

    init(_ subscriptions: [String: GroupSubscription], in catalog: TopicCatalog) {
        var resolved: [GroupSubscription: [TopicID]] = [:]
        for (member, subscription) in subscriptions {
            let topics = resolved[subscription] ?? Self.resolve(subscription, in: catalog)
            resolved[subscription] = topics
            self.topics[member] = topics
        }
        for id in resolved.values.joined() { partitionCounts[id] = catalog.partitionCount(of: id) ?? 0 }
    }

    /// Of the topics and their sizes (FNV-1a).
    var hash: Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for id in partitionCounts.keys.sorted() {
            for word in [id.high, id.low, UInt64(partitionCounts[id] ?? 0)] {
                for shift in stride(from: UInt64(0), to: 64, by: 8) {
                    hash = (hash ^ (word >> shift & 0xff)) &* 0x100_0000_01b3
                }
            }
        }
        return Int64(bitPattern: hash)
    }

    private static func resolve(_ subscription: GroupSubscription, in catalog: TopicCatalog) -> [TopicID] {
        var ids = Set(subscription.topics.compactMap { catalog.topics[$0]?.id })
        // It was read when it came; one that a newer broker kept and this one cannot read matches nothing.
        if let source = subscription.pattern, let pattern = try? TopicPattern(source) {
            for (name, topic) in catalog.topics where !TopicName.isReserved(name) && pattern.matches(name) {
                ids.insert(topic.id)
            }
        }
        return ids.sorted()
    }
}
