import Foundation
import Martlet
import MartletTestSupport
import Testing

extension ClusterTests {
    /// What an operator does with `martlet cluster` while brokers are down.
    @Suite("Command lines")
    struct OperationTests {
        /// Runs `martlet` to its end; what it printed. Throws when it fails, with what it said.
        @discardableResult
        private func martlet(_ arguments: [String]) async throws -> String {
            let environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MARTLET_") }
            let command = try ChildProcess(BrokerProcess.binary, arguments, environment: environment)
            let end = try await command.waitUntilEnded()
            guard end == .exited(0) else {
                throw TestFailure("martlet \(arguments) ended with \(end): \(command.errors.tail)")
            }
            return command.output.text
        }

        private func store(_ cluster: ClusterUnderTest) -> [String] {
            ["--etcd", cluster.etcd.url, "--cluster", "test"]
        }

        /// Starts a broker that must not start; what it said.
        private func refusal(_ options: BrokerProcess.Options) async throws -> String {
            let broker = try BrokerProcess(options)
            #expect(try await broker.process.waitUntilEnded() == .exited(1))
            return broker.log.tail
        }

        /// The sessions that the backup held are refused until they time out.
        private func onceSessionsEnded(_ body: () async throws -> String) async throws -> String {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                do { return try await body() } catch let error as TestFailure {
                    guard "\(error)".contains("still have sessions"), ContinuousClock.now < deadline else {
                        throw error
                    }
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }

        private func more(_ load: RecordedLoad, _ topic: RecordedLoad.Topic) async throws {
            try await load.whileRunning(topics: [topic]) {
                guard await load.waitForAcknowledgements(load.acknowledged + 300) else {
                    throw TestFailure("no 300 acknowledgements within a minute: \(load.failures)")
                }
            }
        }

        @Test(
            "adopt: a single broker's data is taken into a cluster, where it gets more replicas",
            .timeLimit(.minutes(3)))
        func adopt() async throws {
            try await ClusterUnderTest.with(brokers: 0, settings: ClusterTests.settings) { cluster in
                for id: BrokerID in 1...3 { _ = try cluster.options(for: id) }
                var alone = try cluster.options(for: 1)
                alone.settings = ["broker.id": "1"]
                let single = try await BrokerProcess.start(alone)
                let topic = RecordedLoad.Topic("t", partitions: 3)
                try await cluster.admin { _ = try await $0.createTopic(topic.name, partitions: 3) }
                let load = RecordedLoad(addresses: cluster.addresses)
                try await more(load, topic)
                try await single.stop()

                let adopt = ["cluster", "adopt", "--data", alone.dataDirectory] + store(cluster)
                #expect(try await martlet(adopt).hasPrefix("Adopted cluster "))
                #expect(try await martlet(adopt).contains("had been adopted already"))
                let words = try await refusal(alone)
                #expect(words.contains("moved to etcd"), "\(words)")

                try await cluster.start(brokers: 3)
                try await cluster.admin { admin in
                    let moves = try await admin.planReassignment(topics: [topic.name], replicas: 3)
                    #expect(moves.count == topic.partitions)
                    #expect(try await admin.reassign(moves).isEmpty)
                }
                try await more(load, topic)
                try await cluster.eventually("each partition has three replicas in sync") { admin in
                    let partitions = try await admin.describeTopic(topic.name).partitions
                    return partitions.allSatisfy { Set($0.inSyncReplicas) == [1, 2, 3] } ? () : nil
                }
                try await cluster.check(load)
            }
        }

        @Test(
            "recover: a metadata store that was restored from a backup is taken up, and no record is lost",
            .timeLimit(.minutes(3)))
        func recover() async throws {
            try await ClusterUnderTest.with(settings: ClusterTests.settings) { cluster in
                let topic = try await cluster.createTopic("t")
                let load = RecordedLoad(addresses: cluster.addresses)
                try await more(load, topic)
                let backup = cluster.directory.path + "/backup"
                try await cluster.etcd.control("snapshot", "save", backup)
                // Epochs that the backup does not know of.
                try await cluster.broker(1).stop()
                try await cluster.restart(1)
                try await cluster.waitUntilHealthy()
                try await more(load, topic)
                try await cluster.stopAll()
                await cluster.etcd.kill()
                try await cluster.restoreEtcd(from: backup)
                let words = try await refusal(try cluster.options(for: 1))
                #expect(words.contains("cluster recover"), "\(words)")

                let directories = try (1...3).map { try cluster.options(for: $0).dataDirectory }
                for directory in directories {
                    try await martlet(["cluster", "recover", "report", "--data", directory, directory + ".report"])
                }
                let applied = try await onceSessionsEnded {
                    try await martlet(
                        ["cluster", "recover", "apply"] + directories.map { $0 + ".report" } + store(cluster))
                }
                #expect(applied.contains("of 3 brokers"), "\(applied)")
                for directory in directories {
                    try await martlet(["cluster", "recover", "accept", "--data", directory] + store(cluster))
                }
                try await cluster.start(brokers: 3)
                try await cluster.waitUntilHealthy()
                try await more(load, topic)
                try await cluster.check(load)
            }
        }
    }
}
