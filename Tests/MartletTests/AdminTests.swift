import Logging
import MartletCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Martlet

@Suite("admin and a broker in this process")
struct AdminTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("topics are created, listed, described, grown and deleted")
    func topics() async throws {
        let broker = try await FakeBroker.start()
        let client = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: broker.port)])
        try await withAdmin(client, logger: quiet) { admin in
            let id = try await admin.createTopic("orders", partitions: 3, settings: ["retention.ms": "-1"])
            let twice = await #expect(throws: MartletError.self) { try await admin.createTopic("orders") }
            #expect(twice?.code == .refused(.topicAlreadyExists))
            #expect(try await admin.listTopics().map(\.name) == ["orders"])
            let topic = try await admin.describeTopic("orders")
            #expect(topic.id == id && topic.partitions.count == 3 && topic.partitions[0].sizes == nil)
            try await admin.alterTopic("orders", partitions: 5)
            #expect(try await admin.describeTopic("orders").partitions.count == 5)
            let ends = try await admin.offsets(for: [TopicPartition(topic: "orders", partition: 4): .latest])
            #expect(ends.values.map(\.offset) == [0])
            try await admin.deleteTopic("orders")
            let gone = await #expect(throws: MartletError.self) { try await admin.describeTopic("orders") }
            #expect(gone?.code == .refused(.unknownTopicOrPartition))
            #expect(gone?.broker == "127.0.0.1:\(broker.port)")
        }
        await broker.stop()
    }

    @Test("a leader of more partitions than a request may name is asked several times")
    func manyPartitions() async throws {
        let cluster = FakeBroker.Cluster()
        let broker = try await FakeBroker.start(cluster, partitionsPerRequestMax: 10)
        cluster.addTopic("t", partitions: 25)
        let client = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: broker.port)])
        try await withAdmin(client, logger: quiet) { admin in
            let all = (0..<25).map { TopicPartition(topic: "t", partition: $0) }
            let found = try await admin.offsets(for: Dictionary(uniqueKeysWithValues: all.map { ($0, .latest) }))
            #expect(Set(found.keys) == Set(all))
            #expect(cluster.state.withLock { $0.offsetQuestions } == [10, 10, 5])
        }
        await broker.stop()
    }

    @Test("a leader that says nothing about offsets is left for its successor", .timeLimit(.minutes(1)))
    func silentLeader() async throws {
        let cluster = FakeBroker.Cluster()
        let first = try await FakeBroker.start(cluster)
        let second = try await FakeBroker.start(cluster, id: 1)
        cluster.addTopic("t")
        var patient = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: first.port)])
        // Longer than this test may take.
        patient.requestTimeout = .seconds(600)
        patient.operationTimeout = .seconds(600)
        try await withAdmin(patient, logger: quiet) { admin in
            let partition = TopicPartition(topic: "t", partition: 0)
            #expect(try await admin.offsets(for: [partition: .latest])[partition]?.offset == 0)
            cluster.state.withLock { $0.offsetSilences = 1 }
            async let late = admin.offsets(for: [partition: .latest])
            while !Task.isCancelled, cluster.state.withLock({ $0.offsetSilences }) > 0 { await Task.yield() }
            cluster.moveLeader(of: "t", to: 1)
            let found = try await late
            #expect(found[partition]?.offset == 0)
        }
        await first.stop()
        await second.stop()
    }

    @Test(
        "a host that takes connections and says nothing does not hold up what others can answer",
        .timeLimit(.minutes(1)))
    func silentHost() async throws {
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let broker = try await FakeBroker.start()
        let ports = [try #require(silent.localAddress?.port), broker.port]
        var client = ClientConfiguration(bootstrap: ports.map { BrokerAddress(host: "127.0.0.1", port: $0) })
        // Longer than this test may take.
        client.connectTimeout = .seconds(300)
        client.requestTimeout = .seconds(600)
        try await withAdmin(client, logger: quiet) { admin in
            let topics = try await admin.listTopics()
            #expect(topics.isEmpty)
        }
        try await silent.close()
        await broker.stop()
    }

    @Test("the first bootstrap address that answers is used, and the cluster told")
    func bootstrap() async throws {
        let dead = try await FakeBroker.start()
        await dead.stop()
        let broker = try await FakeBroker.start(id: 4)
        var client = ClientConfiguration(
            bootstrap: [dead.port, broker.port].map { BrokerAddress(host: "127.0.0.1", port: $0) })
        client.connectTimeout = .milliseconds(500)
        try await withAdmin(client, logger: quiet) { admin in
            let cluster = try await admin.describeCluster()
            #expect(cluster.brokers.map(\.id) == [4])
            #expect(try await admin.brokerStatus().clusterID == "fake")
            #expect(try await admin.brokerStatus(4).broker.id == 4)
        }
        await broker.stop()
    }

    @Test("a cluster that cannot be reached is given up in time, with every address in the message")
    func unreachable() async throws {
        let dead = try await FakeBroker.start()
        await dead.stop()
        var client = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: dead.port)])
        client.operationTimeout = .milliseconds(60)
        client.retryBackoff = .milliseconds(5)
        let admin = try Admin(client, logger: quiet)
        let error = await #expect(throws: MartletError.self) { try await admin.listTopics() }
        #expect(error?.message.contains("127.0.0.1:\(dead.port)") == true)
        #expect(error?.code == .unreachable)
        #expect(error?.isRetriable == true)
        admin.close()
    }
}
