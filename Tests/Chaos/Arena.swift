import Foundation
import Martlet
import MartletCore
import MartletHosts
import MartletTestSupport

/// Three etcd members and three brokers, each on a host of its own, which this process reaches. Used by one task at a time.
final class Arena {
    let network: Network
    let etcd: [Node]
    private(set) var brokers: [BrokerID: Node] = [:]
    private let directory: TemporaryDirectory
    private var disks: [String] = []

    static let brokerIDs: [BrokerID] = [1, 2, 3]
    private static let port = 7400
    /// Enough for what a run writes; small, so that it can be filled.
    private static let diskSize = "768m"

    init() async throws {
        network = try Network("chaos")
        directory = try TemporaryDirectory()
        do {
            etcd = try Self.startEtcd(network, directory.path)
            let endpoints = etcd.map { "http://\($0.host.address):2379" }.joined(separator: ",")
            for id in Self.brokerIDs { brokers[id] = try startBroker(id, endpoints) }
            try network.join()
        } catch {
            network.close()
            throw error
        }
    }

    private static func startEtcd(_ network: Network, _ directory: String) throws -> [Node] {
        let hosts = try (1...3).map { try network.addHost("etcd\($0)") }
        let members = hosts.enumerated().map { "e\($0.offset + 1)=http://\($0.element.address):2380" }
        return try hosts.enumerated().map { index, host in
            let data = "\(directory)/etcd\(index + 1)"
            return try Node(
                "etcd \(index + 1)", on: host, directory: data, program: "etcd",
                arguments: [
                    "--name", "e\(index + 1)", "--data-dir", data, "--listen-client-urls",
                    "http://\(host.address):2379", "--advertise-client-urls", "http://\(host.address):2379",
                    "--listen-peer-urls", "http://\(host.address):2380", "--initial-advertise-peer-urls",
                    "http://\(host.address):2380", "--initial-cluster", members.joined(separator: ","), "--logger",
                    "zap", "--log-outputs", "stderr",
                ])
        }
    }

    private func startBroker(_ id: BrokerID, _ endpoints: String) throws -> Node {
        let host = try network.addHost("broker\(id)")
        let disk = "\(directory.path)/disk\(id)"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try Command.run("mount", "-t", "tmpfs", "-o", "size=\(Self.diskSize)", "chaos", disk)
        disks.append(disk)
        return try Node(
            "broker \(id)", on: host, directory: disk, program: BrokerProcess.binary,
            arguments: [
                "broker", "--id", "\(id)", "--etcd", endpoints, "--cluster", "chaos", "--rack", "r\(id)", "--data",
                "\(disk)/data", "--listen", "\(host.address):\(Self.port)", "--set", "broker.session.timeout.ms=3000",
                "--set", "replica.lag.time.max.ms=3000", "--set", "leader.imbalance.delay.ms=1000", "--set",
                "controlled.shutdown.max.ms=10000",
            ])
    }

    var addresses: [String] { Self.brokerIDs.compactMap { brokers[$0].map { "\($0.host.address):\(Self.port)" } } }

    func broker(_ id: BrokerID) throws -> Node {
        guard let broker = brokers[id] else { throw TestFailure("there is no broker \(id)") }
        return broker
    }

    /// Everybody but `host`.
    func others(than host: Network.Host) -> [Network.Host] {
        (etcd.map(\.host) + brokers.values.map(\.host)).filter { $0 != host }
    }

    /// Takes nearly all the room that is left on a broker's disk; what the broker writes meanwhile takes the rest.
    func fillDisk(of broker: Node) throws {
        let values = try URL(filePath: broker.directory).resourceValues(forKeys: [.volumeAvailableCapacityKey])
        let free = values.volumeAvailableCapacity ?? 0
        try Command.run("fallocate", "-l", "\(max(4096, free - (1 << 20)))", "\(broker.directory)/ballast")
    }

    func emptyDisk(of broker: Node) throws {
        try FileManager.default.removeItem(atPath: "\(broker.directory)/ballast")
    }

    /// Ends what still runs and takes everything away.
    func close() async {
        for node in etcd + Array(brokers.values) {
            node.process.signal(SIGCONT)
            await node.process.kill()
        }
        for disk in disks { try? Command.run("umount", disk) }
        network.close()
    }

    // MARK: Looking at it

    func client(timeout: Duration = .seconds(20)) throws -> ClientConfiguration {
        var configuration = try ClientConfiguration(addresses: addresses)
        configuration.operationTimeout = timeout
        configuration.requestTimeout = .seconds(4)
        configuration.connectTimeout = .seconds(2)
        return configuration
    }

    func admin<Result>(_ body: (Admin) async throws -> Result) async throws -> Result {
        try await withAdmin(try client(), logger: .quiet, body)
    }

    func waitUntilHealthy(within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        var last = ""
        try await admin { admin in
            while ContinuousClock.now < deadline {
                do {
                    let overview = try await admin.clusterOverview()
                    let up = overview.brokers.count { $0.isAlive && !$0.isFenced && !$0.isDraining }
                    if up == Self.brokerIDs.count, overview.troubled.isEmpty { return }
                    last = "\(up) brokers are up; in trouble: \(overview.troubled.map { "\($0.topicPartition)" })"
                } catch {
                    last = "\(error)"
                }
                try await Task.sleep(for: .milliseconds(200))
            }
            throw TestFailure("the cluster has not healed within \(limit): \(last)")
        }
    }
}
