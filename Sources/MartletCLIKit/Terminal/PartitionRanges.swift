internal import Martlet

/// Lists of partitions in few words.
enum PartitionRanges {
    /// `orders 0-3,7; payments 1`. `nothing` for none. `partitions` are sorted.
    static func text(_ partitions: [TopicPartition]) -> String {
        var topics: [(name: String, ranges: [ClosedRange<PartitionIndex>])] = []
        for partition in partitions {
            if topics.last?.name != partition.topic { topics.append((partition.topic, [])) }
            let index = partition.partition
            let last = topics.count - 1
            if let range = topics[last].ranges.last, range.upperBound + 1 == index {
                topics[last].ranges[topics[last].ranges.count - 1] = range.lowerBound...index
            } else {
                topics[last].ranges.append(index...index)
            }
        }
        if topics.isEmpty { return "nothing" }
        return topics.map { "\($0.name) \($0.ranges.map(text).joined(separator: ","))" }.joined(separator: "; ")
    }

    private static func text(_ range: ClosedRange<PartitionIndex>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
}
