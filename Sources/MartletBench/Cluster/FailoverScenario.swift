import Foundation
import Logging
import Martlet
import Synchronization

/// What happens to a partition's leader.
enum FailoverFault: String, CaseIterable, Sendable {
    case kill
    case pause
    case stop

    var past: String {
        switch self {
        case .kill: "killed"
        case .pause: "paused"
        case .stop: "stopped cleanly"
        }
    }
}

/// How long writes with acks=all, and reads, stand still when the leader of their partition goes; default settings throughout.
struct FailoverScenario: Scenario {
    var fault: FailoverFault
    /// How often, in one cluster.
    var times: Int

    var title: String { "leader \(fault.past), \(times) times" }

    private static let topic = "failover"
    /// Longer than any session.
    private static let limit = Duration.seconds(60)

    func measure(at bench: Workbench) async throws -> Outcome {
        try await BenchCluster.with(bench) { cluster in
            try await cluster.admin { admin in
                _ = try await admin.createTopic(Self.topic, partitions: 1, replicas: 3)
            }
            try await cluster.waitUntilHealthy()
            let traffic = try FailoverTraffic(topic: Self.topic, client: try cluster.client())
            let samples = try await traffic.whileRunning {
                var writes: [Double] = []
                var reads: [Double] = []
                for round in 1...times {
                    let (write, read) = try await once(cluster, traffic)
                    writes.append(write)
                    reads.append(read)
                    bench.progress.show(fraction: Double(round) / Double(times))
                }
                return [
                    Sample(.failoverWrites(fault), writes.median), Sample(.failoverReads(fault), reads.median),
                    Sample(.failoverWorst(fault), writes.max() ?? 0),
                ]
            }
            return Outcome(samples: samples + [Sample(.failoverFailures(fault), Double(traffic.failures))])
        }
    }

    /// Seconds without an acknowledgement, and without a record read.
    private func once(_ cluster: BenchCluster, _ traffic: FailoverTraffic) async throws -> (Double, Double) {
        try await traffic.waitForTraffic(within: Self.limit)
        let leader = try await cluster.leader(of: Self.topic)
        let broker = try cluster.broker(leader)
        traffic.acknowledged.reset()
        traffic.read.reset()
        switch fault {
        case .kill: broker.signal(SIGKILL)
        case .pause: broker.signal(SIGSTOP)
        case .stop:
            broker.signal(SIGTERM)
            await broker.waitUntilEnded()
        }
        try await traffic.waitForTraffic(within: Self.limit)
        let gaps = (traffic.acknowledged.longest.inSeconds, traffic.read.longest.inSeconds)
        if fault == .pause {
            broker.signal(SIGCONT)
        } else {
            await broker.waitUntilEnded()
            try cluster.launch(leader)
        }
        try await cluster.waitUntilHealthy()
        return gaps
    }
}

/// A record a millisecond into partition 0 of a topic, and a reader behind it. Any thread.
private final class FailoverTraffic: Sendable {
    let acknowledged = GapMeter()
    let read = GapMeter()
    private let failed = Mutex(0)
    private let topic: String
    private let client: ClientConfiguration

    init(topic: String, client: ClientConfiguration) throws {
        self.topic = topic
        self.client = client
    }

    /// Writes that their sender was told had failed.
    var failures: Int { failed.withLock { $0 } }

    /// Enough of both to say that they flow.
    func waitForTraffic(within limit: Duration) async throws {
        for meter in [acknowledged, read] {
            guard try await meter.wait(for: 100, within: limit) else {
                throw BenchError("writes or reads did not go on within \(limit)")
            }
        }
    }

    func whileRunning<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.write() }
            group.addTask { try await self.consume() }
            let result = try await body()
            group.cancelAll()
            while let ended = await group.nextResult() {
                if case .failure(let error) = ended, !(error is CancellationError), !Self.isCancellation(error) {
                    throw error
                }
            }
            return result
        }
    }

    private static func isCancellation(_ error: any Error) -> Bool { (error as? MartletError)?.code == .cancelled }

    private static let silent = Logger(label: "martlet") { _ in SwiftLogNoOpLogHandler() }

    private func write() async throws {
        let producer = try Producer(ProducerConfiguration(client: client), logger: Self.silent)
        let (handles, continuation) = AsyncStream.makeStream(of: DeliveryHandle.self)
        let answers = Task {
            for await handle in handles {
                do {
                    _ = try await handle.delivery()
                    acknowledged.note()
                } catch {
                    failed.withLock { $0 += 1 }
                }
            }
        }
        let value = [UInt8](repeating: 0x61, count: 100)
        while !Task.isCancelled {
            continuation.yield(try await producer.send(topic: topic, key: nil, value: value, partition: 0))
            try? await Task.sleep(for: .milliseconds(1))
        }
        continuation.finish()
        await answers.value
        try await producer.close()
    }

    private func consume() async throws {
        let consumer = try Consumer(ConsumerConfiguration(client: client), logger: Self.silent)
        consumer.assign([TopicPartition(topic: topic, partition: 0)], from: .latest)
        while !Task.isCancelled, try await consumer.next() != nil { read.note() }
        consumer.abandon()
    }
}
