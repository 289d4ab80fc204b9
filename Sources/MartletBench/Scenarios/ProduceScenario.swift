import Foundation
import Martlet

/// How a topic acknowledges: its `flush` setting.
enum Flush: String, CaseIterable, Sendable {
    case os
    case batch
}

/// Records in, as fast as they go, to a topic of a fresh broker.
struct ProduceScenario: Scenario {
    /// Names the figures: "os.100", and for people "100-byte records, flush=os".
    var id: String
    var name: String
    var payload: Payload
    var flush: Flush
    var acks = Acks.all
    var compression = Compression.none
    var producers = 1
    /// Partitions that are written to.
    var partitions = 1
    /// Partitions that the topic has.
    var topicPartitions = 1
    var batchBytes = Workload.defaultBatchBytes
    /// The peak of the broker's anonymous memory is kept as ``Figure/loadedMemory``.
    var watchesMemory = false

    var title: String { "produce, \(name)" }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withBroker { broker in
            let topic = try await TestTopic.create(
                on: broker, partitions: topicPartitions,
                settings: ["flush": flush.rawValue, "max.message.bytes": "\(maxMessageBytes)"])
            let watch = watchesMemory ? broker.process.map { MemoryWatch(pid: $0.pid) } : nil
            let before = try broker.process?.usage()
            let ownBefore = try ProcessUsage(pid: getpid())
            let load = load(topic: topic, totalBytes: bench.totalBytes)
            let elapsed = try await load.run(broker: broker.address, progress: bench.progress)
            var samples = [Sample(.produce(id, name), Double(load.recordCount) / elapsed.inSeconds)]
            let own = try ProcessUsage(pid: getpid()).cpu - ownBefore.cpu
            samples.append(Sample(.produceClientCPU(id, name), own.inSeconds * 1e9 / Double(load.recordCount)))
            if let before, let after = try broker.process?.usage() {
                let perRecord = (after.cpu - before.cpu).inSeconds * 1e9 / Double(load.recordCount)
                samples.append(Sample(.produceCPU(id, name), perRecord))
                samples.append(
                    Sample(.produceCPUPerKilobyte(id, name), perRecord / Double(payload.batchedBytes) * 1000))
            }
            if flush == .batch, let sync = try await SyncLatency.mean(of: broker) {
                samples.append(Sample(.syncLatency(id, name), sync.inSeconds * 1e6))
            }
            if let watch { samples.append(Sample(.loadedMemory, Double(try await watch.finish()))) }
            try await TestTopic.remove(topic, from: broker)
            return Outcome(samples: samples)
        }
    }

    /// Room for a full batch and the record that filled it.
    private var maxMessageBytes: Int { Swift.max(1_048_588, batchBytes + payload.valueBytes + 1024) }

    private func load(topic: String, totalBytes: Int) -> ProduceLoad {
        ProduceLoad(
            topic: topic, payload: payload, recordCount: payload.recordCount(filling: totalBytes), producers: producers,
            partitions: partitions, batchBytes: batchBytes, acks: acks, compression: compression)
    }
}

extension ProduceScenario {
    /// A variant that has a goal.
    init(_ variant: ProduceVariant) {
        self.init(id: variant.rawValue, name: variant.title, payload: .plain(valueBytes: 100), flush: .os)
        switch variant {
        case .os100: break
        case .os1024: payload = .plain(valueBytes: 1024)
        case .os16Producers: producers = 16
        case .batch100: flush = .batch
        case .lz4:
            payload = .jsonLike
            compression = .lz4
        case .partitionsOS: spread()
        case .partitionsBatch:
            flush = .batch
            spread()
        }
    }

    /// 500 of 1,000 partitions written at once by 16 producers, in batches of 32 KiB.
    private mutating func spread() {
        producers = 16
        partitions = 500
        topicPartitions = 1000
        batchBytes = 32 << 10
        watchesMemory = true
    }
}

/// What the broker says of its syncs.
enum SyncLatency {
    private static let metric = "martlet_sync_seconds"

    /// Over all syncs since the broker's start; nil when it cannot be asked or has synced nothing.
    static func mean(of broker: BrokerUnderTest) async throws -> Duration? {
        guard let process = broker.process else { return nil }
        let text = try await Metrics.read(from: process.metricsAddress)
        guard let sum = Metrics.value(of: "\(metric)_sum", in: text),
            let count = Metrics.value(of: "\(metric)_count", in: text), count > 0
        else { return nil }
        return .seconds(sum / count)
    }
}
