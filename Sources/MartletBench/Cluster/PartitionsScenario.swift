import Foundation
import Martlet

/// A cluster with many partitions of three replicas: how long a broker takes to serve, and how long until others lead
/// what a dead one led.
struct PartitionsScenario: Scenario {
    var count: Int

    var title: String { "\(count) partitions of three replicas" }

    private static let topics = 10
    private static let limit = Duration.seconds(300)
    private static let idleFor = Duration.seconds(10)
    /// How a controller's log begins the line about a death.
    private static let verdict = "a broker is dead"
    private var perTopic: Int { (count + Self.topics - 1) / Self.topics }

    func measure(at bench: Workbench) async throws -> Outcome {
        // As far as two at a time have to be held, as when a topic is replaced.
        try await BenchCluster.with(bench, settings: ["max.partitions": "\(2 * count)"]) { cluster in
            let create = ContinuousClock.now
            for topic in 0..<Self.topics {
                try await cluster.admin { admin in
                    _ = try await admin.createTopic("many-\(topic)", partitions: Int32(perTopic), replicas: 3)
                }
                bench.progress.show(fraction: Double(topic) / Double(Self.topics))
            }
            try await cluster.waitUntilWhole(within: Self.limit)
            var samples = [Sample(.partitions(.created), (ContinuousClock.now - create).inSeconds)]
            samples += try await usage(cluster)

            let stop = ContinuousClock.now
            try await cluster.stop(3)
            samples.append(Sample(.partitions(.stop), (ContinuousClock.now - stop).inSeconds))
            try cluster.launch(3)
            samples.append(Sample(.partitions(.start), try await cluster.timeUntilServing(3).inSeconds))
            try await cluster.waitUntilWhole(within: Self.limit)
            samples.append(
                Sample(.partitions(.whole), (ContinuousClock.now - (try cluster.broker(3).startedAt)).inSeconds))

            samples += try await death(cluster, of: 2)
            try cluster.launch(2)
            samples.append(Sample(.partitions(.crashStart), try await cluster.timeUntilServing(2).inSeconds))
            return Outcome(samples: samples)
        }
    }

    /// What brokers cost to which nothing comes: of the three, the one that costs most.
    private func usage(_ cluster: BenchCluster) async throws -> [Sample] {
        let pids = try BenchCluster.brokerIDs.map { try cluster.broker($0).pid }
        // What the creation has left to do is done by then.
        try await Task.sleep(for: .seconds(2))
        let begin = ContinuousClock.now
        let before = try pids.map { try ProcessUsage(pid: $0) }
        try await Task.sleep(for: Self.idleFor)
        let after = try pids.map { try ProcessUsage(pid: $0) }
        let seconds = (ContinuousClock.now - begin).inSeconds
        let cores = zip(before, after).map { ($1.cpu - $0.cpu).inSeconds / seconds }
        return [
            Sample(.partitions(.idle), cores.max() ?? 0),
            Sample(.partitions(.memory), Double(after.map(\.anonymousBytes).max() ?? 0)),
        ]
    }

    /// From `kill -9`, and from the moment in which the controller's log says that the broker is dead, until a leader
    /// answers for every partition: it is asked where its high watermark is.
    private func death(_ cluster: BenchCluster, of dead: BrokerID) async throws -> [Sample] {
        let rest = BenchCluster.brokerIDs.filter { $0 != dead }
        // What has answered once goes on doing so: each topic is asked about until then.
        var waiting = Array(0..<Self.topics)
        let killed = Date()
        try cluster.broker(dead).signal(SIGKILL)
        _ = try await cluster.eventually("every partition is led", of: rest, within: Self.limit) { admin -> Bool? in
            while let topic = waiting.last {
                let partitions = try await admin.describeTopic("many-\(topic)").partitions
                guard partitions.allSatisfy({ $0.leader != nil && $0.leader != dead }) else { return nil }
                let wanted = partitions.map { TopicPartition(topic: "many-\(topic)", partition: $0.partition) }
                _ = try await admin.offsets(for: Dictionary(uniqueKeysWithValues: wanted.map { ($0, .latest) }))
                waiting.removeLast()
            }
            return true
        }
        let led = Date()
        var samples = [Sample(.partitions(.deathInAll), led.timeIntervalSince(killed))]
        let noticed = try rest.compactMap { try cluster.broker($0).firstLine(with: Self.verdict, since: killed) }.min()
        if let noticed { samples.append(Sample(.partitions(.death), led.timeIntervalSince(noticed))) }
        return samples
    }
}

/// What is kept of a cluster with many partitions.
enum PartitionsFigure: String, Sendable {
    case start, whole, stop, death, created, idle, memory
    case crashStart = "start.crash"
    case deathInAll = "death.all"
}

extension Figure {
    static func partitions(_ figure: PartitionsFigure) -> Figure {
        let (title, unit): (String, FigureUnit) =
            switch figure {
            case .start: ("broker start to serving", .seconds)
            case .crashStart: ("the same after kill -9", .seconds)
            case .whole: ("the same until all its replicas are in sync", .seconds)
            case .stop: ("clean stop, leadership handed over", .seconds)
            case .death: ("a death noticed until all partitions are led by others", .seconds)
            case .deathInAll: ("kill -9 until then", .seconds)
            case .created: ("creating them, until all are in sync", .seconds)
            case .idle: ("processor of an idle broker", .cores)
            case .memory: ("memory of an idle broker", .bytes)
            }
        return Figure("partitions.\(figure.rawValue)", title, unit)
    }
}
