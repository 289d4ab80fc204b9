import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

@Suite("Plans of topic changes")
struct TopicPlannerTests {
    private let id = TopicID(high: 1, low: 2)

    private func image(brokers: Int32 = 1) -> ClusterImage {
        var image = ClusterImage()
        for broker in 0..<brokers {
            let record = BrokerRecord(
                id: broker, startEpoch: 3, directoryID: "d\(broker)", host: "h", port: 1, rack: "", isFenced: false)
            image.apply(MetadataUpdate(revision: image.revision + 1, changes: [.put(.broker(record))]))
        }
        return image
    }

    private func planner(
        _ image: ClusterImage, keysMax: Int = 4_096, _ change: (inout BrokerSettings) -> Void = { _ in }
    ) -> TopicPlanner {
        var settings = BrokerSettings()
        change(&settings)
        return TopicPlanner(image: image, settings: settings, transactionKeysMax: keysMax)
    }

    /// Applies a plan as a store would, refusing what it would refuse.
    private func commit(_ transactions: [MetadataTransaction], to image: inout ClusterImage) {
        for transaction in transactions {
            #expect(throws: Never.self) { try transaction.check(keysMax: 4_096) }
            for condition in transaction.conditions { #expect(image.revision(of: condition.key) == condition.revision) }
            image.apply(MetadataUpdate(revision: image.revision + 1, changes: transaction.changes))
        }
    }

    @Test("a topic's partitions are spread over brokers, led by their first replica in its current run")
    func placement() throws {
        var image = image(brokers: 3)
        commit(try planner(image).create(NewTopic(name: "t", partitions: 4, replicationFactor: 2), id: id), to: &image)
        let partitions = (0..<4).compactMap { image.partitions[TopicIDPartition(topicID: id, partition: $0)]?.record }
        #expect(partitions.map(\.replicas) == [[0, 1], [1, 2], [2, 0], [0, 1]])
        #expect(partitions.map { $0.leader?.broker } == [0, 1, 2, 0])
        #expect(partitions.allSatisfy { $0.leader?.startEpoch == 3 && $0.inSyncReplicas == $0.replicas })
        #expect(image.topic(id)?.partitionCount == 4)
    }

    @Test("a topic that does not fit one transaction counts from the last one on")
    func largeTopic() throws {
        var image = image()
        let plan = try planner(image, keysMax: 10).create(NewTopic(name: "t", partitions: 25), id: id)
        #expect(plan.count == 3)
        #expect(plan.dropLast().allSatisfy { !$0.changes.contains { $0.key == .topic("t") } })
        commit(plan, to: &image)
        #expect(image.partitions.count == 25)
        let deletion = try planner(image, keysMax: 10).delete("t")
        #expect(deletion.1.first?.changes.first == .remove(.topic("t")))
        commit(deletion.1, to: &image)
        #expect(image.partitions.isEmpty)
        #expect(image.deletions[id]?.pending == [0])
    }

    @Test(
        "what cannot be is refused with the reason",
        arguments: [
            (NewTopic(name: "", partitions: 1), ErrorCode.invalidTopic, "empty"),
            (NewTopic(name: "a/b", partitions: 1), .invalidTopic, "/"),
            (NewTopic(name: "..", partitions: 1), .invalidTopic, "'..'"),
            (NewTopic(name: "__mine", partitions: 1), .invalidTopic, "reserved"),
            (NewTopic(name: String(repeating: "x", count: 300), partitions: 1), .invalidTopic, "300"),
            (NewTopic(name: "t", partitions: 0), .invalidPartitions, "at least 1"),
            (NewTopic(name: "t", partitions: -2), .invalidPartitions, "-2"),
            (NewTopic(name: "t", partitions: 10_001), .invalidPartitions, "partitions.per.topic.max"),
            (
                NewTopic(name: "t", partitions: 1, replicationFactor: 3), .invalidReplicationFactor,
                "by itself"
            ),
            (NewTopic(name: "t", partitions: 1, replicationFactor: 0), .invalidReplicationFactor, "at least 1"),
            (NewTopic(name: "t", partitions: 1, settings: ["min.insync.replicas": "2"]), .invalidConfig, "1 replicas"),
            (NewTopic(name: "t", partitions: 1, settings: ["flush": "no"]), .invalidConfig, "'no'"),
        ])
    func refused(topic: NewTopic, code: ErrorCode, words: String) throws {
        let error = #expect(throws: BrokerError.self) { try planner(image()).create(topic, id: id) }
        #expect(error?.code == code)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("past the broker's limit of partitions the limit is named")
    func limit() throws {
        var image = image()
        commit(try planner(image).create(NewTopic(name: "a", partitions: 8), id: id), to: &image)
        let limited = planner(image) { $0.partitionsMax = 10 }
        #expect(throws: Never.self) {
            try limited.create(NewTopic(name: "b", partitions: 2), id: TopicID(high: 1, low: 3))
        }
        for body in [
            { _ = try limited.create(NewTopic(name: "b", partitions: 3), id: TopicID(high: 1, low: 3)) },
            { _ = try limited.alter(TopicAlteration(name: "a", partitions: 11)) },
        ] {
            let error = #expect(throws: BrokerError.self, performing: body)
            #expect(error?.code == .limitReached)
            #expect(error?.message.contains("partitions.max") == true)
        }
    }

    @Test("altering sets, resets and adds, all at once")
    func alter() throws {
        var image = image()
        let topic = NewTopic(name: "t", partitions: 1, settings: ["retention.ms": "5", "flush": "os"])
        commit(try planner(image).create(topic, id: id), to: &image)
        let change = TopicAlteration(name: "t", set: ["segment.ms": "7"], reset: ["flush"], partitions: 3)
        commit(try planner(image).alter(change).1, to: &image)
        #expect(image.topics["t"]?.settings == ["retention.ms": "5", "segment.ms": "7"])
        #expect(image.topics["t"]?.partitionCount == 3)
        #expect(image.partitions.count == 3)
        // Again it changes nothing.
        #expect(try planner(image).alter(TopicAlteration(name: "t", set: ["segment.ms": "7"], partitions: 3)).1.isEmpty)
    }

    @Test("altering refuses fewer partitions, unknown settings and topics, and contradictions")
    func alterRefused() throws {
        var image = image()
        commit(try planner(image).create(NewTopic(name: "t", partitions: 2), id: id), to: &image)
        let wrong: [(TopicAlteration, ErrorCode)] = [
            (TopicAlteration(name: "t", partitions: 1), .invalidPartitions),
            (TopicAlteration(name: "t", set: ["x": "1"]), .invalidConfig),
            (TopicAlteration(name: "t", reset: ["x"]), .invalidConfig),
            (TopicAlteration(name: "t", set: ["flush": "os"], reset: ["flush"]), .invalidConfig),
            (TopicAlteration(name: "nope"), .unknownTopicOrPartition),
        ]
        for (alteration, code) in wrong {
            let error = #expect(throws: BrokerError.self) { try planner(image).alter(alteration) }
            #expect(error?.code == code)
        }
        let error = #expect(throws: BrokerError.self) { try planner(image).delete("nope") }
        #expect(error?.code == .unknownTopicOrPartition)
    }

    @Test("a name that is taken is refused, and free again after the deletion")
    func names() throws {
        var image = image()
        commit(try planner(image).create(NewTopic(name: "t", partitions: 1), id: id), to: &image)
        let error = #expect(throws: BrokerError.self) {
            try planner(image).create(NewTopic(name: "t", partitions: 1), id: TopicID(high: 1, low: 3))
        }
        #expect(error?.code == .topicAlreadyExists)
        commit(try planner(image).delete("t").1, to: &image)
        commit(
            try planner(image).create(NewTopic(name: "t", partitions: 1), id: TopicID(high: 1, low: 3)), to: &image)
        #expect(image.topics["t"]?.id == TopicID(high: 1, low: 3))
    }
}
