import Foundation
import Martlet

/// A cluster with many partitions of three replicas: how long a broker takes to serve, and how long until others lead
/// what a dead one led.
struct PartitionsScenario: Scenario {
    var count: Int

    var title: String { "\(count) partitions of three replicas" }

    private static let topics = 10
    private static let limit = Duration.seconds(300)
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
            let created = ContinuousClock.now - create

            try await cluster.stop(3)
            try cluster.launch(3)
            let clean = try await cluster.timeUntilServing(3)
            try await cluster.waitUntilWhole(within: Self.limit)
            let whole = try ContinuousClock.now - cluster.broker(3).startedAt

            let death = try await timeUntilLed(cluster, without: 2)
            try cluster.launch(2)
            let crash = try await cluster.timeUntilServing(2)
            return Outcome(samples: [
                Sample(.partitions(.start), clean.inSeconds), Sample(.partitions(.whole), whole.inSeconds),
                Sample(.partitions(.death), death.inSeconds), Sample(.partitions(.crashStart), crash.inSeconds),
                Sample(.partitions(.created), created.inSeconds),
            ])
        }
    }

    /// From `kill -9` until a leader answers for every partition: what is asked for is where its high watermark is.
    private func timeUntilLed(_ cluster: BenchCluster, without dead: BrokerID) async throws -> Duration {
        let rest = BenchCluster.brokerIDs.filter { $0 != dead }
        let all = (0..<Self.topics).flatMap { topic in
            (0..<perTopic).map { TopicPartition(topic: "many-\(topic)", partition: PartitionIndex($0)) }
        }
        let wanted = Dictionary(uniqueKeysWithValues: all.map { ($0, OffsetSpec.latest) })
        let killed = ContinuousClock.now
        try cluster.broker(dead).signal(SIGKILL)
        _ = try await cluster.eventually("every partition is led", of: rest, within: Self.limit) { admin -> Bool? in
            for topic in 0..<Self.topics {
                let leaders = try await admin.describeTopic("many-\(topic)").partitions.map(\.leader)
                guard leaders.allSatisfy({ $0 != nil && $0 != dead }) else { return nil }
            }
            return try await admin.offsets(for: wanted).count == wanted.count ? true : nil
        }
        return ContinuousClock.now - killed
    }
}

/// What is kept of a cluster with many partitions.
enum PartitionsFigure: String, Sendable {
    case start, whole, death, created
    case crashStart = "start.crash"
}

extension Figure {
    static func partitions(_ figure: PartitionsFigure) -> Figure {
        let title =
            switch figure {
            case .start: "broker start to serving"
            case .crashStart: "the same after kill -9"
            case .whole: "the same until all its replicas are in sync"
            case .death: "kill -9 until all partitions are led by others"
            case .created: "creating them"
            }
        return Figure("partitions.\(figure.rawValue)", title, .seconds)
    }
}
