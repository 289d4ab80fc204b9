import Martlet
import MartletTestSupport
import Testing

/// All tests of this target, one after the other: each has the machine's cores for an etcd and three brokers.
@Suite("A cluster of broker processes", .serialized)
struct ClusterTests {
    /// Short, so that a broker that is only silent is found out within the test.
    static let settings = ["broker.session.timeout.ms": "3000", "replica.lag.time.max.ms": "3000"]
}

extension ClusterUnderTest {
    /// A topic with a copy of each partition on each of three brokers, or on fewer.
    func createTopic(_ name: String, partitions: Int = 3, replicas: Int32 = 3) async throws -> RecordedLoad.Topic {
        try await admin { admin in
            _ = try await admin.createTopic(name, partitions: Int32(partitions), replicas: replicas)
        }
        return RecordedLoad.Topic(name, partitions: partitions)
    }

    /// Producers have stopped: reads every partition back through its leader, waits until all replicas have everything, stops the
    /// brokers and compares what each has on disk.
    func check(_ load: RecordedLoad) async throws {
        #expect(load.failures.isEmpty)
        try await waitUntilHealthy()
        #expect(try await load.violations().isEmpty)
        try await stopAll()
        var logs = ReplicaLogs()
        for (id, options) in options { try logs.read(id, dataDirectory: options.dataDirectory) }
        #expect(logs.disagreements().isEmpty)
        #expect(logs.batchCount > 0)
    }
}
