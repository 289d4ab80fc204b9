internal import Martlet

/// How far consume reads: up to the end of the topic as it was, or for ever. Used by one task.
final class ReadingGoal {
    /// The first offset of each partition that is not read; nil: there is no end.
    private let ends: [TopicPartition: Offset]?
    /// Partitions that are still read.
    private(set) var unread: Set<TopicPartition> = []
    private var hasBegun = false

    init(ends: [TopicPartition: Offset]?) {
        self.ends = ends
    }

    var hasEnd: Bool { ends != nil }

    /// Everything that this process is to read has been read.
    var isReached: Bool { ends != nil && hasBegun && unread.isEmpty }

    /// Nothing at or past it is read.
    func end(of partition: TopicPartition) -> Offset {
        ends.map { $0[partition] ?? 0 } ?? .max
    }

    /// Partitions that are read from now on, each from an offset. Returns those of which there is nothing to read.
    func begin(_ partitions: [TopicPartition: Offset]) -> [TopicPartition] {
        hasBegun = true
        let read = partitions.filter { $0.value >= end(of: $0.key) }.keys.sorted()
        unread.formUnion(partitions.keys)
        unread.subtract(read)
        return read
    }

    /// Partitions that are read to their end, or that somebody else reads on.
    func finish(_ partitions: some Sequence<TopicPartition>) {
        unread.subtract(partitions)
    }
}
