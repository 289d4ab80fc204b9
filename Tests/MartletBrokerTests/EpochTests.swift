import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

@Suite("Leader epochs")
struct EpochTests {
    @Test("an older epoch is fenced and told the current one, in every call")
    func fenced() async throws {
        let directory = try TemporaryDirectory()
        let topic = try await BrokerHarness.with(in: directory) { try await $0.createTopic("t") }
        try await BrokerHarness.with(in: directory) { harness in
            let current = try #require(harness.partition(topic).leaderEpoch)
            #expect(current == 1)
            let hint = LeaderHint(brokerID: 0, leaderEpoch: current)
            let produced = await harness.produce(topic, try TestBatch.bytes(["a"]), epoch: 0).error
            let fetched = await harness.fetch([harness.item(topic, epoch: 0)], wait: .seconds(60)).first?.error
            let listed = await harness.broker.listOffsets([
                ListOffsetsItem(topicID: topic, partition: 0, leaderEpoch: 0, spec: .latest)
            ])[0].error
            for error in [produced, fetched, listed] {
                #expect(error?.code == .fencedLeaderEpoch)
                #expect(error?.leader == hint)
            }
            #expect(try await harness.produce(topic, TestBatch.bytes(["a"]), epoch: current).get().baseOffset == 0)
        }
    }

    @Test("a newer epoch waits for the broker to hear of it, until its time is up")
    func unknown() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            let batch = try TestBatch.bytes(["a"])
            let produced = await harness.produce(topic, batch, epoch: 5, timeout: .milliseconds(20)).error
            #expect(produced?.code == .unknownLeaderEpoch)
            #expect(produced?.leader?.leaderEpoch == 0)
            let fetched = await harness.fetch([harness.item(topic, epoch: 5)], wait: .milliseconds(20)).first?.error
            #expect(fetched?.code == .unknownLeaderEpoch)
            #expect(try harness.partition(topic).log.logEndOffset == 0)
        }
    }

    @Test("a newer epoch that arrives in time is served")
    func arrives() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            let batch = try TestBatch.bytes(["a"])
            async let produced = harness.produce(topic, batch, epoch: 5)
            try await harness.waitUntil { $0.producesWaiting == 1 }
            let parked = try await harness.park([harness.item(topic, epoch: 5)])
            try await harness.lead(topic, 5)
            #expect(try await produced.get().baseOffset == 0)
            #expect(try await parked.reply().first?.values == ["a"])
        }
    }

    @Test(
        "whoever waits when the epoch changes hears that the outcome is unknown, or is told to try again",
        arguments: [Acks.leader, .all])
    func waitersFail(acks: Acks) async throws {
        try await BrokerHarness.with(syncing: false) { harness in
            let topic = try await harness.createTopic("t")
            let batch = try TestBatch.bytes(["a"])
            async let produced = harness.produce(topic, batch, acks: acks)
            try await harness.waitUntil { $0.producesWaiting == 1 }
            let known = try await harness.park([harness.item(topic, epoch: 0)])
            let any = try await harness.park([harness.item(topic, epoch: -1)])
            try await harness.lead(topic, 3)
            #expect(await produced.error?.code == .leaderChangedAfterAppend)
            for parked in [known, any] {
                let error = try await parked.reply().first?.error
                #expect(error?.code.isRetriable == true)
            }
            // A sync that comes later acknowledges nothing of the old epoch.
            harness.store.startBackground()
            #expect(try await harness.produce(topic, TestBatch.bytes(["b"]), epoch: 3).get().baseOffset == 1)
        }
    }

    @Test("until the high watermark reaches the epoch's beginning nobody is told the latest offset")
    func offsetNotAvailable() async throws {
        try await BrokerHarness.with(syncing: false) { harness in
            let topic = try await harness.createTopic("t")
            _ = await harness.produce(topic, try TestBatch.bytes(["a"]), acks: .none)
            try await harness.lead(topic, 1)
            let latest = ListOffsetsItem(topicID: topic, partition: 0, leaderEpoch: -1, spec: .latest)
            #expect(await harness.broker.listOffsets([latest])[0].error?.code == .offsetNotAvailable)
            harness.store.startBackground()
            _ = try await harness.produce(topic, TestBatch.bytes(["b"])).get()
            #expect(try await harness.broker.listOffsets([latest])[0].get().offset == 2)
        }
    }

    @Test("stopping the broker fails everybody who waits")
    func stop() async throws {
        let harness = try await BrokerHarness.start(syncing: false)
        let topic = try await harness.createTopic("t")
        let batch = try TestBatch.bytes(["a"])
        async let produced = harness.produce(topic, batch)
        try await harness.waitUntil { $0.producesWaiting == 1 }
        let parked = try await harness.park([harness.item(topic)])
        await harness.broker.stop()
        #expect(await produced.error?.code == .leaderChangedAfterAppend)
        #expect(try await parked.reply().first?.error?.code == .brokerUnavailable)
        #expect(await harness.produce(topic, batch).error?.code == .brokerUnavailable)
        #expect(await harness.createError("late") == .brokerUnavailable)
    }

    @Test("with acks=all a write is refused while fewer replicas are in sync than the topic wants")
    func minInSync() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            let settings = try TopicSettings(
                ["min.insync.replicas": "2"], defaults: [:], producerExpiration: .seconds(60))
            try harness.partition(topic).update(settings)
            let batch = try TestBatch.bytes(["a"])
            #expect(await harness.produce(topic, batch).error?.code == .notEnoughReplicas)
            #expect(try await harness.produce(topic, batch, acks: .leader).get().baseOffset == 0)
        }
    }
}

extension BrokerHarness {
    /// As if the metadata gave the partition a new epoch, led by this broker.
    func lead(_ topic: TopicID, _ epoch: LeaderEpoch) async throws {
        let partition = try partition(topic)
        let record = PartitionRecord(
            id: partition.id, leader: PartitionLeader(broker: 0, startEpoch: await broker.control.startEpoch),
            leaderEpoch: epoch, replicas: [0], inSyncReplicas: [0])
        broker.replication.assign(partition, Versioned(record, revision: 1_000))
    }

    func createError(_ name: String) async -> ErrorCode? {
        await broker.createTopics([NewTopic(name: name, partitions: 1)])[0].error?.code
    }
}
