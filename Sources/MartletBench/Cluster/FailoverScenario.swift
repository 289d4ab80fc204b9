import Foundation
import Martlet

/// What happens to a partition's leader.
enum FailoverFault: String, CaseIterable, Sendable {
    case kill
    case pause
    case cut
    case stop

    var past: String {
        switch self {
        case .kill: "killed"
        case .pause: "paused"
        case .cut: "cut off"
        case .stop: "stopped cleanly"
        }
    }

    /// It keeps its session until that ends by itself, and each round takes accordingly long.
    var isSilent: Bool {
        switch self {
        case .pause, .cut: true
        case .kill, .stop: false
        }
    }
}

/// What else the leader is to which something happens.
enum FailoverRole: String, CaseIterable, Sendable {
    /// Another broker is the controller.
    case leader
    /// The controller, too: somebody has to take its place before anybody takes the leader's.
    case controller

    var title: String {
        switch self {
        case .leader: "leader"
        case .controller: "leader and controller"
        }
    }
}

/// How long writes with acks=all, and reads, stand still when the leader of their partition goes, and whether anything
/// acknowledged is lost; default settings throughout.
struct FailoverScenario: Scenario {
    var fault: FailoverFault
    var role: FailoverRole
    /// How often, in one cluster.
    var times: Int

    var title: String { "\(role.title) \(fault.past), \(times) times" }

    private static let topic = "failover"
    /// Longer than any session.
    private static let limit = Duration.seconds(60)

    func measure(at bench: Workbench) async throws -> Outcome {
        try await BenchCluster.with(bench, isOnHosts: fault == .cut) { cluster in
            try await cluster.admin { admin in
                _ = try await admin.createTopic(Self.topic, partitions: 1, replicas: 3)
            }
            try await cluster.waitUntilHealthy()
            let traffic = ClusterTraffic(topic: Self.topic, client: cluster.client())
            let gaps = try await traffic.whileRunning {
                var gaps: [(write: Double, read: Double)] = []
                for round in 1...times {
                    gaps.append(try await once(cluster, traffic))
                    bench.progress.show(fraction: Double(round) / Double(times))
                }
                return gaps
            }
            let (writes, reads) = (gaps.map(\.write), gaps.map(\.read))
            let found = try await traffic.check()
            return Outcome(samples: [
                Sample(.failover(fault, role, .writes), writes.median),
                Sample(.failover(fault, role, .worstWrite), writes.max() ?? 0),
                Sample(.failover(fault, role, .reads), reads.median),
                Sample(.failover(fault, role, .worstRead), reads.max() ?? 0),
                Sample(.failover(fault, role, .failed), Double(traffic.failures)),
                Sample(.failover(fault, role, .lost), Double(found.lost)),
                Sample(.failover(fault, role, .repeated), Double(found.repeated + found.misplaced)),
            ])
        }
    }

    /// Seconds without an acknowledgement, and without a record read.
    private func once(_ cluster: BenchCluster, _ traffic: ClusterTraffic) async throws -> (write: Double, read: Double)
    {
        let leader = try await place(cluster)
        try await traffic.waitForTraffic(within: Self.limit)
        let broker = try cluster.broker(leader)
        traffic.resetGaps()
        switch fault {
        case .kill: broker.signal(SIGKILL)
        case .pause: broker.signal(SIGSTOP)
        case .cut: try cluster.cutOff(leader)
        case .stop: try await cluster.stop(leader)
        }
        try await traffic.waitForTraffic(within: Self.limit)
        let gaps = (traffic.acknowledged.longest.inSeconds, traffic.read.longest.inSeconds)
        switch fault {
        case .pause: broker.signal(SIGCONT)
        case .cut: try cluster.reconnect(leader)
        case .kill, .stop:
            await broker.waitUntilEnded()
            try cluster.launch(leader)
        }
        try await cluster.waitUntilHealthy()
        return gaps
    }
}

extension FailoverScenario {
    /// Has the partition led by the controller, or by a broker that is not; returns which.
    private func place(_ cluster: BenchCluster) async throws -> BrokerID {
        try await cluster.eventually("the \(role.title) is where it should be") { admin in
            let partition = try await admin.describeTopic(Self.topic).partitions[0]
            guard let controller = try await admin.clusterOverview().controller, let leader = partition.leader else {
                return nil
            }
            if (leader == controller) == (role == .controller) {
                // Until its replicas are where they should be, balancing would move it back.
                return try await cluster.isHealthy() ? leader : nil
            }
            let others = BenchCluster.brokerIDs.filter { $0 != controller }
            let order = role == .controller ? [controller] + others : others + [controller]
            let place = TopicPartition(topic: Self.topic, partition: 0)
            if partition.replicas != order {
                _ = try await admin.reassign([PartitionMove(place, replicas: partition.replicas, target: order)])
            }
            _ = try await admin.electPreferredLeaders([place])
            return nil
        }
    }
}

/// What is kept of a fault.
enum FailoverFigure: String, Sendable {
    case writes
    case worstWrite = "worst"
    case reads
    case worstRead = "reads.worst"
    case failed
    case lost
    case repeated
}

extension Figure {
    static func failover(_ fault: FailoverFault, _ role: FailoverRole, _ figure: FailoverFigure) -> Figure {
        let (title, unit): (String, FigureUnit) =
            switch figure {
            case .writes: ("no write acknowledged", .seconds)
            case .worstWrite: ("longest such gap in writes", .seconds)
            case .reads: ("no record read", .seconds)
            case .worstRead: ("longest such gap in reads", .seconds)
            case .failed: ("writes that a client saw fail", .count)
            case .lost: ("acknowledged and not in the log", .count)
            case .repeated: ("twice in the log, or out of order", .count)
            }
        return Figure(
            "failover.\(fault.rawValue).\(role.rawValue).\(figure.rawValue)", "\(title), \(role.title) \(fault.past)",
            unit)
    }
}
