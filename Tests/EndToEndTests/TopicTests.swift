import Martlet
import Testing

private let partition = TopicPartition(topic: "t", partition: 0)

@Suite("SDK and broker: topics and the cluster", .timeLimit(.minutes(1)))
struct TopicTests {
    @Test("topics are created, listed, described, altered and deleted")
    func administration() async throws {
        try await withBroker { broker in
            try await withAdmin(broker.client, logger: quiet) { admin in
                try await admin.createTopic("trial", partitions: 2, validateOnly: true)
                #expect(try await admin.listTopics().isEmpty)
                let id = try await admin.createTopic("orders", partitions: 2, settings: ["retention.ms": "3600000"])
                #expect(try await admin.listTopics().map(\.name) == ["orders"])
                let twice = await #expect(throws: MartletError.self) { try await admin.createTopic("orders") }
                #expect(twice?.code == .refused(.topicAlreadyExists) && twice?.broker == broker.address.description)
                let odd = await #expect(throws: MartletError.self) {
                    try await admin.createTopic("odd", settings: ["retention.ms": "soon"])
                }
                #expect(odd?.code == .refused(.invalidConfig))

                try await broker.send(["a", "b"], to: "orders", partition: 1)
                var topic = try await admin.describeTopic("orders")
                #expect(topic.id == id && topic.partitions.count == 2 && !topic.isInternal)
                #expect(topic.partitions.allSatisfy { $0.leader == 0 && $0.replicas == [0] })
                #expect(topic.partitions[1].sizes?.logEnd == 2 && topic.partitions[1].sizes?.highWatermark == 2)
                #expect(topic.settings.first { $0.name == "retention.ms" }?.value == "3600000")
                #expect(topic.settings.first { $0.name == "retention.ms" }?.isDefault == false)

                try await admin.alterTopic("orders", set: ["flush": "os"], reset: ["retention.ms"], partitions: 4)
                topic = try await admin.describeTopic("orders")
                #expect(topic.partitions.count == 4)
                #expect(topic.settings.first { $0.name == "retention.ms" }?.isDefault == true)
                #expect(topic.settings.first { $0.name == "flush" }?.value == "os")
                let fewer = await #expect(throws: MartletError.self) {
                    try await admin.alterTopic("orders", partitions: 1)
                }
                #expect(fewer?.code == .refused(.invalidPartitions))

                try await admin.deleteTopic("orders")
                let gone = await #expect(throws: MartletError.self) { try await admin.describeTopic("orders") }
                #expect(gone?.code == .refused(.unknownTopicOrPartition))
                #expect(gone?.broker == broker.address.description)
            }
        }
    }

    @Test("the cluster and its broker are described")
    func cluster() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t", partitions: 3)
            try await withAdmin(broker.client, logger: quiet) { admin in
                let cluster = try await admin.describeCluster()
                #expect(cluster.brokers.map(\.id) == [0] && cluster.controller == 0)
                #expect(cluster.brokers.map(\.address) == [broker.address])
                let status = try await admin.brokerStatus(0)
                #expect(status.broker == cluster.brokers[0] && !status.clusterID.isEmpty && !status.version.isEmpty)
                #expect(status.topics == 1 && status.partitions == 3 && status.troubles.isEmpty)
                #expect(status.dataDirectory.hasSuffix(broker.directory) && status.connections >= 1)
                #expect(status.diskFreeBytes > 0 && status.openFilesMax > 0)
            }
        }
    }

    @Test(
        "a topic that is deleted and created again is a new one to producer and consumer",
        arguments: ["while nobody looks", "after the consumer has seen it gone"])
    func recreated(when: String) async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            let producer = try Producer(ProducerConfiguration(client: broker.client), logger: quiet)
            let consumer = try broker.consumer { $0.reset = .earliest }
            consumer.assign([partition], from: .earliest)
            for index in 0..<20 { _ = try await producer.send(topic: "t", value: "old \(index)").delivery() }
            #expect(try await read(20, consumer).last?.valueString == "old 19")
            try await withAdmin(broker.client, logger: quiet) { try await $0.deleteTopic("t") }
            if when == "after the consumer has seen it gone" {
                let gone = await #expect(throws: MartletError.self) { try await consumer.next() }
                #expect(gone?.code == .refused(.unknownTopicOrPartition) && gone?.topicPartition == partition)
            }
            try await broker.createTopic("t")

            // A record that meets the old topic fails, and says so; those after it go to the new one.
            var place: Delivery?
            while place == nil {
                do {
                    place = try await producer.send(topic: "t", value: "new").delivery()
                } catch let error as MartletError {
                    #expect([.refused(.unknownTopicID), .refused(.unknownTopicOrPartition)].contains(error.code))
                    #expect(error.topicPartition == partition || error.message.contains("topic t"))
                }
            }
            #expect(place?.offset == 0)
            var told: [MartletError] = []
            var record: Record?
            while record == nil {
                do throws(MartletError) { record = try await consumer.nextRecord() } catch { told.append(error) }
            }
            #expect(record?.valueString == "new" && record?.offset == 0)
            #expect(told.last?.message.contains("deleted and created again") == true)
            #expect(told.allSatisfy { $0.topicPartition == partition })
            await consumer.close()
            // What failed above was awaited, so closing has nothing to tell.
            try await producer.close()
        }
    }

    @Test("a topic that is gone fails reads and writes, by name")
    func deleted() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            try await broker.send(["a"], to: "t")
            let consumer = try broker.consumer()
            consumer.assign([partition], from: .earliest)
            #expect(try await read(1, consumer).count == 1)
            try await withAdmin(broker.client, logger: quiet) { try await $0.deleteTopic("t") }
            let unread = await #expect(throws: MartletError.self) { try await consumer.next() }
            #expect(unread?.topicPartition == partition)
            await consumer.close()
            let unsent = await #expect(throws: MartletError.self) { try await broker.send(["b"], to: "t") }
            #expect(unsent?.code == .refused(.unknownTopicOrPartition))
            #expect(unsent?.message.contains("topic t") == true)
        }
    }
}
