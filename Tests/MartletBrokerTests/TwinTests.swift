import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

/// Two processes as one broker, the second on a copy of the directory of the first (RULES 3, 18).
@Suite("A copy of a data directory", .timeLimit(.minutes(2)))
struct TwinTests {
    private func refusal(
        _ cluster: ControlledCluster, _ id: BrokerID, port: UInt16? = nil
    ) async throws -> BrokerError? {
        await #expect(throws: BrokerError.self) {
            try await cluster.start(id, port: port) { $0.sessionTimeout = .seconds(1) }
        }
    }

    @Test(
        "the place of a run that lives is not taken: the copy is refused, and the run leads on",
        arguments: [true, false])
    func livingTwin(hasAnotherAddress: Bool) async throws {
        try await ControlledCluster.with(1) { cluster in
            let topic = try await cluster.createTopic("t", partitions: 1, replicas: 1)
            let first = cluster[0]
            let before = try await cluster.shared.image().brokers[0]
            let own = try cluster.directory(of: 0)
            cluster.use(try TemporaryDirectory(copying: own), for: 0)
            let error = await #expect(throws: BrokerError.self) {
                try await cluster.start(0, port: hasAnotherAddress ? 7_500 : 7_400) { $0.sessionTimeout = .seconds(1) }
            }
            #expect(error?.message.contains("another process runs as broker 0, at 127.0.0.1:7400") == true)
            #expect(try await cluster.shared.image().brokers[0] == before)
            while let error = try await first.produce(["a"], topic).error {
                guard error.code.isRetriable else { throw error }
                await Task.yield()
            }
            withExtendedLifetime(own) {}
        }
    }

    /// Broker 2 lives, at an address that says nothing to others; its place is wanted at another one.
    private func silentTwin(
        replicas: Int32, _ body: (ControlledCluster, TopicID) async throws -> Void
    ) async throws {
        try await ControlledCluster.with(3) { cluster in
            let topic = try await cluster.createTopic("t", partitions: 3, replicas: replicas)
            let first = cluster[2]
            cluster.network.silence(ReplicaIdentity(broker: 2, startEpoch: await first.control.startEpoch))
            let own = try cluster.directory(of: 2)
            cluster.use(try TemporaryDirectory(copying: own), for: 2)
            try await body(cluster, topic)
            await first.control.stop()
            withExtendedLifetime(own) {}
        }
    }

    @Test("a silent run is not waited for to the end of its session where others are in sync, and the copy is not then")
    func silentDispensable() async throws {
        try await silentTwin(replicas: 3) { cluster, topic in
            // So that it cannot catch up: it stays out of the in-sync sets that it has left.
            for other in 0..<2 as Range<BrokerID> { cluster.network.cut(2, other) }
            try await cluster.start(2, port: 7_500)
            let image = try await cluster.shared.image()
            #expect(image.brokers[2]?.port == 7_500 && image.brokers[2]?.isFenced == false)
            for partition in image.partitions.values where partition.record.id.topicID == topic {
                #expect(!partition.inSyncReplicas.contains(2))
            }
        }
    }

    @Test("a silent run is waited for where nobody else has what it has: its session decides")
    func silentSole() async throws {
        try await silentTwin(replicas: 1) { cluster, _ in
            let before = try await cluster.shared.image().brokers[2]
            let error = try await refusal(cluster, 2, port: 7_500)
            #expect(error?.message.contains("another process runs as broker 2, at 127.0.0.1:7402") == true)
            #expect(try await cluster.shared.image().brokers[2] == before)
        }
    }

    @Test("a copy is refused once its original has had another run, though nobody lives")
    func staleCopy() async throws {
        try await ControlledCluster.with(2) { cluster in
            let own = try cluster.directory(of: 1)
            let running = try TemporaryDirectory(copying: own)
            await cluster.stop(1)
            let stopped = try TemporaryDirectory(copying: own)
            try await cluster.start(1)
            await cluster.stop(1)
            let before = try await cluster.shared.image().brokers[1]
            for copy in [running, stopped] {
                cluster.use(copy, for: 1)
                let error = try await refusal(cluster, 1)
                #expect(error?.message.contains("a copy or a backup") == true, "\(String(describing: error))")
            }
            #expect(try await cluster.shared.image().brokers[1] == before)
            cluster.use(own, for: 1)
            try await cluster.start(1)
        }
    }

    @Test(
        "of two copies that start at the same time one serves, and the other's directory is known for a copy after that"
    )
    func race() async throws {
        try await ControlledCluster.with(2) { cluster in
            let own = try cluster.directory(of: 1)
            await cluster.stop(1)
            let copy = try TemporaryDirectory(copying: own)
            try await cluster.start(1)
            let runs = try await cluster.shared.image().brokers[1]?.runs
            await cluster.stop(1)
            let store = try LogStore(directory: own.path, options: LogStoreOptions(logger: BrokerHarness.quiet))
            #expect(store.identity.runs == runs)
            store.close()
            cluster.use(copy, for: 1)
            _ = try await refusal(cluster, 1)
            // What was refused has noted nothing.
            let refused = try LogStore(directory: copy.path, options: LogStoreOptions(logger: BrokerHarness.quiet))
            #expect(refused.identity.runs + 1 == runs)
            refused.close()
        }
    }
}
