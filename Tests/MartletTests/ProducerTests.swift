import Logging
import MartletCore
import NIOCore
import Synchronization
import Testing

@testable import Martlet

private func configuration(_ broker: FakeBroker, _ change: (inout ProducerConfiguration) -> Void = { _ in })
    -> ProducerConfiguration
{
    var client = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: broker.port)])
    client.retryBackoff = .milliseconds(1)
    client.retryBackoffMax = .milliseconds(20)
    var configuration = ProducerConfiguration(client: client)
    change(&configuration)
    return configuration
}

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite("producer and a broker in this process")
struct ProducerTests {
    @Test("records arrive in order, with their offsets, in few batches")
    func order() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let producer = try Producer(configuration(broker), logger: quiet)
        var last: DeliveryHandle?
        for index in 0..<10_000 { last = try await producer.send(topic: "t", value: "\(index)") }
        let delivery = try await (try #require(last)).delivery()
        #expect(delivery.offset == 9_999)
        try await producer.close()
        #expect(try broker.cluster.values("t") == (0..<10_000).map(String.init))
        #expect(broker.cluster.stored("t").batches.count < 1_000)
        await broker.stop()
    }

    @Test("keys choose partitions as Kafka's clients do; keyless records fill few batches")
    func partitions() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t", partitions: 8)
        let producer = try Producer(configuration(broker), logger: quiet)
        for index in 0..<200 {
            let key = "key-\(index)"
            let handle = try await producer.send(topic: "t", key: key, value: "v")
            let expected = Array(key.utf8).withUnsafeBytes { Murmur2.partition(forKey: $0, count: 8) }
            #expect(handle.topicPartition.partition == expected)
        }
        let keyless = try await producer.send(topic: "t", value: "v")
        let next = try await producer.send(topic: "t", value: "v")
        #expect(keyless.topicPartition == next.topicPartition)
        try await producer.close()
        await broker.stop()
    }

    @Test("round-robin, custom and given partitions")
    func partitioners() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t", partitions: 4)
        let turns = try Producer(configuration(broker) { $0.partitioner = .roundRobin }, logger: quiet)
        var seen: Set<PartitionIndex> = []
        for _ in 0..<4 { seen.insert(try await turns.send(topic: "t", value: "v").topicPartition.partition) }
        #expect(seen.count == 4)
        #expect(try await turns.send(topic: "t", value: "v", partition: 2).topicPartition.partition == 2)
        await #expect(throws: MartletError.self) { try await turns.send(topic: "t", value: "v", partition: 4) }
        try await turns.close()
        let custom = try Producer(
            configuration(broker) { $0.partitioner = .custom { _, _, count in count - 1 } }, logger: quiet)
        #expect(try await custom.send(topic: "t", key: "k", value: "v").topicPartition.partition == 3)
        try await custom.close()
        await broker.stop()
    }

    @Test("retriable refusals are tried again, in order and without repetition")
    func retries() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        broker.cluster.state.withLock {
            $0.produceErrors = [.partitionRecovering, .none, .notEnoughReplicas, .noSpace, .none]
        }
        let producer = try Producer(configuration(broker) { $0.batchBytes = 100 }, logger: quiet)
        for index in 0..<50 { _ = try await producer.send(topic: "t", value: "value-\(index)") }
        try await producer.close()
        let values = try broker.cluster.values("t")
        #expect(Set(values).count == 50 && values.count == 50)
        await broker.stop()
    }

    @Test("why records wait is known while attempts fail, and no longer once they are delivered")
    func holdUp() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let producer = try Producer(configuration(broker), logger: quiet)
        try await producer.prepare(topic: "t")
        #expect(try producer.holdUp == nil)
        // More often than it can try within the test.
        broker.cluster.state.withLock { $0.produceErrors = Array(repeating: .noSpace, count: 100_000) }
        let handle = try await producer.send(topic: "t", value: "v")
        var known: HoldUp?
        while known == nil {
            known = try producer.holdUp
            await Task.yield()
        }
        let holdUp = try #require(known)
        #expect(holdUp.reason.code == .refused(.noSpace) && holdUp.age > .zero)
        broker.cluster.state.withLock { $0.produceErrors = [] }
        _ = try await handle.delivery()
        #expect(try producer.holdUp == nil)
        try await producer.close()
        await broker.stop()
    }

    @Test("a topic that is not there is told before its first record")
    func prepare() async throws {
        let broker = try await FakeBroker.start()
        let producer = try Producer(configuration(broker), logger: quiet)
        await #expect(throws: MartletError.self) { try await producer.prepare(topic: "t") }
        try await producer.close()
        await broker.stop()
    }

    @Test("batches that were written before their leader changed are sent again, and stored once")
    func leaderChanged() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        broker.cluster.state.withLock {
            $0.produceErrors = [.leaderChangedAfterAppend, .none, .leaderChangedAfterAppend]
        }
        let producer = try Producer(configuration(broker) { $0.batchBytes = 100 }, logger: quiet)
        for index in 0..<50 { _ = try await producer.send(topic: "t", value: "value-\(index)") }
        try await producer.close()
        #expect(try broker.cluster.values("t") == (0..<50).map { "value-\($0)" })
        await broker.stop()
    }

    @Test("an answer that never comes is not waited for longer than the request timeout, and the record is stored once")
    func silence() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        broker.cluster.state.withLock { $0.produceSilences = 1 }
        let producer = try Producer(
            configuration(broker) { $0.client.requestTimeout = .milliseconds(50) }, logger: quiet)
        let handle = try await producer.send(topic: "t", value: "once")
        #expect(try await handle.delivery().offset == 0)
        #expect(try broker.cluster.values("t") == ["once"])
        try await producer.close()
        await broker.stop()
    }

    @Test("a leader that says nothing any more is left for the one that has taken its place", .timeLimit(.minutes(1)))
    func silentLeader() async throws {
        let cluster = FakeBroker.Cluster()
        let first = try await FakeBroker.start(cluster)
        let second = try await FakeBroker.start(cluster, id: 1)
        cluster.addTopic("t")
        // Longer than this test may take.
        let patient = configuration(first) {
            $0.client.requestTimeout = .seconds(600)
            $0.deliveryTimeout = .seconds(900)
        }
        let producer = try Producer(patient, logger: quiet)
        _ = try await producer.send(topic: "t", value: "before").delivery()
        cluster.state.withLock { $0.produceSilences = 1 }
        let handle = try await producer.send(topic: "t", value: "silence")
        while !Task.isCancelled, cluster.stored("t").nextOffset < 2 { await Task.yield() }
        cluster.moveLeader(of: "t", to: 1)
        #expect(try await handle.delivery().offset == 1)
        #expect(try cluster.values("t") == ["before", "silence"])
        try await producer.close()
        await first.stop()
        await second.stop()
    }

    @Test("records follow their partition to its new leader")
    func leaderMove() async throws {
        let cluster = FakeBroker.Cluster()
        let first = try await FakeBroker.start(cluster, id: 0)
        let second = try await FakeBroker.start(cluster, id: 1)
        cluster.addTopic("t", leader: 0)
        let producer = try Producer(configuration(first), logger: quiet)
        _ = try await producer.send(topic: "t", value: "a").delivery()
        cluster.moveLeader(of: "t", to: 1)
        #expect(try await producer.send(topic: "t", value: "b").delivery().offset == 1)
        await first.stop()
        #expect(try await producer.send(topic: "t", value: "c").delivery().offset == 2)
        try await producer.close()
        #expect(try cluster.values("t") == ["a", "b", "c"])
        await second.stop()
    }

    @Test("a leader that says who leads now costs no back-off", .timeLimit(.minutes(1)))
    func toldOfLeader() async throws {
        let cluster = FakeBroker.Cluster()
        let first = try await FakeBroker.start(cluster, id: 0)
        let second = try await FakeBroker.start(cluster, id: 1)
        cluster.addTopic("t", leader: 0)
        let producer = try Producer(
            configuration(first) {
                // Longer than this test may take.
                $0.client.retryBackoffMax = .seconds(300)
                $0.client.retryBackoff = .seconds(300)
            }, logger: quiet)
        _ = try await producer.send(topic: "t", value: "a").delivery()
        cluster.moveLeader(of: "t", to: 1)
        var last: DeliveryHandle?
        for value in ["b", "c", "d"] { last = try await producer.send(topic: "t", value: value) }
        #expect(try await (try #require(last)).delivery().offset == 3)
        #expect(try cluster.values("t") == ["a", "b", "c", "d"])
        try await producer.close()
        await first.stop()
        await second.stop()
    }

    @Test("a broker that comes back on its port gets the records that waited for it")
    func reconnect() async throws {
        let cluster = FakeBroker.Cluster()
        let before = try await FakeBroker.start(cluster)
        cluster.addTopic("t")
        let producer = try Producer(configuration(before), logger: quiet)
        _ = try await producer.send(topic: "t", value: "a").delivery()
        await before.stop()
        let waiting = try await producer.send(topic: "t", value: "b")
        let after = try await FakeBroker.start(cluster, port: before.port)
        #expect(try await waiting.delivery().offset == 1)
        try await producer.close()
        await after.stop()
    }

    @Test("send waits while the buffer memory is used up; trySend says so")
    func backPressure() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let producer = try Producer(
            configuration(broker) {
                $0.maxMessageBytes = 4096
                $0.bufferBytes = 4096
                $0.maxRequestBytes = 4096
            }, logger: quiet)
        _ = try await producer.send(topic: "t", value: "first").delivery()
        broker.cluster.state.withLock { $0.isHolding = true }
        let value = String(repeating: "x", count: 1000)
        var accepted = 0
        while try producer.trySend(topic: "t", value: value) != nil { accepted += 1 }
        #expect(accepted == 3)
        async let blocked = producer.send(topic: "t", value: "late")
        broker.cluster.release()
        _ = try await blocked.delivery()
        try await producer.close()
        #expect(try broker.cluster.values("t").last == "late")
        await broker.stop()
    }

    @Test("what is ready for many partitions goes in few requests, one batch for each")
    func coalescing() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t", partitions: 50)
        let producer = try Producer(configuration(broker) { $0.linger = .seconds(30) }, logger: quiet)
        for partition in Int32(0)..<50 { _ = try await producer.send(topic: "t", value: "v", partition: partition) }
        try await producer.flush()
        #expect(broker.cluster.state.withLock { $0.requestSizes } == [50])
        try await producer.close()
        await broker.stop()
    }

    @Test("a failure that nobody awaited is thrown by the next flush, once")
    func unawaited() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let producer = try Producer(configuration(broker), logger: quiet)
        broker.cluster.state.withLock { $0.produceErrors = [.invalidTimestamp] }
        _ = try await producer.send(topic: "t", value: "v")
        let error = await #expect(throws: MartletError.self) { try await producer.flush() }
        #expect(error?.code == .refused(.invalidTimestamp))
        #expect(error?.topicPartition == TopicPartition(topic: "t", partition: 0))
        try await producer.flush()
        broker.cluster.state.withLock { $0.produceErrors = [.invalidTimestamp] }
        let handle = try await producer.send(topic: "t", value: "v")
        await #expect(throws: MartletError.self) { try await handle.delivery() }
        try await producer.close()
        await broker.stop()
    }

    @Test("a topic that does not exist is told at once; too large a record too; a closed producer takes nothing")
    func refusals() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let producer = try Producer(configuration(broker), logger: quiet)
        let unknown = await #expect(throws: MartletError.self) { try await producer.send(topic: "nope", value: "v") }
        #expect(unknown?.code == .refused(.unknownTopicOrPartition))
        let large = await #expect(throws: MartletError.self) {
            try await producer.send(topic: "t", value: [UInt8](repeating: 0, count: 2_000_000))
        }
        #expect(large?.code == .recordTooLarge)
        let name = await #expect(throws: MartletError.self) { try await producer.send(topic: "a/b", value: "v") }
        #expect(name?.code == .invalidArgument)
        try await producer.close()
        try await producer.close()
        let closed = await #expect(throws: MartletError.self) { try await producer.send(topic: "t", value: "v") }
        #expect(closed?.code == .closed)
        await broker.stop()
    }

    @Test("with no broker anywhere a record fails with what to check")
    func nobodyThere() async throws {
        let broker = try await FakeBroker.start()
        await broker.stop()
        let producer = try Producer(
            configuration(broker) {
                $0.client.operationTimeout = .milliseconds(50)
                $0.client.connectTimeout = .milliseconds(10)
            }, logger: quiet)
        let error = await #expect(throws: MartletError.self) { try await producer.send(topic: "t", value: "v") }
        #expect(error?.message.contains("127.0.0.1:\(broker.port)") == true)
        try await producer.close()
    }

    @Test("a record that was never sent fails with the broker that was tried, why not, and what to check")
    func neverSent() async throws {
        let cluster = FakeBroker.Cluster()
        let broker = try await FakeBroker.start(cluster)
        cluster.addTopic("t")
        let producer = try Producer(
            configuration(broker) {
                $0.client.requestTimeout = .seconds(1)
                $0.deliveryTimeout = .seconds(2)
            }, logger: quiet)
        // A busy machine may take longer than that to connect.
        while (try? await producer.send(topic: "t", value: "a").delivery()) == nil {}
        await broker.stop()
        // May be on its way while the connection breaks; its failure tells that the break is known.
        let caught = try await producer.send(topic: "t", value: "b")
        await #expect(throws: MartletError.self) { try await caught.delivery() }
        let late = try await producer.send(topic: "t", value: "c")
        let error = await #expect(throws: MartletError.self) { try await late.delivery() }
        #expect(error?.code == .timedOut && error?.broker == "127.0.0.1:\(broker.port)")
        let words = ["not in the log", "127.0.0.1:\(broker.port)", "check that"]
        #expect(words.allSatisfy { error?.message.contains($0) == true }, "\(error?.message ?? "")")
        try await producer.close()
    }

    @Test("acks none: a record counts once it is written, without an offset")
    func noAcks() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let producer = try Producer(configuration(broker) { $0.acks = .none }, logger: quiet)
        #expect(try await producer.send(topic: "t", value: "v").delivery().offset == nil)
        try await producer.close()
        await broker.stop()
    }

    @Test("LZ4 batches, headers, timestamps and null values survive the way there and back")
    func roundTrip() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let producer = try Producer(configuration(broker) { $0.compression = .lz4 }, logger: quiet)
        let text = String(repeating: "abc ", count: 500)
        _ = try await producer.send(
            topic: "t", key: "k", value: text,
            headers: [RecordHeader(key: "h", value: "1"), RecordHeader(key: "n", value: nil)],
            timestamp: 1234)
        _ = try await producer.send(topic: "t", key: "k", value: nil)
        try await producer.close()
        #expect(broker.cluster.stored("t").batches.first.map { $0.bytes.readableBytes < 1000 } == true)
        let consumer = try Consumer(ConsumerConfiguration(client: configuration(broker).client), logger: quiet)
        consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
        let first = try #require(try await consumer.nextRecord())
        #expect(first.keyString == "k" && first.valueString == text && first.timestamp == 1234)
        #expect(first.headers == [RecordHeader(key: "h", value: "1"), RecordHeader(key: "n", value: nil)])
        let second = try #require(try await consumer.nextRecord())
        #expect(second.value == nil && second.offset == 1)
        await consumer.close()
        await broker.stop()
    }
}
