import Logging
import MartletCore
import Synchronization
import Testing

@testable import Martlet

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
private let partition = TopicPartition(topic: "t", partition: 0)

@Suite("consumer and a broker in this process")
struct ConsumerTests {
    private func client(_ broker: FakeBroker) -> ClientConfiguration {
        var client = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: broker.port)])
        client.retryBackoff = .milliseconds(1)
        client.retryBackoffMax = .milliseconds(20)
        return client
    }

    private func consumer(
        _ broker: FakeBroker, _ change: (inout ConsumerConfiguration) -> Void = { _ in }
    ) throws -> Consumer {
        var configuration = ConsumerConfiguration(client: client(broker))
        change(&configuration)
        return try Consumer(configuration, logger: quiet)
    }

    /// `count` records, "0" and up, in batches of ten.
    private func filled(_ count: Int, cluster: FakeBroker.Cluster = .init(), partitions: Int = 1) async throws
        -> FakeBroker
    {
        let broker = try await FakeBroker.start(cluster)
        cluster.addTopic("t", partitions: partitions)
        let producer = try Producer(ProducerConfiguration(client: client(broker)), logger: quiet)
        for partition in 0..<Int32(partitions) {
            for index in 0..<count {
                _ = try await producer.send(topic: "t", value: "\(index)", partition: partition)
                if index % 10 == 9 { try await producer.flush() }
            }
        }
        try await producer.close()
        return broker
    }

    private func read(_ count: Int, _ consumer: Consumer) async throws -> [String] {
        var values: [String] = []
        while values.count < count, let record = try await consumer.nextRecord() {
            values.append(record.valueString ?? "-")
        }
        return values
    }

    @Test("all records in order from the beginning, and the position moves record by record")
    func fromTheBeginning() async throws {
        let broker = try await filled(95)
        let consumer = try consumer(broker)
        consumer.assign([partition], from: .earliest)
        #expect(try await read(42, consumer) == (0..<42).map(String.init))
        #expect(try consumer.position(of: partition) == 42)
        #expect(try await read(53, consumer) == (42..<95).map(String.init))
        #expect(consumer.highWatermark(of: partition) == 95)
        await consumer.close()
        await broker.stop()
    }

    @Test("waiting for a while ends without a record, takes one that is there, and tells a stop from either")
    func within() async throws {
        let broker = try await filled(10)
        let consumer = try consumer(broker)
        consumer.assign([partition], from: .latest)
        #expect(try await consumer.next(within: .milliseconds(1)) == nil)
        #expect(!consumer.isStopped)
        try consumer.seek(partition, to: .earliest)
        #expect(try await consumer.next(within: .seconds(60))?.recordCount == 10)
        // The clock is no part of it: what is there is handed out whatever the time.
        try consumer.seek(partition, to: .earliest)
        while try await consumer.next(within: .zero) == nil {}
        consumer.control.stop()
        #expect(try await consumer.next(within: .seconds(60)) == nil)
        #expect(consumer.isStopped)
        await consumer.close()
        await broker.stop()
    }

    @Test("a position inside a batch shows nothing before it")
    func insideBatch() async throws {
        let broker = try await filled(30)
        let consumer = try consumer(broker)
        consumer.assign([partition], from: .offset(13))
        let batch = try #require(try await consumer.next())
        #expect(try batch.records().map(\.offset) == Array(13..<20))
        #expect(batch.firstOffset == 13 && batch.nextOffset == 20)
        await consumer.close()
        await broker.stop()
    }

    @Test("latest shows only what comes afterwards, as soon as it comes")
    func latest() async throws {
        let broker = try await filled(10)
        let consumer = try consumer(broker)
        consumer.assign([partition])
        async let sent: Void = {
            let producer = try Producer(ProducerConfiguration(client: client(broker)), logger: quiet)
            // Until the consumer is there: it must see a suffix of these.
            for index in 0..<200 { _ = try await producer.send(topic: "t", value: "new \(index)").delivery() }
            while !Task.isCancelled, broker.cluster.state.withLock({ $0.fetchWaiters.isEmpty }) { await Task.yield() }
            _ = try await producer.send(topic: "t", value: "last").delivery()
            try await producer.close()
        }()
        var last = ""
        while last != "last", let record = try await consumer.nextRecord() {
            #expect(record.offset >= 10)
            last = record.valueString ?? ""
        }
        #expect(last == "last")
        try await sent
        await consumer.close()
        await broker.stop()
    }

    @Test("a damaged batch is never delivered, is named, and is read again when the damage is gone")
    func damage() async throws {
        let broker = try await filled(10)
        broker.cluster.state.withLock { $0.damagedFetches = 1 }
        let consumer = try consumer(broker)
        consumer.assign([partition], from: .earliest)
        let error = await #expect(throws: MartletError.self) { try await consumer.next() }
        #expect(error?.code == .corruptBatch)
        #expect(error?.broker == "127.0.0.1:\(broker.port)")
        #expect(error?.topicPartition == partition && error?.offset == 0)
        #expect(try consumer.position(of: partition) == 0)
        #expect(try await read(10, consumer) == (0..<10).map(String.init))
        await consumer.close()
        await broker.stop()
    }

    @Test("a position that is gone is treated as the policy says")
    func outOfRange() async throws {
        let broker = try await filled(50)
        let starts = try await withAdmin(client(broker), logger: quiet) { admin in
            try await admin.deleteRecords(before: [partition: 20])
        }
        #expect(starts == [partition: 20])
        let strict = try consumer(broker) { $0.reset = .none }
        strict.assign([partition], from: .offset(5))
        let error = await #expect(throws: MartletError.self) { try await strict.next() }
        #expect(error?.code == .offsetOutOfRange && error?.offset == 5)
        try strict.seek(partition, to: .earliest)
        #expect(try await strict.nextRecord()?.offset == 20)
        await strict.close()
        let lenient = try consumer(broker) { $0.reset = .earliest }
        lenient.assign([partition], from: .offset(5))
        #expect(try await lenient.nextRecord()?.offset == 20)
        await lenient.close()
        await broker.stop()
    }

    @Test("paused partitions hand out nothing, and keep their place")
    func pause() async throws {
        let broker = try await filled(20, partitions: 2)
        let consumer = try consumer(broker)
        let other = TopicPartition(topic: "t", partition: 1)
        consumer.assign([partition, other], from: .earliest)
        _ = try await consumer.nextRecord()
        let position = try consumer.position(of: partition)
        try consumer.pause([partition])
        let before = try consumer.position(of: other) ?? 0
        for _ in before..<20 { #expect(try await consumer.nextRecord()?.partition == 1) }
        #expect(try consumer.position(of: partition) == position)
        try consumer.resume([partition])
        #expect(try await consumer.nextRecord()?.partition == 0)
        await consumer.close()
        await broker.stop()
    }

    @Test("seek goes on elsewhere, and drops what was fetched ahead")
    func seek() async throws {
        let broker = try await filled(50)
        let consumer = try consumer(broker)
        consumer.assign([partition], from: .earliest)
        _ = try await read(3, consumer)
        try consumer.seek(partition, to: .offset(40))
        #expect(try await read(2, consumer) == ["40", "41"])
        try consumer.seek(partition, to: .earliest)
        #expect(try await read(1, consumer) == ["0"])
        let stranger = TopicPartition(topic: "x", partition: 0)
        #expect(throws: MartletError.self) { try consumer.seek(stranger, to: .latest) }
        await consumer.close()
        await broker.stop()
    }

    @Test("a consumer goes on over a restart of its broker and a move of the leader")
    func restart() async throws {
        let cluster = FakeBroker.Cluster()
        let first = try await filled(30, cluster: cluster)
        let second = try await FakeBroker.start(cluster, id: 1)
        let consumer = try consumer(first) { $0.maxPartitionBytes = 1024 }
        consumer.assign([partition], from: .earliest)
        #expect(try await read(5, consumer).count == 5)
        cluster.moveLeader(of: "t", to: 1)
        await first.stop()
        #expect(try await read(25, consumer) == (5..<30).map(String.init))
        let producer = try Producer(ProducerConfiguration(client: client(second)), logger: quiet)
        _ = try await producer.send(topic: "t", value: "after").delivery()
        #expect(try await read(1, consumer) == ["after"])
        try await producer.close()
        await consumer.close()
        await second.stop()
    }

    @Test("a leader that says who leads now costs no back-off", .timeLimit(.minutes(1)))
    func toldOfLeader() async throws {
        let cluster = FakeBroker.Cluster()
        let first = try await filled(30, cluster: cluster)
        let second = try await FakeBroker.start(cluster, id: 1)
        let consumer = try consumer(first) {
            // Longer than this test may take.
            $0.client.retryBackoffMax = .seconds(300)
            $0.client.retryBackoff = .seconds(300)
        }
        consumer.assign([partition], from: .earliest)
        #expect(try await read(30, consumer).count == 30)
        cluster.moveLeader(of: "t", to: 1)
        let producer = try Producer(ProducerConfiguration(client: client(second)), logger: quiet)
        _ = try await producer.send(topic: "t", value: "after").delivery()
        #expect(try await read(1, consumer) == ["after"])
        try await producer.close()
        await consumer.close()
        await first.stop()
        await second.stop()
    }

    @Test("stopping from elsewhere ends the sequence; so does cancelling the task")
    func stopping() async throws {
        let broker = try await filled(0)
        let consumer = try consumer(broker)
        consumer.assign([partition], from: .earliest)
        let control = consumer.control
        let stopper = Task { control.stop() }
        for try await _ in consumer.batches { Issue.record("there is nothing to read") }
        await stopper.value
        await broker.stop()
    }

    @Test("memory for what is fetched ahead is bounded, and reading on makes room")
    func boundedBuffer() async throws {
        let broker = try await filled(400)
        let consumer = try consumer(broker) {
            $0.maxPartitionBytes = 1024
            $0.maxBytes = 1024
            $0.bufferBytes = 2048
        }
        consumer.assign([partition], from: .earliest)
        #expect(try await read(400, consumer) == (0..<400).map(String.init))
        await consumer.close()
        await broker.stop()
    }

    @Test("a topic or partition that does not exist fails the read and says so")
    func unknown() async throws {
        let broker = try await filled(1)
        let consumer = try consumer(broker)
        consumer.assign([TopicPartition(topic: "t", partition: 7)], from: .earliest)
        let error = await #expect(throws: MartletError.self) { try await consumer.next() }
        #expect(error?.code == .invalidArgument)
        consumer.assign([TopicPartition(topic: "nope", partition: 0)], from: .earliest)
        let unknown = await #expect(throws: MartletError.self) { try await consumer.next() }
        #expect(unknown?.code == .refused(.unknownTopicOrPartition))
        await consumer.close()
        await broker.stop()
    }
}
