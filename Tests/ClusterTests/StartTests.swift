import Foundation
import Martlet
import MartletTestSupport
import Testing

extension ClusterTests {
    /// What a broker meets when it starts, and who else does.
    @Suite("Starting")
    struct StartTests {
        @Test(
            "a broker that finds no etcd waits for it, stops when it is told to, and serves once etcd is there",
            .timeLimit(.minutes(2)))
        func withoutEtcd() async throws {
            try await ClusterUnderTest.with(brokers: 1, settings: ClusterTests.settings) { cluster in
                try await cluster.broker(1).stop()
                await cluster.etcd.kill()
                try cluster.launch(1)
                let line = try await cluster.broker(1).waitForLog("waiting for the metadata store")
                #expect(line.contains(cluster.etcdOptions.url), "\(line)")
                #expect(!FileManager.default.fileExists(atPath: try cluster.options(for: 1).readyFile))
                try await cluster.broker(1).stop()
                try cluster.launch(1)
                try await cluster.broker(1).waitForLog("waiting for the metadata store")
                try await cluster.restartEtcd()
                try await cluster.broker(1).waitUntilReady()
            }
        }

        @Test("what waiting does not mend ends a start at once", .timeLimit(.minutes(2)))
        func wrongPassword() async throws {
            try await ClusterUnderTest.with(brokers: 1, settings: ClusterTests.settings) { cluster in
                try await cluster.broker(1).stop()
                try await cluster.etcd.control("user", "add", "root:secret")
                try await cluster.etcd.control("user", "grant-role", "root", "root")
                try await cluster.etcd.control("auth", "enable")
                var options = try cluster.options(for: 1)
                for (settings, words) in [
                    ([:], "wants a user"),
                    (["etcd.user": "root", "etcd.password": "guess"], "refuses the user or the password"),
                    (["cluster.name": "a/b"], "cluster name"),
                ] as [([String: String], String)] {
                    options.settings.merge(settings) { $1 }
                    let broker = try BrokerProcess(options)
                    #expect(try await broker.process.waitUntilEnded() == .exited(1))
                    #expect(broker.log.tail.contains(words), "\(broker.log.tail)")
                }
            }
        }

        @Test(
            "a second process on a copy of a broker's disk is refused, and the first serves on", .timeLimit(.minutes(2))
        )
        func twin() async throws {
            try await ClusterUnderTest.with(settings: ClusterTests.settings) { cluster in
                let topic = try await cluster.createTopic("t")
                let load = RecordedLoad(addresses: cluster.addresses)
                try await load.whileRunning(topics: [topic]) {
                    guard await load.waitForAcknowledgements(300) else { throw TestFailure("nothing is acknowledged") }
                    let former = try cluster.options(for: 2)
                    let copy = cluster.directory.path + "/copy"
                    // It stands still: files come and go in the directory otherwise.
                    try cluster.broker(2).suspend()
                    try FileManager.default.copyItem(atPath: former.dataDirectory, toPath: copy)
                    try cluster.broker(2).resume()
                    let twin = try BrokerProcess(BrokerProcess.Options(dataDirectory: copy, settings: former.settings))
                    #expect(try await twin.process.waitUntilEnded() == .exited(1))
                    #expect(twin.log.contains("another process runs as broker 2"), "\(twin.log.tail)")
                    // Nor later, when the first has had another run, and is down.
                    try await cluster.broker(2).stop()
                    try await cluster.restart(2)
                    try await cluster.broker(2).stop()
                    let late = try BrokerProcess(BrokerProcess.Options(dataDirectory: copy, settings: former.settings))
                    #expect(try await late.process.waitUntilEnded() == .exited(1))
                    #expect(late.log.contains("a copy or a backup"), "\(late.log.tail)")
                    try await cluster.restart(2)
                }
                try await cluster.check(load)
            }
        }

        @Test(
            "a broker that stood still until another process took its place serves nothing more and ends with an error",
            .timeLimit(.minutes(2)))
        func displaced() async throws {
            try await ClusterUnderTest.with(settings: ClusterTests.settings) { cluster in
                let former = try cluster.options(for: 2)
                let first = try cluster.broker(2)
                first.suspend()
                let copy = cluster.directory.path + "/copy"
                try FileManager.default.copyItem(atPath: former.dataDirectory, toPath: copy)
                let twin = try BrokerProcess(BrokerProcess.Options(dataDirectory: copy, settings: former.settings))
                // Its session ends first.
                try await twin.waitUntilReady()
                first.resume()
                #expect(try await first.process.waitUntilEnded() == .exited(1))
                #expect(first.log.contains("another process has registered as broker 2"), "\(first.log.tail)")
                try await cluster.waitUntilHealthy()
                try await twin.stop()
            }
        }
    }
}
