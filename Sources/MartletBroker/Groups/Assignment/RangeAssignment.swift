internal import MartletCore

/// Gives each of a topic's n subscribers a run of neighbouring partitions, the first ones one more when the number does
/// not come out even. Topics with the same number of partitions and the same subscribers line up.
enum RangeAssignment {
    /// O(members x topics + partitions).
    static func assign(_ input: AssignmentInput) -> [Set<TopicIDPartition>] {
        var result = [Set<TopicIDPartition>](repeating: [], count: input.members.count)
        for (topic, subscribers) in subscribers(of: input) {
            let count = Int(input.partitionCounts[topic] ?? 0)
            let (share, extra) = count.quotientAndRemainder(dividingBy: subscribers.count)
            var next = 0
            for (place, member) in subscribers.enumerated() {
                let end = next + share + (place < extra ? 1 : 0)
                for partition in next..<end {
                    result[member].insert(TopicIDPartition(topicID: topic, partition: PartitionIndex(partition)))
                }
                next = end
            }
        }
        return result
    }

    private static func subscribers(of input: AssignmentInput) -> [TopicID: [Int]] {
        var subscribers: [TopicID: [Int]] = [:]
        for (index, member) in input.members.enumerated() {
            for topic in member.topics { subscribers[topic, default: []].append(index) }
        }
        return subscribers
    }
}
