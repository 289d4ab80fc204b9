import Foundation
import Logging
import Martlet
import MartletHosts

/// An etcd and three brokers for one scenario: on loopback, or on hosts of their own, which can be cut off. Used by one
/// task at a time.
final class BenchCluster {
    static let brokerIDs: [BrokerID] = [1, 2, 3]
    /// How long anything may take to come true.
    static let patience = Duration.seconds(90)

    let directory: String
    private let bench: Workbench
    private let network: Network?
    private let etcdSeat: ClusterSeat
    private let seats: [BrokerID: ClusterSeat]
    private let settings: [String: String]
    private var etcd: BenchProcess?
    private var brokers: [BrokerID: BenchProcess] = [:]

    /// Runs `body` with a cluster all of whose brokers serve; everything is gone afterwards.
    ///
    /// - Parameters:
    ///   - isOnHosts: each program has a host of its own, which needs root.
    ///   - settings: of all brokers, where they are not the defaults.
    static func with<Result>(
        _ bench: Workbench, isOnHosts: Bool = false, settings: [String: String] = [:],
        _ body: (BenchCluster) async throws -> Result
    ) async throws -> Result {
        guard bench.externalBroker == nil else {
            throw BenchError("this needs a cluster of its own, which is started here: leave out --broker")
        }
        let network = isOnHosts ? try Network("bench") : nil
        let leftover = network.map { network in
            Leftovers.ofProgram.add { [prefix = network.prefix] in Network.remove(prefix: prefix) }
        }
        defer {
            network?.close()
            if let leftover { Leftovers.ofProgram.settle(leftover) }
        }
        let cluster = try BenchCluster(bench, network, settings)
        do {
            try cluster.startEtcd()
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

    private init(_ bench: Workbench, _ network: Network?, _ settings: [String: String]) throws {
        self.bench = bench
        self.network = network
        self.settings = settings
        directory = try bench.makeDirectory()
        guard let network else {
            etcdSeat = try .onLoopback(ports: 2)
            seats = Dictionary(uniqueKeysWithValues: try Self.brokerIDs.map { ($0, try .onLoopback(ports: 1)) })
            return
        }
        etcdSeat = .on(try network.addHost("etcd"), ports: [2379, 2380])
        seats = Dictionary(
            uniqueKeysWithValues: try Self.brokerIDs.map {
                ($0, .on(try network.addHost("broker\($0)"), ports: [7400]))
            })
        try network.join()
    }

    private func close() async {
        for process in brokers.values {
            process.signal(SIGKILL)
            await process.waitUntilEnded()
        }
        await killEtcd()
        // A file system that syncs each removal of a directory takes half a minute for ten thousand, one by one.
        await withTaskGroup(of: Void.self) { [bench, directory] group in
            for id in Self.brokerIDs {
                let logs = "\(directory)/broker-\(id)/logs"
                let topics = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
                for topic in topics {
                    let path = "\(logs)/\(topic)"
                    group.addTask { bench.discard(path) }
                }
            }
        }
        bench.discard(directory)
    }

    // MARK: etcd

    private var etcdURL: String { "http://\(etcdSeat.address())" }

    /// For the first time, or again with what it had.
    func startEtcd() throws {
        let peer = "http://\(etcdSeat.address(1))"
        etcd = try etcdSeat.start(
            "etcd", try BenchProcess.find("etcd"),
            [
                "--name", "one", "--data-dir", "\(directory)/etcd", "--listen-client-urls", etcdURL,
                "--advertise-client-urls", etcdURL, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", "one=\(peer)",
            ], logPath: "\(directory)/etcd.log")
    }

    private func killEtcd() async {
        etcd?.signal(SIGKILL)
        await etcd?.waitUntilEnded()
    }

    /// It answers nobody, or it is gone.
    func takeEtcdAway(paused: Bool) async throws {
        if paused { etcd?.signal(SIGSTOP) } else { await killEtcd() }
    }

    func bringEtcdBack(paused: Bool) throws {
        if paused { etcd?.signal(SIGCONT) } else { try startEtcd() }
    }

    // MARK: Brokers

    /// Starts a broker, for the first time or again.
    func launch(_ id: BrokerID) throws {
        let readyFile = readyFile(of: id)
        try? FileManager.default.removeItem(atPath: readyFile)
        let settings = settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        brokers[id] = try seat(of: id).start(
            "broker \(id)", bench.brokerBinary,
            [
                "broker", "--id", "\(id)", "--etcd", etcdURL, "--cluster", "bench", "--data",
                "\(directory)/broker-\(id)", "--listen", address(of: id), "--ready-file", readyFile,
            ] + settings, logPath: "\(directory)/broker-\(id).log")
    }

    func broker(_ id: BrokerID) throws -> BenchProcess {
        guard let broker = brokers[id] else { throw BenchError("broker \(id) was not started") }
        return broker
    }

    /// A clean stop; returns when the process is gone.
    func stop(_ id: BrokerID) async throws {
        let broker = try broker(id)
        broker.signal(SIGTERM)
        await broker.waitUntilEnded()
    }

    /// From the start of its process until its listener serves.
    func timeUntilServing(_ id: BrokerID) async throws -> Duration {
        let broker = try broker(id)
        let readyFile = readyFile(of: id)
        while !FileManager.default.fileExists(atPath: readyFile) {
            guard ContinuousClock.now - broker.startedAt < Self.patience else {
                throw BenchError("broker \(id) does not serve within \(Self.patience)")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        return ContinuousClock.now - broker.startedAt
    }

    /// From here on nobody hears of it, and it hears nobody. Only with hosts.
    func cutOff(_ id: BrokerID) throws {
        guard let network, let host = try seat(of: id).host else { throw BenchError("broker \(id) has no host") }
        try network.unplug(host)
    }

    func reconnect(_ id: BrokerID) throws {
        guard let network, let host = try seat(of: id).host else { throw BenchError("broker \(id) has no host") }
        try network.plugIn(host)
    }

    private func seat(of id: BrokerID) throws -> ClusterSeat {
        guard let seat = seats[id] else { throw BenchError("there is no broker \(id)") }
        return seat
    }

    private func readyFile(of id: BrokerID) -> String { "\(directory)/broker-\(id).ready" }

    func address(of id: BrokerID) -> String { seats[id]?.address() ?? "" }

    // MARK: Looking at it

    /// A client that asks `brokers` first; by default, any.
    func client(_ brokers: [BrokerID] = brokerIDs) -> ClientConfiguration {
        ClientConfiguration(bootstrap: brokers.compactMap { BrokerAddress(address(of: $0)) })
    }

    func admin<Result>(
        _ brokers: [BrokerID] = brokerIDs, _ body: (Admin) async throws -> Result
    ) async throws -> Result {
        let silent = Logger(label: "martlet.admin") { _ in SwiftLogNoOpLogHandler() }
        return try await withAdmin(client(brokers), logger: silent, body)
    }

    func leader(of topic: String) async throws -> BrokerID {
        try await eventually("partition 0 of \(topic) is led") { admin in
            try await admin.describeTopic(topic).partitions[0].leader
        }
    }

    /// Every broker is up, every replica in sync, and preferred replicas lead.
    func waitUntilHealthy(within limit: Duration = patience) async throws {
        _ = try await eventually("the cluster is healthy", within: limit) { try await Self.isHealthy($0) ? true : nil }
    }

    /// Every broker is up and every replica in sync, whoever leads.
    func waitUntilWhole(within limit: Duration) async throws {
        _ = try await eventually("every replica is in sync", within: limit) { admin -> Bool? in
            let overview = try await admin.clusterOverview()
            let isUp = overview.brokers.count { $0.isAlive && !$0.isFenced } == Self.brokerIDs.count
            return isUp && overview.troubled.isEmpty ? true : nil
        }
    }

    /// The first of both now, with a store that answers.
    func isHealthy() async throws -> Bool {
        try await admin { try await Self.isHealthy($0) }
    }

    private static func isHealthy(_ admin: Admin) async throws -> Bool {
        let overview = try await admin.clusterOverview()
        let isUp = overview.brokers.count { $0.isAlive && !$0.isFenced } == brokerIDs.count
        return isUp && overview.store.isAvailable && overview.troubled.isEmpty && overview.partitionsNotPreferred == 0
    }

    /// Asks until `probe` has found something.
    func eventually<Found>(
        _ what: String, of brokers: [BrokerID] = brokerIDs, within limit: Duration = patience,
        _ probe: (Admin) async throws -> Found?
    ) async throws -> Found {
        let deadline = ContinuousClock.now + limit
        return try await admin(brokers) { admin in
            var last = "not yet"
            while ContinuousClock.now < deadline {
                let asked = ContinuousClock.now
                do {
                    if let found = try await probe(admin) { return found }
                } catch {
                    last = "\(error)"
                }
                // Whoever is asked about ten thousand partitions has to get on with them, too.
                try await Task.sleep(for: max(.milliseconds(20), (ContinuousClock.now - asked) * 4))
            }
            throw BenchError("within \(limit) it did not come true that \(what): \(last)")
        }
    }
}
