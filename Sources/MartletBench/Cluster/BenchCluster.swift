import Foundation
import Logging
import Martlet

/// An etcd and three brokers on loopback, for one scenario. Used by one task at a time.
final class BenchCluster {
    static let brokerIDs: [BrokerID] = [1, 2, 3]

    private let bench: Workbench
    private let directory: String
    private let etcd: BenchProcess
    private let etcdURL: String
    private let ports: [BrokerID: Int]
    private var brokers: [BrokerID: BenchProcess] = [:]

    /// Runs `body` with a cluster all of whose brokers serve; everything is gone afterwards.
    static func with<Result>(
        _ bench: Workbench, _ body: (BenchCluster) async throws -> Result
    ) async throws -> Result {
        guard bench.externalBroker == nil else {
            throw BenchError("this kills brokers, so the cluster must be started here: leave out --broker")
        }
        let cluster = try await BenchCluster(bench)
        do {
            for id in brokerIDs { try cluster.launch(id) }
            try await cluster.waitUntilHealthy()
            let result = try await body(cluster)
            await cluster.close()
            return result
        } catch {
            let words = cluster.brokers.values.map { "\($0.name):\n\($0.lastWords)" }.joined(separator: "\n")
            await cluster.close()
            throw BenchError("\(error)\n\(words)")
        }
    }

    private init(_ bench: Workbench) async throws {
        self.bench = bench
        directory = try bench.makeDirectory()
        let client = try FreePort.find()
        let peer = "http://127.0.0.1:\(try FreePort.find())"
        etcdURL = "http://127.0.0.1:\(client)"
        ports = Dictionary(uniqueKeysWithValues: try Self.brokerIDs.map { ($0, try FreePort.find()) })
        etcd = try BenchProcess(
            "etcd", program: try BenchProcess.find("etcd"),
            arguments: [
                "--name", "one", "--data-dir", "\(directory)/etcd", "--listen-client-urls", etcdURL,
                "--advertise-client-urls", etcdURL, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", "one=\(peer)",
            ], logPath: "\(directory)/etcd.log")
    }

    private func close() async {
        for process in Array(brokers.values) + [etcd] {
            process.signal(SIGKILL)
            await process.waitUntilEnded()
        }
        bench.discard(directory)
    }

    /// Starts a broker, for the first time or again, with default settings.
    func launch(_ id: BrokerID) throws {
        brokers[id] = try BenchProcess(
            "broker \(id)", program: bench.brokerBinary,
            arguments: [
                "broker", "--id", "\(id)", "--etcd", etcdURL, "--cluster", "bench", "--data",
                "\(directory)/broker-\(id)", "--listen", address(of: id),
            ], logPath: "\(directory)/broker-\(id).log")
    }

    func broker(_ id: BrokerID) throws -> BenchProcess {
        guard let broker = brokers[id] else { throw BenchError("broker \(id) was not started") }
        return broker
    }

    func address(of id: BrokerID) -> String { "127.0.0.1:\(ports[id] ?? 0)" }

    func client() throws -> ClientConfiguration {
        ClientConfiguration(bootstrap: Self.brokerIDs.compactMap { BrokerAddress(address(of: $0)) })
    }

    func admin<Result>(_ body: (Admin) async throws -> Result) async throws -> Result {
        let silent = Logger(label: "martlet.admin") { _ in SwiftLogNoOpLogHandler() }
        return try await withAdmin(try client(), logger: silent, body)
    }

    func leader(of topic: String) async throws -> BrokerID {
        try await eventually("partition 0 of \(topic) is led") { admin in
            try await admin.describeTopic(topic).partitions[0].leader
        }
    }

    /// Every broker is up, every replica in sync, and preferred replicas lead.
    func waitUntilHealthy() async throws {
        _ = try await eventually("the cluster is healthy") { admin -> Bool? in
            let overview = try await admin.clusterOverview()
            let isUp = overview.brokers.count { $0.isAlive && !$0.isFenced } == Self.brokerIDs.count
            return isUp && overview.troubled.isEmpty && overview.partitionsNotPreferred == 0 ? true : nil
        }
    }

    private func eventually<Found>(
        _ what: String, _ probe: (Admin) async throws -> Found?
    ) async throws -> Found {
        let deadline = ContinuousClock.now + .seconds(90)
        return try await admin { admin in
            var last = "not yet"
            while ContinuousClock.now < deadline {
                do {
                    if let found = try await probe(admin) { return found }
                } catch {
                    last = "\(error)"
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            throw BenchError("within 90 s it did not come true that \(what): \(last)")
        }
    }
}
