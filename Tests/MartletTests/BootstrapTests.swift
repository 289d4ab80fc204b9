import Logging
import MartletCore
import NIOCore
import NIOPosix
import Testing

@testable import Martlet

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A list of addresses of which the first refuses connections, the second takes them and says nothing, as a stopped
/// process does, and only the third answers. With timeouts that are longer than the test may take.
@Suite("one dead, one silent and one live address", .timeLimit(.minutes(1)))
struct BootstrapTests {
    private func with(
        _ body: (ClientConfiguration, FakeBroker) async throws -> Void
    ) async throws {
        let dead = try await FakeBroker.start()
        await dead.stop()
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let live = try await FakeBroker.start()
        live.cluster.addTopic("t")
        let ports = [dead.port, try #require(silent.localAddress?.port), live.port]
        var client = ClientConfiguration(bootstrap: ports.map { BrokerAddress(host: "127.0.0.1", port: $0) })
        client.connectTimeout = .seconds(300)
        client.requestTimeout = .seconds(600)
        client.operationTimeout = .seconds(600)
        try await body(client, live)
        try await silent.close()
        await live.stop()
    }

    @Test("a producer delivers")
    func producer() async throws {
        try await with { client, live in
            var configuration = ProducerConfiguration(client: client)
            configuration.deliveryTimeout = .seconds(600)
            let producer = try Producer(configuration, logger: quiet)
            let delivery = try await producer.send(topic: "t", value: "a").delivery()
            #expect(delivery.offset == 0)
            try await producer.close()
            #expect(try live.cluster.values("t") == ["a"])
        }
    }

    @Test("a consumer reads")
    func consumer() async throws {
        try await with { client, live in
            let direct = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: live.port)])
            let producer = try Producer(ProducerConfiguration(client: direct), logger: quiet)
            _ = try await producer.send(topic: "t", value: "a")
            try await producer.close()
            let consumer = try Consumer(ConsumerConfiguration(client: client), logger: quiet)
            consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
            #expect(try await consumer.next()?.nextOffset == 1)
            consumer.abandon()
        }
    }

    @Test("an admin is answered")
    func admin() async throws {
        try await with { client, _ in
            try await withAdmin(client, logger: quiet) { admin in
                let topic = try await admin.describeTopic("t")
                #expect(topic.partitions.count == 1)
            }
        }
    }
}
