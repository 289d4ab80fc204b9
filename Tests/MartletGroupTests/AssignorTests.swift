import MartletCore
import TestSeeds
import Testing

@testable import MartletBroker

/// Some members and topics, and what became of them so far.
private struct Shares {
    var counts: [TopicID: Int32] = [:]
    var members: [Int: (topics: [TopicID], target: Set<TopicIDPartition>)] = [:]

    /// Assigns anew and returns how many partitions that stay went to another member.
    mutating func assign(_ assignor: AssignorName) -> Int {
        let order = members.keys.sorted()
        var before: [TopicIDPartition: Int] = [:]
        for (member, value) in members { for partition in value.target { before[partition] = member } }
        let result = assignor.assign(
            AssignmentInput(
                members: order.map { .init(topics: members[$0]?.topics ?? [], target: members[$0]?.target ?? []) },
                partitionCounts: counts))
        var moves = 0
        for (member, target) in zip(order, result) {
            members[member]?.target = target
            moves += target.count { before[$0] != nil && before[$0] != member }
        }
        return moves
    }

    var sizes: [Int] { members.values.map(\.target.count) }
    var all: [TopicIDPartition] { members.values.flatMap(\.target) }

    /// The fewest moves that bring counts within one, of what members have, when all may have all.
    var leastMoves: Int {
        let total = counts.values.reduce(0) { $0 + Int($1) }
        let (share, extra) = total.quotientAndRemainder(dividingBy: members.count)
        return sizes.sorted(by: >).enumerated().reduce(0) { sum, entry in
            sum + max(0, entry.element - share - (entry.offset < extra ? 1 : 0))
        }
    }
}

private func topic(_ number: Int) -> TopicID { TopicID(high: 7, low: UInt64(number)) }

@Suite struct AssignorTests {
    @Test("uniform: with equal subscriptions, counts are within one and moves are the fewest that takes")
    func uniform() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var shares = Shares()
            for number in 0..<Int.random(in: 1...4, using: &random) {
                shares.counts[topic(number)] = Int32.random(in: 1...12, using: &random)
            }
            let topics = shares.counts.keys.sorted()
            for step in 0..<12 {
                if shares.members.isEmpty || random.chance(60) {
                    shares.members[step] = (topics, [])
                } else if let gone = shares.members.keys.sorted().randomElement(using: &random),
                    shares.members.count > 1
                {
                    shares.members[gone] = nil
                }
                let least = shares.leastMoves
                #expect(shares.assign(.uniform) == least)
                #expect((shares.sizes.max() ?? 0) - (shares.sizes.min() ?? 0) <= 1)
                #expect(shares.all.count == Int(shares.counts.values.reduce(0, +)))
                #expect(Set(shares.all).count == shares.all.count)
            }
        }
    }

    @Test("uniform: 20 of 100 members restarted one after another move no more than they must")
    func rollingRestart() {
        var shares = Shares(counts: [topic(0): 300])
        for member in 0..<100 { shares.members[member] = ([topic(0)], []) }
        _ = shares.assign(.uniform)
        var moves = 0
        var least = 0
        for member in 0..<20 {
            shares.members[member] = nil
            least += shares.leastMoves
            moves += shares.assign(.uniform)
            shares.members[100 + member] = ([topic(0)], [])
            least += shares.leastMoves
            moves += shares.assign(.uniform)
        }
        #expect(moves == least)
    }

    @Test("uniform: with unequal subscriptions everybody has only what it wants, and no chain of moves evens it out")
    func unequal() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<150 {
            var shares = Shares()
            for number in 0..<4 { shares.counts[topic(number)] = Int32.random(in: 1...6, using: &random) }
            for member in 0..<5 {
                let topics = shares.counts.keys.sorted().filter { _ in random.chance(50) }
                shares.members[member] = (topics, [])
            }
            _ = shares.assign(.uniform)
            let wanted = Set(shares.members.values.flatMap(\.topics))
            #expect(Set(shares.all.map(\.topicID)) == wanted)
            #expect(shares.all.count == wanted.reduce(0) { $0 + Int(shares.counts[$1] ?? 0) })
            for member in shares.members.values {
                #expect(Set(member.target.map(\.topicID)).isSubset(of: member.topics))
            }
            #expect(!hasImprovingChain(shares))
            #expect(shares.assign(.uniform) == 0)
        }
    }

    /// By brute force: who can be reached from whom by passing partitions on.
    private func hasImprovingChain(_ shares: Shares) -> Bool {
        let members = shares.members
        return members.keys.contains { giver in
            var reached: Set<Int> = [giver]
            var frontier = [giver]
            while let member = frontier.popLast() {
                let topics = Set(members[member]?.target.map(\.topicID) ?? [])
                for (other, value) in members where !topics.isDisjoint(with: value.topics) {
                    if reached.insert(other).inserted { frontier.append(other) }
                }
            }
            return reached.contains {
                (members[giver]?.target.count ?? 0) - (members[$0]?.target.count ?? 0) > 1
            }
        }
    }

    @Test("uniform: what has not changed hands yet moves first")
    func unfinishedMoves() {
        let partitions = (0..<4).map { TopicIDPartition(topicID: topic(0), partition: $0) }
        // The second member is to have 2 and 3, of which the first has not let 2 go; a third one comes.
        let input = AssignmentInput(
            members: [
                .init(topics: [topic(0)], target: [partitions[0]]),
                .init(topics: [topic(0)], target: [partitions[1], partitions[2], partitions[3]]),
                .init(topics: [topic(0)], target: []),
            ],
            partitionCounts: [topic(0): 4],
            owners: [partitions[0]: 0, partitions[1]: 1, partitions[2]: 0, partitions[3]: 1])
        #expect(AssignorName.uniform.assign(input)[2] == [partitions[2]])
    }

    @Test("range: neighbours together, and topics of one size line up")
    func range() {
        let input = AssignmentInput(
            members: Array(repeating: .init(topics: [topic(0), topic(1)], target: []), count: 3),
            partitionCounts: [topic(0): 7, topic(1): 7])
        let result = AssignorName.range.assign(input)
        for (member, expected) in [[0, 1, 2], [3, 4], [5, 6]].enumerated() {
            for number in 0...1 {
                let mine = result[member].filter { $0.topicID == topic(number) }.map { Int($0.partition) }.sorted()
                #expect(mine == expected)
            }
        }
    }

    @Test("more members than partitions: the others stand by", arguments: AssignorName.allCases)
    func standBy(assignor: AssignorName) {
        let input = AssignmentInput(
            members: Array(repeating: .init(topics: [topic(0)], target: []), count: 5), partitionCounts: [topic(0): 3])
        #expect(assignor.assign(input).map(\.count).sorted() == [0, 0, 1, 1, 1])
        #expect(assignor.assign(AssignmentInput(members: [], partitionCounts: [:])) == [])
    }
}
