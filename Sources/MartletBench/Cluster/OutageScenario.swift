import Foundation
import Martlet

/// What happens to etcd.
enum OutageFault: String, CaseIterable, Sendable {
    case pause
    case kill

    var past: String {
        switch self {
        case .pause: "paused"
        case .kill: "killed"
        }
    }
}

/// Whether records are written and read, by a group that commits, as if nothing were, while there is no etcd; and how
/// long it takes until the status says so, and until all is well when it is back.
struct OutageScenario: Scenario {
    var fault: OutageFault
    var duration: Duration

    var title: String { "etcd \(fault.past) for \(duration)" }

    private static let topic = "outage"
    private static let limit = Duration.seconds(60)
    private static let sessionTimeout = Duration.seconds(7)

    func measure(at bench: Workbench) async throws -> Outcome {
        try await BenchCluster.with(bench) { cluster in
            try await cluster.admin { admin in
                _ = try await admin.createTopic(Self.topic, partitions: 1, replicas: 3)
            }
            try await cluster.waitUntilHealthy()
            let traffic = ClusterTraffic(
                topic: Self.topic, client: cluster.client(), group: ConsumerGroup("outage"))
            let (samples, commits) = try await traffic.whileRunning {
                try await traffic.waitForTraffic(within: Self.limit)
                // The group's own partitions are there now, too.
                try await cluster.waitUntilHealthy()
                let before = try await committed(cluster)
                let samples = try await outage(cluster, traffic, bench)
                return (samples, try await committed(cluster) - before)
            }
            let found = try await traffic.check()
            return Outcome(
                samples: samples + [
                    Sample(.outage(fault, .failed), Double(traffic.failures)),
                    Sample(.outage(fault, .lost), Double(found.lost + found.repeated + found.misplaced)),
                    Sample(.outage(fault, .committed), Double(commits)),
                ])
        }
    }

    private func outage(
        _ cluster: BenchCluster, _ traffic: ClusterTraffic, _ bench: Workbench
    ) async throws -> [Sample] {
        traffic.resetGaps()
        let start = ContinuousClock.now
        try await cluster.takeEtcdAway(paused: fault == .pause)
        let told = try await timeUntilTold(cluster, since: start)
        while ContinuousClock.now < start + duration {
            bench.progress.show(fraction: (ContinuousClock.now - start) / duration)
            try await Task.sleep(for: .milliseconds(200))
        }
        // Whatever stood still until the end shows as a gap.
        try await traffic.waitForTraffic(within: Self.limit)
        let gaps = (traffic.acknowledged.longest.inSeconds, traffic.read.longest.inSeconds)
        let back = ContinuousClock.now
        try cluster.bringEtcdBack(paused: fault == .pause)
        let healed = try await timeUntilHealed(cluster, since: back)
        try await traffic.waitForTraffic(within: Self.limit)
        let whole = (traffic.acknowledged.longest.inSeconds, traffic.read.longest.inSeconds)
        return [
            Sample(.outage(fault, .writes), gaps.0), Sample(.outage(fault, .reads), gaps.1),
            Sample(.outage(fault, .writesAfter), whole.0), Sample(.outage(fault, .readsAfter), whole.1),
            Sample(.outage(fault, .told), told.inSeconds), Sample(.outage(fault, .healed), healed.inSeconds),
        ]
    }

    /// Until every broker says that its store is away.
    private func timeUntilTold(_ cluster: BenchCluster, since start: ContinuousClock.Instant) async throws -> Duration {
        for id in BenchCluster.brokerIDs {
            _ = try await cluster.eventually("broker \(id) says that etcd is away", of: [id], within: duration) {
                try await $0.clusterOverview().store.isAvailable ? nil : true
            }
        }
        return ContinuousClock.now - start
    }

    /// Until all is well and stays so for longer than a session, whose end may come as late as that.
    private func timeUntilHealed(_ cluster: BenchCluster, since back: ContinuousClock.Instant) async throws -> Duration
    {
        var wellSince: ContinuousClock.Instant?
        while ContinuousClock.now - back < BenchCluster.patience {
            let isWell = try await cluster.isHealthy()
            wellSince = isWell ? wellSince ?? .now : nil
            if let wellSince, ContinuousClock.now - wellSince > Self.sessionTimeout { return wellSince - back }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchError("the cluster has not healed within \(BenchCluster.patience)")
    }

    private func committed(_ cluster: BenchCluster) async throws -> Offset {
        try await cluster.admin { admin in
            try await admin.committedOffsets(of: "outage")
                .first { $0.key.topic == Self.topic }?.value.offset ?? 0
        }
    }
}

/// What is kept of an outage.
enum OutageFigure: String, Sendable {
    case writes, reads, told, healed, failed, lost, committed
    case writesAfter = "writes.after"
    case readsAfter = "reads.after"
}

extension Figure {
    static func outage(_ fault: OutageFault, _ figure: OutageFigure) -> Figure {
        let (title, unit): (String, FigureUnit) =
            switch figure {
            case .writes: ("largest gap between acknowledgements", .seconds)
            case .reads: ("largest gap between reads", .seconds)
            case .writesAfter: ("the same until all had healed, writes", .seconds)
            case .readsAfter: ("the same until all had healed, reads", .seconds)
            case .told: ("until all brokers' status said so", .seconds)
            case .healed: ("until all was well when it was back", .seconds)
            case .failed: ("writes that a client saw fail", .count)
            case .lost: ("acknowledged and lost, repeated or misplaced", .count)
            case .committed: ("offsets that the group committed meanwhile", .count)
            }
        return Figure("outage.\(fault.rawValue).\(figure.rawValue)", "\(title), etcd \(fault.past)", unit)
    }
}
