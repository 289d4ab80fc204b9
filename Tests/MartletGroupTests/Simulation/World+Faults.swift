import MartletCore
import SimulationKit
import TestSeeds

@testable import MartletBroker

/// What goes wrong, and how it is put right in the end.
extension World {
    mutating func addTopic(_ number: Int) {
        catalog["topic-\(number)"] = TopicCatalog.Topic(
            id: TopicID.random(using: &random),
            partitionCount: Int32.random(in: 1...Int32(options.partitionsMax), using: &random))
    }

    mutating func addMember(instanceID: String? = nil) {
        let index = members.count
        let instance = instanceID ?? (random.chance(25) ? "instance-\(index)" : nil)
        let subscription =
            random.chance(70)
            ? GroupSubscription(pattern: "topic-.*")
            : GroupSubscription(topics: catalog.keys.sorted().filter { _ in random.chance(70) } + ["topic-0"])
        members.append(SimulatedMember(index: index, instanceID: instance, subscription: subscription))
        members[index].provenAt = now
        schedule(.look(member: index), in: GroupTime.random(in: 0...1_000, using: &random))
        schedule(.poll(member: index), in: GroupTime.random(in: 0...1_000, using: &random))
    }

    mutating func makeFault() throws {
        guard isChaos else { return }
        schedule(.fault, in: GroupTime.random(in: 50...1_200, using: &random))
        let alive = members.indices.filter { members[$0].isAlive && !members[$0].isRetired }
        let victim = alive.randomElement(using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: if let victim { die(victim) }
        case 1: if alive.count < options.members + 2 { addMember() }
        case 2: if let victim { restart(victim) }
        case 3, 4:
            if let victim { members[victim].pausedUntil = now + GroupTime.random(in: 500...9_000, using: &random) }
        case 5: if let victim { members[victim].stuckUntil = now + GroupTime.random(in: 500...9_000, using: &random) }
        case 6: if let victim { leave(victim) }
        case 7, 8: crash()
        case 9: try changeTopics()
        case 10: wallTime += TimestampMs.random(in: -3_600_000...3_600_000, using: &random)
        default: if let victim { members[victim].subscription = GroupSubscription(pattern: "topic-[0-9]+") }
        }
    }

    private mutating func die(_ index: Int) {
        members[index].isAlive = false
        members[index].positions = [:]
    }

    /// A process ends and another takes its place, with the same instance id if it had one; sometimes both run.
    private mutating func restart(_ index: Int) {
        let instance = members[index].instanceID
        if instance == nil || random.chance(60) { die(index) }
        addMember(instanceID: instance)
    }

    private mutating func leave(_ index: Int) {
        let member = members[index]
        guard member.epoch > 0 else { return }
        let request = GroupLeave(
            memberID: member.id, instanceID: member.instanceID,
            isForAWhile: member.instanceID != nil && random.chance(50))
        die(index)
        send(.request(.leave(request), from: index, call: nextCallID(), connection: connection))
    }

    private mutating func changeTopics() throws {
        counts[.topicChanges] += 1
        switch Int.random(in: 0..<3, using: &random) {
        case 0: addTopic(catalog.count)
        case 1:
            if let name = catalog.keys.sorted().randomElement(using: &random) { catalog[name]?.partitionCount += 1 }
        default:
            if catalog.count > 1, let name = catalog.keys.sorted().randomElement(using: &random) {
                catalog[name] = nil
                if random.chance(50) { addTopic(Int(name.dropFirst(6)) ?? 0) }
            }
        }
        guard options.plant != .ignoresTopicChanges else { return }
        try tell(.topicsChanged)
    }

    /// Everybody runs, polls and is heard from now on; two members at least.
    mutating func heal() {
        for index in members.indices {
            members[index].pausedUntil = min(members[index].pausedUntil, now)
            members[index].stuckUntil = min(members[index].stuckUntil, now)
        }
        while members.count(where: { $0.isAlive && !$0.isRetired }) < 2 { addMember() }
        // What waits for the end of a pause is late now.
        for index in members.indices where members[index].isAlive {
            schedule(.look(member: index), in: 10)
            schedule(.poll(member: index), in: 10)
        }
    }

    /// The last thing that happens: nothing else makes the coordinator look at the topics again.
    mutating func growTopic() throws {
        if let name = catalog.keys.min() { catalog[name]?.partitionCount += 1 }
        if options.plant != .ignoresTopicChanges { try tell(.topicsChanged) }
    }

    /// The request as the coordinator sees it.
    func planted(_ request: GroupRequest) -> GroupRequest {
        switch (options.plant, request) {
        case (.takesSilenceForRelease, .heartbeat(var heartbeat)):
            guard let member = group?.members[heartbeat.memberID], heartbeat.memberEpoch > 0 else { return request }
            heartbeat.owned = heartbeat.owned?.intersection(member.assignment.assigned.keys)
            heartbeat.assignmentVersion = member.assignment.version
            return .heartbeat(heartbeat)
        case (.fencesRepeats, .heartbeat(var heartbeat)):
            guard let member = group?.members[heartbeat.memberID],
                heartbeat.memberEpoch < member.assignment.epoch
            else { return request }
            heartbeat.memberEpoch = .max
            return .heartbeat(heartbeat)
        case (.acceptsCommitsOfFormerOwners, .commit(var commit)):
            guard let first = commit.items.first?.partition, let owner = group?.owners[first],
                let epoch = group?.members[owner]?.assignment.epoch
            else { return request }
            commit.sender?.memberID = owner
            commit.sender?.memberEpoch = epoch
            commit.sender?.sequence += 1_000
            return .commit(commit)
        case (.ignoresCommitSequences, .commit(var commit)):
            commit.sender?.sequence = Int64(counts[.events])
            return .commit(commit)
        default: return request
        }
    }
}
