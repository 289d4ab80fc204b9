import Foundation
import Martlet

/// How fast a broker that was away copies what it missed, and what that costs those who produce meanwhile.
struct CatchUpScenario: Scenario {
    /// What it missed.
    var bytes: Int
    /// With a producer that sends as fast as it can into another topic.
    var isUnderLoad: Bool

    var title: String { "catching up \(Quantity.text(Double(bytes), .bytes)), \(isUnderLoad ? "under load" : "idle")" }

    private static let (missed, live) = ("missed", "live")
    private static let partitions = 6
    private static let payload = Payload.plain(valueBytes: 1024)
    private static let limit = Duration.seconds(120)
    private static let late: BrokerID = 3
    private static let window = Duration.seconds(4)
    /// Until retention gives back as much memory as live traffic takes. Before that each page is a new one, which costs
    /// a virtual machine several times as much as one that was used before.
    private static let settling = Duration.seconds(4)
    /// What live traffic leaves would fill the disk.
    private static let liveSettings = [
        "flush": "os", "segment.bytes": "\(32 << 20)", "retention.bytes": "\(256 << 20)",
    ]

    func measure(at bench: Workbench) async throws -> Outcome {
        try await BenchCluster.with(bench, settings: ["log.retention.check.interval.ms": "250"]) { cluster in
            try await cluster.admin { admin in
                _ = try await admin.createTopic(
                    Self.missed, partitions: Int32(Self.partitions), replicas: 3, settings: ["flush": "os"])
                _ = try await admin.createTopic(Self.live, partitions: 1, replicas: 3, settings: Self.liveSettings)
            }
            try await cluster.waitUntilHealthy()
            return Outcome(
                samples: isUnderLoad ? try await loaded(cluster, bench) : try await idle(cluster, bench))
        }
    }

    private func idle(_ cluster: BenchCluster, _ bench: Workbench) async throws -> [Sample] {
        try await cluster.stop(Self.late)
        try await produce(cluster, bench)
        return [Sample(.catchUp(.idle), Double(bytes) / (try await caughtUp(cluster)).inSeconds)]
    }

    /// The usual rate is that of before and after: what the machine gives changes within a minute.
    private func loaded(_ cluster: BenchCluster, _ bench: Workbench) async throws -> [Sample] {
        let load = try LiveLoad(topic: Self.live, client: cluster.client())
        let before = try await load.whileRunning {
            try await Task.sleep(for: Self.settling)
            return try await load.rate(over: Self.window)
        }
        try await cluster.stop(Self.late)
        try await produce(cluster, bench)
        return try await load.whileRunning {
            try await Task.sleep(for: Self.settling)
            let without = try await load.rate(over: Self.window)
            try await load.beginMeasuring()
            let elapsed = try await caughtUp(cluster)
            let meanwhile = try await load.measured()
            try await cluster.waitUntilWhole(within: Self.limit)
            let whole = ContinuousClock.now - (try cluster.broker(Self.late)).startedAt
            let after = try await load.rate(over: Self.window)
            return [
                Sample(.catchUp(.usual), (before + after) / 2), Sample(.catchUp(.without), without),
                Sample(.catchUp(.meanwhile), meanwhile),
                Sample(.catchUp(.loaded), Double(bytes) / elapsed.inSeconds),
                Sample(.catchUp(.whole), whole.inSeconds),
            ]
        }
    }

    private func produce(_ cluster: BenchCluster, _ bench: Workbench) async throws {
        let load = ProduceLoad(
            topic: Self.missed, payload: Self.payload, recordCount: Self.payload.recordCount(filling: bytes),
            producers: 2, partitions: Self.partitions)
        _ = try await load.run(broker: cluster.address(of: 1), progress: bench.progress)
    }

    /// From the start of its process until it is in sync with all that it missed.
    private func caughtUp(_ cluster: BenchCluster) async throws -> Duration {
        try cluster.launch(Self.late)
        _ = try await cluster.eventually("broker \(Self.late) is in sync", of: [1, 2], within: Self.limit) {
            try await $0.describeTopic(Self.missed).partitions
                .allSatisfy { $0.inSyncReplicas.contains(Self.late) } ? true : nil
        }
        return ContinuousClock.now - (try cluster.broker(Self.late)).startedAt
    }
}

/// What is kept of catching up.
enum CatchUpFigure: String, Sendable {
    case idle, loaded, usual, without, meanwhile, whole
}

extension Figure {
    static func catchUp(_ figure: CatchUpFigure) -> Figure {
        let (title, unit): (String, FigureUnit) =
            switch figure {
            case .idle: ("follower catching up, idle cluster", .bytesPerSecond)
            case .loaded: ("follower catching up, under load", .bytesPerSecond)
            case .whole: ("in sync, live traffic and all, under load", .seconds)
            case .usual: ("live traffic, all in sync (before and after)", .recordsPerSecond)
            case .without: ("live traffic, one broker away", .recordsPerSecond)
            case .meanwhile: ("live traffic, while it catches up", .recordsPerSecond)
            }
        return Figure("catchup.\(figure.rawValue)", title, unit)
    }
    /// The bare produce loop, in bytes of values.
    static let catchUpCeiling = Figure("ceiling.catchup", "ceiling: produce, 1 KiB records", .bytesPerSecond)
}
