internal import MartletCore
internal import Synchronization

/// The partitions of this broker, as calls find them. Any thread; a lookup takes the lock for moments.
final class PartitionTable: Sendable {
    enum Entry: Sendable {
        case replica(Partition)
        /// A replica that could not be opened.
        case failed(topic: String, BrokerError)
    }

    private let entries = Mutex<[TopicIDPartition: Entry]>([:])

    /// All entries, shared and not copied: for a request of many partitions.
    var snapshot: [TopicIDPartition: Entry] { entries.withLock { $0 } }

    subscript(id: TopicIDPartition) -> Entry? {
        get { entries.withLock { $0[id] } }
        set { entries.withLock { $0[id] = newValue } }
    }
}

extension PartitionTable {
    /// The replica behind what was found for a partition.
    static func replica(
        _ entry: Entry?, _ topicID: TopicID, _ partition: PartitionIndex
    ) throws(BrokerError) -> Partition {
        switch entry {
        case .replica(let replica): return replica
        case .failed(topic: _, let error): throw error
        case nil:
            throw BrokerError(
                .unknownTopicID,
                "there is no partition \(partition) of topic id \(topicID) on this broker; look it up again")
        }
    }

    func replica(_ topicID: TopicID, _ partition: PartitionIndex) throws(BrokerError) -> Partition {
        try Self.replica(self[TopicIDPartition(topicID: topicID, partition: partition)], topicID, partition)
    }
}
