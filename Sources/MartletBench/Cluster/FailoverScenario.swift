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

/// How long writes with acks=all, and reads, stand still when the leader of their partition goes, and whether anything
/// acknowledged is lost; default settings throughout.
struct FailoverScenario: Scenario {
    var fault: FailoverFault
    /// How often, in one cluster.
    var times: Int

    var title: String { "leader \(fault.past), \(times) times" }

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
                Sample(.failover(fault, .writes), writes.median),
                Sample(.failover(fault, .worstWrite), writes.max() ?? 0),
                Sample(.failover(fault, .reads), reads.median),
                Sample(.failover(fault, .worstRead), reads.max() ?? 0),
                Sample(.failover(fault, .failed), Double(traffic.failures)),
                Sample(.failover(fault, .lost), Double(found.lost)),
                Sample(.failover(fault, .repeated), Double(found.repeated + found.misplaced)),
            ])
        }
    }

    /// Seconds without an acknowledgement, and without a record read.
    private func once(_ cluster: BenchCluster, _ traffic: ClusterTraffic) async throws -> (write: Double, read: Double)
    {
        try await traffic.waitForTraffic(within: Self.limit)
        let leader = try await cluster.leader(of: Self.topic)
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
    static func failover(_ fault: FailoverFault, _ figure: FailoverFigure) -> Figure {
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
        return Figure("failover.\(fault.rawValue).\(figure.rawValue)", "\(title), leader \(fault.past)", unit)
    }
}
