import MartletCore
import MartletMetadata

/// Records of every kind, and random ones.
enum TestRecords {
    static func topicID(_ number: Int) -> TopicID {
        TopicID(high: 0x5e1f, low: UInt64(number))
    }

    static func topic(_ name: String, _ number: Int, partitions: Int32 = 1, settings: [String: String] = [:])
        -> TopicRecord
    {
        TopicRecord(name: name, id: topicID(number), partitionCount: partitions, settings: settings)
    }

    static func partition(_ topic: Int, _ index: PartitionIndex, epoch: LeaderEpoch = 1) -> PartitionRecord {
        PartitionRecord(
            id: TopicIDPartition(topicID: topicID(topic), partition: index),
            leader: PartitionLeader(broker: 1, startEpoch: 7), leaderEpoch: epoch, replicas: [1, 2],
            inSyncReplicas: [1])
    }

    static let ofEveryKind: [MetadataRecord] = [
        .cluster(ClusterRecord(id: "c-1", featureLevel: 1)),
        .broker(
            BrokerRecord(
                id: 3, startEpoch: 9, directoryID: "d", host: "böse.example", port: 65_535, rack: "", isFenced: true)),
        .broker(
            BrokerRecord(
                id: 4, startEpoch: 1, directoryID: "e", host: "h", port: 1, rack: "r", isFenced: false,
                isStopping: true, isDraining: true, runs: 7)),
        .session(SessionRecord(broker: 3, startEpoch: 9)),
        .controller(ControllerRecord(broker: 3, startEpoch: 9)),
        .topic(topic("orders", 1, partitions: 3, settings: ["retention.ms": "-1", "a": ""])),
        .partition(partition(1, 2)),
        .partition(
            PartitionRecord(
                id: TopicIDPartition(topicID: topicID(1), partition: 0), leader: nil, leaderEpoch: .max, replicas: [],
                inSyncReplicas: [], targetReplicas: [7, 0], formerReplicas: [3],
                lastUncleanEpoch: 5)),
        .deletion(TopicDeletion(id: topicID(2), name: "gone", partitionCount: 4, pending: [1, -1])),
        .producerIDs(ProducerIDCounter(next: 4_000)),
        .defaults(DefaultSettings(settings: ["segment.bytes": "1024"])),
    ]

    /// A record out of a small space, so that random histories write the same keys again.
    static func random(using generator: inout some RandomNumberGenerator) -> MetadataRecord {
        let number = Int.random(in: 0..<6, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return .topic(topic("t\(number)", 10 * number + Int.random(in: 0..<3, using: &generator)))
        case 1:
            return .partition(
                partition(number, .random(in: 0..<4, using: &generator), epoch: .random(in: 0...9, using: &generator)))
        case 2: return .deletion(TopicDeletion(id: topicID(number), name: "t", partitionCount: 1, pending: [1]))
        case 3: return .producerIDs(ProducerIDCounter(next: ProducerID(number)))
        default: return .defaults(DefaultSettings(settings: ["n": "\(number)"]))
        }
    }
}
