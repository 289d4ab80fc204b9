import Martlet
import MartletTestSupport
import Testing

extension ClusterTests {
    /// What happens to brokers while producers write with acks=all.
    @Suite("Under load")
    struct FaultTests {
        /// Enough to say that writing goes on.
        private static let some = 500

        private func load(
            _ name: String, _ fault: (ClusterUnderTest, RecordedLoad, TopicPartition) async throws -> Void
        ) async throws {
            try await ClusterUnderTest.with(settings: ClusterTests.settings) { cluster in
                let topic = try await cluster.createTopic(name)
                let load = RecordedLoad(addresses: cluster.addresses)
                try await load.whileRunning(topics: [topic]) {
                    try await more(load)
                    try await fault(cluster, load, TopicPartition(topic: name, partition: 0))
                    try await more(load)
                }
                try await cluster.check(load)
            }
        }

        private func more(_ load: RecordedLoad, _ count: Int = some) async throws {
            guard await load.waitForAcknowledgements(load.acknowledged + count) else {
                throw TestFailure("no \(count) acknowledgements within a minute")
            }
        }

        @Test("a leader that is killed loses nothing, and another leads", .timeLimit(.minutes(3)))
        func killed() async throws {
            try await load("killed") { cluster, load, partition in
                let leader = try await cluster.leader(of: partition)
                await cluster.kill(leader)
                try await more(load)
                try await cluster.eventually("another broker leads") { admin in
                    let now = try await admin.describeTopic(partition.topic).partitions[0].leader
                    return now == nil || now == leader ? nil : now
                }
                try await cluster.restart(leader)
                try await cluster.waitUntilHealthy()
            }
        }

        @Test("a leader that is only paused acknowledges nothing that is lost", .timeLimit(.minutes(3)))
        func paused() async throws {
            try await load("paused") { cluster, load, partition in
                let leader = try await cluster.leader(of: partition)
                try cluster.broker(leader).suspend()
                // Of all partitions: those that it led have another leader.
                try await more(load, 3 * Self.some)
                try cluster.broker(leader).resume()
                try await cluster.waitUntilHealthy()
            }
        }

        @Test(
            "brokers that are restarted one by one hand over first: no client sees a failure", .timeLimit(.minutes(3)))
        func rolling() async throws {
            try await load("rolling") { cluster, load, partition in
                for id: BrokerID in 1...3 {
                    try await cluster.broker(id).stop()
                    try await more(load)
                    try await cluster.restart(id)
                    try await cluster.waitUntilHealthy()
                }
            }
        }

        @Test(
            "while etcd is down brokers serve, say so, and refuse changes; all heals when it is back",
            .timeLimit(.minutes(3)))
        func withoutEtcd() async throws {
            try await load("away") { cluster, load, _ in
                await cluster.etcd.kill()
                try await more(load, 4 * Self.some)
                try await cluster.eventually("status tells that the store is away") { admin in
                    try await admin.clusterOverview().store.isAvailable ? nil : ()
                }
                var hasty = try cluster.client()
                hasty.operationTimeout = .milliseconds(100)
                await #expect {
                    try await withAdmin(hasty) { try await $0.createTopic("while-away") }
                } throws: { error in
                    let code = (error as? MartletError)?.code
                    return code == .refused(.metadataUnavailable) || code == .refused(.requestTimedOut)
                        || code == .timedOut
                }
                try await cluster.restartEtcd()
                try await cluster.waitUntilHealthy()
                try await cluster.eventually("topics can be made again") { admin in
                    _ = try? await admin.createTopic("back")
                    return try await admin.describeTopic("back").partitions[0].leader
                }
            }
        }
    }
}
