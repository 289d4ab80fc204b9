internal import MartletCore

/// Shares partitions out evenly and moves as few as that takes.
///
/// 1. Members keep what they had, where they still subscribe to it.
/// 2. What nobody has goes, one by one, to the subscriber that has least.
/// 3. While a member could be relieved in favour of one that has at least two less, directly or along a chain of
///    members that each pass one on, the shortest such chain is moved. When no chain is left, no assignment is more
///    even (the counts then minimise every convex cost: Harvey, Ladner, Lovasz, Tamir, "Semi-matchings for bipartite
///    graphs and load balancing", 2003). With equal subscriptions every chain is one step and all counts end within
///    one.
struct UniformAssignment {
    private let input: AssignmentInput
    private var topics: [Topic] = []
    private var topicIndex: [TopicID: Int] = [:]
    private var subscriptions: [[Int]]
    private var counts: [Int]

    private struct Topic {
        let id: TopicID
        let partitionCount: Int32
        var subscribers: [Int] = []
        /// Which of its partitions each member has.
        var held: [Int: Set<PartitionIndex>] = [:]
    }

    init(_ input: AssignmentInput) {
        self.input = input
        subscriptions = Array(repeating: [], count: input.members.count)
        counts = Array(repeating: 0, count: input.members.count)
        indexTopics()
        keep()
        shareOutTheRest()
        balance()
    }

    var result: [Set<TopicIDPartition>] {
        var result = [Set<TopicIDPartition>](repeating: [], count: input.members.count)
        for topic in topics {
            for (member, partitions) in topic.held {
                for partition in partitions {
                    result[member].insert(TopicIDPartition(topicID: topic.id, partition: partition))
                }
            }
        }
        return result
    }

    private mutating func indexTopics() {
        for id in input.partitionCounts.keys.sorted() {
            topicIndex[id] = topics.count
            topics.append(Topic(id: id, partitionCount: input.partitionCounts[id] ?? 0))
        }
        for (member, value) in input.members.enumerated() {
            for id in value.topics {
                guard let topic = topicIndex[id] else { continue }
                topics[topic].subscribers.append(member)
                subscriptions[member].append(topic)
            }
        }
    }

    private mutating func keep() {
        for (member, value) in input.members.enumerated() {
            let subscribed = Set(subscriptions[member])
            for partition in value.target {
                guard let topic = topicIndex[partition.topicID], subscribed.contains(topic),
                    partition.partition < topics[topic].partitionCount
                else { continue }
                give(partition.partition, of: topic, to: member)
            }
        }
    }

    private mutating func shareOutTheRest() {
        for topic in topics.indices where !topics[topic].subscribers.isEmpty {
            let kept = topics[topic].held.values.reduce(into: Set()) { $0.formUnion($1) }
            let free = (0..<topics[topic].partitionCount).filter { !kept.contains($0) }
            guard !free.isEmpty else { continue }
            var waiting = MinHeap<Int>()
            for member in topics[topic].subscribers { waiting.insert(member, at: Int64(counts[member])) }
            for partition in free {
                guard let poorest = waiting.pop()?.key else { break }
                give(partition, of: topic, to: poorest)
                waiting.insert(poorest, at: Int64(counts[poorest]))
            }
        }
    }

    private mutating func balance() {
        while let chain = shortestChain() {
            for step in chain { pass(along: step) }
        }
    }

    /// One partition of a topic goes from one member to another.
    private struct Step {
        let topic: Int
        let from: Int
        let to: Int
    }

    /// Moves that take one partition from a member to one that has at least two less; nil when there are none.
    private func shortestChain() -> [Step]? {
        let most = counts.max() ?? 0
        let poorest = counts.indices.filter { counts[$0] + 2 <= most }.sorted { (counts[$0], $0) < (counts[$1], $1) }
        for member in poorest {
            if let chain = shortestChain(to: member) { return chain }
        }
        return nil
    }

    /// Breadth-first from the receiver backwards, a layer at a time; in the first layer with a giver, the richest
    /// gives.
    private func shortestChain(to receiver: Int) -> [Step]? {
        var reached: [Int: Step] = [:]
        var topicsSeen: Set<Int> = []
        var layer = [receiver]
        while !layer.isEmpty {
            var next: [Int] = []
            for member in layer {
                for topic in subscriptions[member] where topicsSeen.insert(topic).inserted {
                    for giver in topics[topic].held.keys.sorted() where giver != receiver && reached[giver] == nil {
                        reached[giver] = Step(topic: topic, from: giver, to: member)
                        next.append(giver)
                    }
                }
            }
            let givers = next.filter { counts[$0] >= counts[receiver] + 2 }
            if let richest = givers.max(by: { (counts[$0], -$0) < (counts[$1], -$1) }) {
                var chain: [Step] = []
                var at = richest
                while at != receiver, let step = reached[at] {
                    chain.append(step)
                    at = step.to
                }
                return chain
            }
            layer = next
        }
        return nil
    }

    private mutating func pass(along step: Step) {
        guard let partitions = topics[step.topic].held[step.from] else { return }
        guard let partition = partitions.min(by: { (cost($0, of: step), -$0) < (cost($1, of: step), -$1) }) else {
            return
        }
        topics[step.topic].held[step.from]?.remove(partition)
        if topics[step.topic].held[step.from]?.isEmpty == true { topics[step.topic].held[step.from] = nil }
        counts[step.from] -= 1
        give(partition, of: step.topic, to: step.to)
    }

    /// What has not been let go of by the receiver, or not yet come to the giver, is no move for anybody.
    private func cost(_ partition: PartitionIndex, of step: Step) -> Int {
        switch input.owners[TopicIDPartition(topicID: topics[step.topic].id, partition: partition)] {
        case step.to: 0
        case step.from: 2
        default: 1
        }
    }

    private mutating func give(_ partition: PartitionIndex, of topic: Int, to member: Int) {
        topics[topic].held[member, default: []].insert(partition)
        counts[member] += 1
    }
}
