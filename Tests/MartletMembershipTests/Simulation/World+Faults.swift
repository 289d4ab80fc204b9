import MartletCore
import SimulationKit
import TestSeeds

@testable import Martlet
@testable import MartletBroker

/// What goes wrong, how it is put right, and what must hold then.
extension World {
    mutating func addTopic(_ number: Int) {
        catalog["topic-\(number)"] = TopicCatalog.Topic(
            id: TopicID.random(using: &random),
            partitionCount: Int32.random(in: 1...Int32(options.partitionsMax), using: &random))
    }

    mutating func addProcess(instanceID: String? = nil) {
        let index = processes.count
        let instance = instanceID ?? (random.chance(25) ? "instance-\(index)" : nil)
        processes.append(
            SimulatedProcess(
                index: index, instanceID: instance, maxPollMs: Int64.random(in: 3_000...8_000, using: &random),
                seed: random.next()))
        let subscription =
            random.chance(70)
            ? MemberSubscription(pattern: "topic-.*")
            : MemberSubscription(topics: catalog.keys.sorted().filter { _ in random.chance(70) } + ["topic-0"])
        processes[index].machine.subscribe(subscription, now: time)
        schedule(.wake(process: index), in: Int64.random(in: 0...1_000, using: &random))
        schedulePolls(index)
    }

    /// The application polls for itself besides being woken.
    private mutating func schedulePolls(_ index: Int) {
        var at: Int64 = Int64.random(in: 0...400, using: &random)
        let end = options.chaosMs + options.healingMs + options.quietMs
        while now + at < end {
            schedule(.poll(process: index), in: at)
            at += Int64.random(in: 50...400, using: &random)
        }
    }

    mutating func makeFault() throws {
        guard isChaos else { return }
        schedule(.fault, in: Int64.random(in: 50...1_200, using: &random))
        let alive = processes.indices.filter { processes[$0].isAlive && !processes[$0].isRetired }
        guard let victim = alive.randomElement(using: &random) else { return addProcess() }
        switch Int.random(in: 0..<13, using: &random) {
        case 0: die(victim)
        case 1: if alive.count < options.members + 2 { addProcess() }
        case 2: restart(victim)
        case 3, 4: processes[victim].pausedUntil = now + Int64.random(in: 500...9_000, using: &random)
        case 5, 6:
            processes[victim].stuckUntil = now + Int64.random(in: 500...9_000, using: &random)
            try tell(victim) { machine, now in machine.endWaiting(now: now) }
        case 7: try close(victim)
        case 8, 9: crash()
        case 10: try changeTopics()
        case 11: processes[victim].cutOffUntil = now + Int64.random(in: 500...9_000, using: &random)
        default:
            try tell(victim) { $0.subscribe(MemberSubscription(pattern: "topic-[0-9]+"), now: $1) }
        }
    }

    private mutating func die(_ index: Int) {
        processes[index].isAlive = false
    }

    /// A process ends and another takes its place, with the same instance id if it had one; sometimes both run.
    private mutating func restart(_ index: Int) {
        let instance = processes[index].instanceID
        if instance == nil || random.chance(60) { die(index) }
        addProcess(instanceID: instance)
    }

    /// It commits what it was handed out, and leaves; what is left to do is done without its application.
    private mutating func close(_ index: Int) throws {
        guard processes[index].pausedUntil <= now else { return }
        let positions = processes[index].positions.mapValues { CommittedPosition(offset: $0, leaderEpoch: -1) }
        processes[index].positions = [:]
        processes[index].isRetired = true
        let isForAWhile = random.chance(50)
        try tell(index) { machine, now in
            machine.depart(
                isForAWhile: isForAWhile, committing: positions, deadline: now + .milliseconds(3_000),
                waiter: Eventual<Void>())
        }
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
        try tellGroup(.topicsChanged)
    }

    /// Everybody runs and polls from now on; two members at least, one of which reads everything.
    mutating func heal() {
        for index in processes.indices {
            processes[index].pausedUntil = min(processes[index].pausedUntil, now)
            processes[index].cutOffUntil = min(processes[index].cutOffUntil, now)
            processes[index].stuckUntil = min(processes[index].stuckUntil, now)
        }
        while processes.count(where: { $0.isAlive && !$0.isRetired }) < 2 { addProcess() }
        for index in processes.indices where processes[index].isAlive && !processes[index].isRetired {
            processes[index].machine.subscribe(MemberSubscription(pattern: "topic-.*"), now: time)
            schedule(.wake(process: index), in: 1)
        }
    }

    /// What both sides say about a partition that is not as it should be.
    private func account(of id: TopicIDPartition) -> String {
        let members = processes.filter(\.isAlive).map { process in
            let machine = process.machine
            let stage = machine.held[id].map { "\($0.stage)" } ?? (machine.assigned.contains(id) ? "assigned" : "-")
            return "\(machine.memberID) \(machine.phase) \(process.isRetired ? "retired " : "")\(stage)"
        }
        return
            "the coordinator says \(group?.owners[id] ?? "nobody") of \(group?.members.keys.sorted() ?? []); \(members)"
    }

    // MARK: At rest

    /// How far everybody is.
    struct Standing {
        var positions: [Int: [TopicPartition: Offset]]
        var committed: [TopicIDPartition: Offset]
        var losses: Int
        var moves: Int
    }

    var standing: Standing {
        let positions = processes.map { ($0.index, $0.positions) }
        return Standing(
            positions: Dictionary(uniqueKeysWithValues: positions), committed: committed, losses: counts[.losses],
            moves: counts[.moves])
    }

    /// Every partition is read by exactly one, and was while nothing happened; nothing moved.
    func checkRest(since before: Standing) throws {
        if counts[.losses] > before.losses || counts[.moves] > before.moves {
            throw violation("a loss or a move in a world at rest")
        }
        let readers = processes.filter { $0.isAlive && !$0.isRetired }
        for (name, topic) in catalog.sorted(by: { $0.key < $1.key }) {
            for partition in 0..<topic.partitionCount {
                let id = TopicIDPartition(topicID: topic.id, partition: partition)
                let owners = readers.filter { $0.wouldDeliver(id, at: time) }.map(\.index)
                guard owners.count == 1 else {
                    throw violation("\(name)-\(partition) is read by \(owners); \(account(of: id))")
                }
                let key = TopicPartition(topic: name, partition: partition)
                guard let after = processes[owners[0]].positions[key], after > before.positions[owners[0]]?[key] ?? 0
                else {
                    throw violation("nothing of \(name)-\(partition) was read in a world at rest")
                }
                guard let kept = committed[id], kept > before.committed[id] ?? 0 else {
                    throw violation("nothing of \(name)-\(partition) was committed in a world at rest")
                }
            }
        }
    }
}
