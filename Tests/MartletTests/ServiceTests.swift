import Logging
import Metrics
import MetricsTestKit
import ServiceLifecycle
import Synchronization
import Testing

@testable import Martlet

@Suite("lifecycle and metrics", .timeLimit(.minutes(1)))
struct ServiceTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func client(_ broker: FakeBroker, name: String = "test") -> ClientConfiguration {
        var client = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: broker.port)])
        client.clientName = name
        client.retryBackoff = .milliseconds(1)
        client.retryBackoffMax = .milliseconds(5)
        return client
    }

    @Test("a producer in a service group delivers what it has before it stops")
    func producerService() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        var configuration = ProducerConfiguration(client: client(broker))
        configuration.linger = .seconds(60)
        let producer = try Producer(configuration, logger: quiet)
        let group = ServiceGroup(services: [ProducerService(producer)], logger: quiet)
        async let run: Void = group.run()
        for index in 0..<100 { _ = try await producer.send(topic: "t", value: "\(index)") }
        #expect(broker.cluster.stored("t").nextOffset == 0)
        await group.triggerGracefulShutdown()
        try await run
        #expect(try broker.cluster.values("t") == (0..<100).map(String.init))
        await #expect(throws: MartletError.self) { try await producer.send(topic: "t", value: "late") }
        await broker.stop()
    }

    @Test("a consumer in a service group ends its sequence, and finishes the work on the last record")
    func consumerService() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        try await withProducer(ProducerConfiguration(client: client(broker)), logger: quiet) { producer in
            for index in 0..<10 { _ = try await producer.send(topic: "t", value: "\(index)") }
        }
        let seen = Mutex<[String]>([])
        let (tenth, tenthContinuation) = AsyncStream.makeStream(of: Void.self)
        let service = ConsumerService(ConsumerConfiguration(client: client(broker))) { consumer in
            consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
            for try await record in consumer.records {
                let count = seen.withLock { seen in
                    seen.append(record.valueString ?? "-")
                    return seen.count
                }
                if count == 10 { tenthContinuation.finish() }
            }
            seen.withLock { $0.append("end") }
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: quiet))
        async let run: Void = group.run()
        for await _ in tenth {}
        await group.triggerGracefulShutdown()
        try await run
        #expect(seen.withLock { $0 } == (0..<10).map(String.init) + ["end"])
        await broker.stop()
    }

    /// The process has one metrics system.
    private static let metrics: TestMetrics = {
        let metrics = TestMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }()

    private func total(_ label: String, _ client: String) throws -> Int64 {
        try Self.metrics.expectCounter(label, [("client", client)]).totalValue
    }

    @Test("records, bytes and failures are counted under the documented names")
    func metrics() async throws {
        _ = Self.metrics
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let client = client(broker, name: "counted")
        try await withProducer(ProducerConfiguration(client: client), logger: quiet) { producer in
            for index in 0..<20 { _ = try await producer.send(topic: "t", value: "\(index)") }
            try await producer.flush()
            broker.cluster.state.withLock { $0.produceErrors = [.messageTooLarge] }
            let failed = try await producer.send(topic: "t", value: "refused")
            await #expect(throws: MartletError.self) { try await failed.delivery() }
        }
        #expect(try total("martlet_producer_records_delivered_total", "counted") == 20)
        #expect(try total("martlet_producer_records_failed_total", "counted") == 1)
        #expect(try total("martlet_producer_bytes_sent_total", "counted") > 20 * 10)

        broker.cluster.state.withLock { $0.damagedFetches = 1 }
        let consumer = try Consumer(ConsumerConfiguration(client: client), logger: quiet)
        consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
        await #expect(throws: MartletError.self) {
            while try await consumer.next() != nil {}
        }
        #expect(try total("martlet_consumer_corrupt_batches_total", "counted") == 1)
        consumer.assign([])
        consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
        let before = try total("martlet_consumer_records_total", "counted")
        var seen = 0
        while seen < 20, let batch = try await consumer.next() { seen += batch.recordCount }
        #expect(try total("martlet_consumer_records_total", "counted") - before == 20)
        #expect(try total("martlet_consumer_bytes_total", "counted") > 20 * 10)
        await consumer.close()
        await broker.stop()
    }
}
