internal import Foundation
internal import Logging
package import Martlet
package import MartletCore

/// An etcd and the brokers of a cluster, as processes of their own on loopback, for one test. Used by one task at a time.
package final class ClusterUnderTest {
    package let directory: TemporaryDirectory
    package let etcdOptions: EtcdProcess.Options
    package private(set) var etcd: EtcdProcess
    package private(set) var brokers: [BrokerID: BrokerProcess] = [:]
    package private(set) var options: [BrokerID: BrokerProcess.Options] = [:]
    /// What every broker is told, beside who it is.
    private let settings: [String: String]

    /// Starts an etcd; no broker yet.
    package init(settings: [String: String] = [:]) async throws {
        directory = try TemporaryDirectory()
        self.settings = settings
        etcdOptions = try EtcdProcess.Options(dataDirectory: directory.path + "/etcd")
        etcd = try await EtcdProcess.start(etcdOptions)
    }

    /// Runs `body` with a cluster whose brokers, from 1 up, all serve (with 0 none does yet); if it throws, the error comes with their last words.
    package static func with<Result>(
        brokers count: Int32 = 3, settings: [String: String] = [:],
        _ body: (ClusterUnderTest) async throws -> Result
    ) async throws -> Result {
        let cluster = try await ClusterUnderTest(settings: settings)
        do {
            try await cluster.start(brokers: count)
            let result = try await body(cluster)
            await cluster.killAll()
            return result
        } catch {
            let words = cluster.brokers.sorted { $0.key < $1.key }.map { id, broker in
                "broker \(id) \(broker.process.hasEnded ? "had ended" : "was running"); its last words:\n\(broker.log.tail)"
            }
            await cluster.killAll()
            throw TestFailure("\(error)\n\(words.joined(separator: "\n"))")
        }
    }

    // MARK: Processes

    /// How broker `id` of this cluster is started: the same data directory and address each time.
    package func options(for id: BrokerID, cluster: String = "test") throws -> BrokerProcess.Options {
        if let known = options[id] { return known }
        var own = settings
        own["broker.id"] = "\(id)"
        own["broker.rack"] = "rack-\(id)"
        own["etcd.endpoints"] = etcd.url
        own["cluster.name"] = cluster
        let made = try BrokerProcess.Options(dataDirectory: "\(directory.path)/broker-\(id)", settings: own)
        options[id] = made
        return made
    }

    /// Starts a broker, for the first time or again, without waiting until it serves.
    package func launch(_ id: BrokerID) throws {
        brokers[id] = try BrokerProcess(try options(for: id))
    }

    /// Starts brokers 1 to `count` together; returns once all of them serve.
    package func start(brokers count: Int32) async throws {
        let ids = (0..<count).map { $0 + 1 }
        for id in ids { try launch(id) }
        for id in ids { try await brokers[id]?.waitUntilReady() }
    }

    package func restart(_ id: BrokerID) async throws {
        try launch(id)
        try await brokers[id]?.waitUntilReady()
    }

    package func broker(_ id: BrokerID) throws -> BrokerProcess {
        guard let broker = brokers[id] else { throw TestFailure("broker \(id) was never started") }
        return broker
    }

    package func kill(_ id: BrokerID) async { await brokers[id]?.kill() }

    /// The same etcd member again, after it was killed.
    package func restartEtcd() async throws { etcd = try await EtcdProcess.start(etcdOptions) }

    /// Puts etcd, which must not run, back to what it was when `snapshot` was saved, and starts it.
    package func restoreEtcd(from snapshot: String) async throws {
        try await EtcdProcess.restore(etcdOptions, from: snapshot)
        try await restartEtcd()
    }

    /// Stops every broker that runs, cleanly, one after the other.
    package func stopAll() async throws {
        for (_, broker) in brokers.sorted(by: { $0.key < $1.key }) where !broker.process.hasEnded {
            try await broker.stop()
        }
    }

    private func killAll() async {
        for broker in brokers.values {
            broker.resume()
            await broker.kill()
        }
        etcd.resume()
        await etcd.kill()
    }

    // MARK: Looking at it

    /// Of all brokers that were started, up or not.
    package var addresses: [String] { options.sorted { $0.key < $1.key }.map(\.value.address) }

    package func client() throws -> ClientConfiguration {
        var configuration = ClientConfiguration(bootstrap: addresses.compactMap { BrokerAddress($0) })
        configuration.operationTimeout = .seconds(30)
        configuration.requestTimeout = .seconds(5)
        return configuration
    }

    package func admin<Result>(_ body: (Admin) async throws -> Result) async throws -> Result {
        try await withAdmin(try client(), logger: .quiet, body)
    }

    package func leader(of partition: TopicPartition) async throws -> BrokerID {
        try await eventually("\(partition) is led") { admin in
            try await admin.describeTopic(partition.topic).partitions[Int(partition.partition)].leader
        }
    }

    package func controller() async throws -> BrokerID {
        try await eventually("there is a controller") { try await $0.clusterOverview().controller }
    }

    /// Returns once every broker is up and unfenced and every partition has all its replicas in sync.
    package func waitUntilHealthy(within limit: Duration = .seconds(60)) async throws {
        try await eventually("the cluster is healthy", within: limit) { admin in
            let overview = try await admin.clusterOverview()
            let isWhole =
                overview.troubled.isEmpty && overview.partitionsMoving == 0
                && overview.brokers.allSatisfy { $0.isAlive && !$0.isFenced && !$0.isStopping }
            return isWhole ? () : nil
        }
    }

    /// Asks again and again until `probe` finds something; failures of calls count as not yet.
    @discardableResult
    package func eventually<Found>(
        _ what: String, within limit: Duration = .seconds(60), _ probe: (Admin) async throws -> Found?
    ) async throws -> Found {
        let deadline = ContinuousClock.now + limit
        return try await admin { admin in
            var last = "not yet"
            while ContinuousClock.now < deadline {
                do {
                    if let found = try await probe(admin) { return found }
                    last = "not yet"
                } catch {
                    last = "\(error)"
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            throw TestFailure("within \(limit) it did not come true that \(what); at last: \(last)")
        }
    }
}
