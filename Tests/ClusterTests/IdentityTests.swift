import Foundation
import Martlet
import MartletTestSupport
import Testing

extension ClusterTests {
    /// Brokers that are not who they seem to be, and disks that are not what they were.
    @Suite("Identity")
    struct IdentityTests {
        /// Starts a broker that must not start; what it said.
        private func refusal(_ options: BrokerProcess.Options) async throws -> String {
            let broker = try BrokerProcess(options)
            let end = try await broker.process.waitUntilEnded()
            #expect(end == .exited(1))
            return broker.log.tail
        }

        @Test("a second broker with an id that is taken is refused, and the first serves on", .timeLimit(.minutes(2)))
        func twins() async throws {
            try await ClusterUnderTest.with(settings: ClusterTests.settings) { cluster in
                _ = try await cluster.createTopic("t")
                var twin = try BrokerProcess.Options(
                    dataDirectory: cluster.directory.path + "/twin", settings: cluster.options(for: 2).settings)
                twin.settings["broker.id"] = "2"
                let words = try await refusal(twin)
                #expect(words.contains("broker 2") || words.contains("broker.id"), "\(words)")
                try await cluster.waitUntilHealthy()
            }
        }

        @Test(
            "a broker whose disk is empty is refused, and nothing that the cluster has is lost", .timeLimit(.minutes(2))
        )
        func emptyDisk() async throws {
            try await ClusterUnderTest.with(settings: ClusterTests.settings) { cluster in
                let topic = try await cluster.createTopic("t")
                let load = RecordedLoad(addresses: cluster.addresses)
                try await load.whileRunning(topics: [topic]) {
                    guard await load.waitForAcknowledgements(500) else { throw TestFailure("nothing is acknowledged") }
                    await cluster.kill(3)
                    let options = try cluster.options(for: 3)
                    try FileManager.default.moveItem(
                        atPath: options.dataDirectory, toPath: options.dataDirectory + ".gone")
                    let words = try await refusal(options)
                    #expect(words.contains("director"), "\(words)")
                    // With its own disk it is welcome again.
                    try FileManager.default.removeItem(atPath: options.dataDirectory)
                    try FileManager.default.moveItem(
                        atPath: options.dataDirectory + ".gone", toPath: options.dataDirectory)
                    try await cluster.restart(3)
                }
                try await cluster.check(load)
            }
        }

        @Test(
            "a broker that is pointed at an empty prefix, or at another cluster's, is refused and leaves nothing there",
            .timeLimit(.minutes(2)))
        func otherCluster() async throws {
            try await ClusterUnderTest.with(brokers: 1, settings: ClusterTests.settings) { cluster in
                _ = try await cluster.createTopic("t", replicas: 1)
                try await cluster.broker(1).stop()
                var lost = try cluster.options(for: 1)
                lost.settings["cluster.name"] = "elsewhere"
                let empty = try await refusal(lost)
                #expect(empty.contains("the metadata store is empty"), "\(empty)")

                // Another cluster is founded there, by a broker of the same id: nothing was left that kept it from that.
                var settings = lost.settings
                settings["broker.rack"] = "elsewhere"
                let second = try BrokerProcess(
                    try BrokerProcess.Options(dataDirectory: cluster.directory.path + "/second", settings: settings))
                do {
                    try await second.waitUntilReady()
                    // With its founder alive, and once only its records are left.
                    let live = try await refusal(lost)
                    #expect(live.contains("the metadata store to"), "\(live)")
                    try await second.stop()
                    let other = try await refusal(lost)
                    #expect(other.contains("the metadata store to"), "\(other)")
                } catch {
                    await second.kill()
                    throw error
                }
                try await cluster.restart(1)
                try await cluster.eventually("its topic is led again") {
                    try await $0.describeTopic("t").partitions[0].leader
                }
            }
        }

        @Test(
            "a topic that was deleted and made again while a broker was down comes back as the new one there",
            .timeLimit(.minutes(2)))
        func recreated() async throws {
            try await ClusterUnderTest.with(settings: ClusterTests.settings) { cluster in
                let topic = try await cluster.createTopic("t")
                let before = RecordedLoad(addresses: cluster.addresses)
                try await before.whileRunning(topics: [topic]) {
                    guard await before.waitForAcknowledgements(300) else {
                        throw TestFailure("nothing is acknowledged")
                    }
                }
                await cluster.kill(2)
                try await cluster.eventually("two brokers can do without the third") { admin in
                    try await admin.clusterOverview().brokers.count(where: \.isAlive) == 2 ? () : nil
                }
                try await cluster.admin { admin in
                    try await admin.deleteTopic("t")
                    // Only two brokers are up.
                    _ = try await admin.createTopic("t", partitions: 3, replicas: 2)
                }
                let after = RecordedLoad(addresses: cluster.addresses)
                try await after.whileRunning(topics: [topic]) {
                    guard await after.waitForAcknowledgements(300) else { throw TestFailure("nothing is acknowledged") }
                    try await cluster.restart(2)
                }
                try await cluster.check(after)
            }
        }
    }
}
