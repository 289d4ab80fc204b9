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
    /// Of each broker, in MiB: room for what a run writes, and small enough to be filled.
    private let diskSize: Int

    /// For a run of so many seconds.
    init(seconds: Int) async throws {
        diskSize = 256 + 3 * seconds
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
        try Command.run("mount", "-t", "tmpfs", "-o", "size=\(diskSize)m", "chaos", disk)
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

    func hosts(_ peers: Attack.Peers) -> [Network.Host] {
        let brokers = Self.brokerIDs.compactMap { self.brokers[$0]?.host }
        return switch peers {
        case .everybody: etcd.map(\.host) + brokers
        case .brokers: brokers
        case .etcd: etcd.map(\.host)
        }
    }

    private var nodes: [Node] { etcd + Self.brokerIDs.compactMap { brokers[$0] } }

    /// What each program has logged last.
    var lastWords: String { nodes.map(\.lastWords).joined(separator: "\n") }

    /// Leaves a file for each program with everything that it has logged.
    func keepLogs(in directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for node in nodes {
            let name = node.name.replacing(" ", with: "-")
            try node.log.write(toFile: "\(directory)/\(name).log", atomically: false, encoding: .utf8)
        }
    }

    /// Throws when a program has ended that nobody has ended.
    func expectAllRunning() throws {
        for node in nodes where !node.isRunning { throw TestFailure("\(node.name) has ended by itself") }
    }

    /// Logs that were cut back because their leader's had gone another way, by all brokers so far.
    var truncations: Int {
        brokers.values.reduce(0) { $0 + $1.count(of: "a follower cuts what its leader does not have") }
    }

    /// Takes all the room that is left on a broker's disk, but for a few pages: what the broker writes takes those.
    func fillDisk(of broker: Node) throws {
        var taken = 0
        var refusal: (any Error)?
        // By halves, and again: the broker writes on, and all that was free a moment ago no longer is.
        for _ in 0..<60 {
            let values = try URL(filePath: broker.directory).resourceValues(forKeys: [.volumeAvailableCapacityKey])
            let free = values.volumeAvailableCapacity ?? 0
            if free < 128 << 10 { return }
            let piece = free / 2
            do {
                try Command.run("fallocate", "-o", "\(taken)", "-l", "\(piece)", "\(broker.directory)/ballast")
                taken += piece
            } catch {
                refusal = error
            }
        }
        throw TestFailure("the disk of \(broker.name) cannot be filled\(refusal.map { ": \($0)" } ?? "")")
    }

    func emptyDisk(of broker: Node) throws {
        try FileManager.default.removeItem(atPath: "\(broker.directory)/ballast")
    }

    /// Ends what still runs and takes everything away.
    func close() async {
        for node in nodes {
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
