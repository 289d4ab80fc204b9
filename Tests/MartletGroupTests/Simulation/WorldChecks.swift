import MartletCore
import SimulationKit

@testable import MartletBroker

/// What is remembered of a history, from the outside, and held against the rules.
struct WorldChecks {
    private struct Tenure: Hashable {
        var partition: TopicIDPartition
        var epoch: Int32
    }

    /// Who was told that a partition is its own, by the epoch it was told with.
    private var tenures: [Tenure: String] = [:]
    /// Who was told so last.
    private var lastTold: [TopicIDPartition: String] = [:]
    /// What each member was told last.
    private var told: [String: Set<TopicIDPartition>] = [:]
    /// In the log, durable or not.
    private var committed: [TopicIDPartition: (offset: Offset, batch: Int)] = [:]
    private var durable: [TopicIDPartition: Offset] = [:]
    private var pending: [(batch: Int, partition: TopicIDPartition, offset: Offset)] = []

    /// The coordinator lets go of an answer.
    mutating func reveal(
        _ answer: GroupAnswer, to member: SimulatedMember, _ request: GroupRequest, _ world: World
    ) throws {
        switch (answer, request) {
        case (.heartbeat(let answer), .heartbeat(let heartbeat)):
            guard let assignment = answer.assignment else { return }
            if heartbeat.memberEpoch == 0 { told[heartbeat.memberID] = nil }
            for partition in assignment.subtracting(told[heartbeat.memberID] ?? []) {
                let tenure = Tenure(partition: partition, epoch: answer.memberEpoch)
                if let other = tenures[tenure], other != heartbeat.memberID {
                    throw world.violation(
                        "\(partition) is given to \(other) and to \(heartbeat.memberID) at epoch \(tenure.epoch)")
                }
                tenures[tenure] = heartbeat.memberID
                lastTold[partition] = heartbeat.memberID
            }
            told[heartbeat.memberID] = assignment
        case (.offsets(let offsets), _):
            for each in offsets {
                guard let committed = each.committed else { continue }
                if committed.offset > durable[each.partition] ?? -1 {
                    throw world.violation(
                        "\(each.partition) at \(committed.offset) is shown, durable is \(durable[each.partition] ?? -1)"
                    )
                }
            }
        default: break
        }
    }

    /// A member begins to read: nobody else may still, but for those that are no members any more and have yet to hear
    /// so.
    func acquire(_ partition: TopicIDPartition, _ index: Int, _ world: World) throws {
        guard let group = world.group, group.members[world.members[index].id] != nil else { return }
        for other in world.members
        where other.index != index && other.isAlive && !other.isRetired && other.positions[partition] != nil {
            guard group.members[other.id] != nil else { continue }
            throw world.violation("\(world.members[index].id) begins to read \(partition), \(other.id) still does")
        }
    }

    /// What came of a commit: only the one who was last told that a partition is its own may move its offset, and
    /// forwards.
    mutating func takeCommit(_ commit: OffsetCommit, _ actions: [GroupAction], _ world: World) throws {
        guard let sender = commit.sender else { return }
        for case .append(let records, _) in actions {
            for record in records {
                guard case .offset(_, let partition) = record.key, case .offset(let offset) = record.value else {
                    continue
                }
                if lastTold[partition] != sender.memberID {
                    throw world.violation(
                        "\(sender.memberID) commits \(partition), which is \(lastTold[partition] ?? "nobody")'s")
                }
                if let last = committed[partition], offset.offset < last.offset {
                    throw world.violation(
                        "\(partition) goes back from \(last.offset) to \(offset.offset) by \(sender.memberID)")
                }
                committed[partition] = (offset.offset, world.log.count + 1)
                pending.append((world.log.count + 1, partition, offset.offset))
            }
        }
    }

    mutating func becomeDurable(_ log: SimulatedLog, _ world: World) throws {
        while let first = pending.first, first.batch <= log.durableCount {
            durable[first.partition] = first.offset
            pending.removeFirst()
        }
    }

    /// What was not in the log when the coordinator went is as if it had never been; what was is durable.
    mutating func restart(_ count: Int) {
        for each in pending where each.batch <= count { durable[each.partition] = each.offset }
        pending = []
        committed = durable.mapValues { ($0, 0) }
    }
}

extension World {
    /// The world is quiet: everything that somebody wants has a reader, shares are even, and nothing moved of late.
    func checkRest(moves: Int, fences: Int) throws {
        let alive = members.filter { $0.isAlive && !$0.isRetired }
        guard let group else { throw violation("no coordinator") }
        guard group.state == .stable else { throw violation("the group is \(group.state) at the end") }
        guard moves == 0, fences == 0 else {
            throw violation("\(moves) moves and \(fences) fences after the world had come to rest")
        }
        guard Set(group.members.keys) == Set(alive.map(\.id)) else {
            throw violation("members \(group.members.keys.sorted()), alive are \(alive.map(\.id))")
        }
        let world = SubscribedTopics(
            Dictionary(uniqueKeysWithValues: alive.map { ($0.id, $0.subscription) }), in: context.topics)
        var wanted: Set<TopicIDPartition> = []
        for (id, count) in world.partitionCounts {
            for partition in 0..<count { wanted.insert(TopicIDPartition(topicID: id, partition: partition)) }
        }
        var read: [TopicIDPartition: String] = [:]
        for member in alive {
            for partition in member.owned {
                if let other = read.updateValue(member.id, forKey: partition) {
                    throw violation("\(partition) is read by \(other) and \(member.id)")
                }
            }
        }
        guard Set(read.keys) == wanted else {
            throw violation("\(wanted.subtracting(read.keys)) are not read, \(Set(read.keys).subtracting(wanted)) are")
        }
        let counts = alive.map(\.owned.count)
        let areAlike = Set(alive.map { world.topics[$0.id] ?? [] }).count == 1
        if options.assignor == .uniform, areAlike, let least = counts.min(), let most = counts.max(), most - least > 1 {
            throw violation("shares of \(counts)")
        }
    }
}
