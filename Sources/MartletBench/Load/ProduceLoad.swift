import Logging
import Martlet

/// A number of records sent as fast as they go, by one producer or several.
struct ProduceLoad: Sendable {
    var topic: String
    var payload = Payload.plain(valueBytes: 100)
    /// Over all producers.
    var recordCount: Int
    var producers = 1
    /// Partitions that are written to, from 0. Each producer has its share of them to itself, or all share the only one.
    var partitions = 1
    var batchBytes = Workload.defaultBatchBytes
    var acks = Acks.all
    var compression = Compression.none

    /// Memory for records on their way, over all producers.
    private static let bufferBytes = 128 << 20

    /// From the first record sent over open connections until the last was acknowledged.
    func run(broker: String, progress: ProgressLine) async throws -> Duration {
        let source = RecordSource(payload)
        let lanes = try (0..<producers).map { try makeLane($0, broker: broker) }
        do {
            let elapsed = try await send(source, through: lanes, progress: progress)
            for lane in lanes { try await lane.producer.close() }
            return elapsed
        } catch {
            for lane in lanes { await lane.abandon() }
            throw error
        }
    }

    private func send(_ source: RecordSource, through lanes: [Lane], progress: ProgressLine) async throws -> Duration {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in lanes { group.addTask { try await lane.warmUp(source) } }
            try await group.waitForAll()
        }
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in lanes {
                group.addTask { try await lane.send(source, progress: lane.index == 0 ? progress : nil) }
            }
            try await group.waitForAll()
        }
        return ContinuousClock.now - start
    }

    /// A producer without a log: what fails is thrown, and a broker that is killed on purpose fails a thousand batches.
    private func makeLane(_ index: Int, broker: String) throws -> Lane {
        let silent = Logger(label: "martlet.producer") { _ in SwiftLogNoOpLogHandler() }
        return Lane(producer: try Producer(configuration(broker), logger: silent), index: index, load: self)
    }

    private func configuration(_ broker: String) throws -> ProducerConfiguration {
        guard var configuration = ProducerConfiguration(broker) else {
            throw BenchError("\(broker) is no broker's address: write host:port")
        }
        configuration.batchBytes = batchBytes
        configuration.acks = acks
        configuration.compression = compression
        configuration.bufferBytes = Swift.max(Self.bufferBytes / producers, 8 << 20)
        configuration.maxMessageBytes = Swift.max(configuration.maxMessageBytes, batchBytes + payload.valueBytes + 1024)
        return configuration
    }
}

/// One producer's part of a load.
private struct Lane: Sendable {
    var producer: Producer
    var index: Int
    var load: ProduceLoad

    private var recordCount: Int {
        load.recordCount / load.producers + (index < load.recordCount % load.producers ? 1 : 0)
    }

    /// The partitions of this producer: each producer's share is its own.
    private var partitions: [PartitionIndex] {
        let all = PartitionIndex(0)..<PartitionIndex(load.partitions)
        guard load.partitions >= load.producers else { return [PartitionIndex(index % load.partitions)] }
        return all.filter { Int($0) % load.producers == index }
    }

    /// Closes the producer without waiting for what is on its way: the broker may be gone.
    func abandon() async {
        let closing = Task { try await producer.close() }
        closing.cancel()
        _ = await closing.result
    }

    /// Opens the connection and learns where the partitions are.
    func warmUp(_ source: RecordSource) async throws {
        let handle = try await producer.send(
            topic: load.topic, key: source.key(0), value: source.value(0), partition: partitions[0])
        if load.acks != .none { _ = try await handle.delivery() }
    }

    /// Fills one batch of a partition after the other.
    func send(_ source: RecordSource, progress: ProgressLine?) async throws {
        let partitions = partitions
        let batchRecords = load.payload.recordCount(filling: load.batchBytes)
        let total = recordCount
        var sent = 0
        var turn = 0
        while sent < total {
            let end = Swift.min(total, sent + batchRecords)
            try await sendBatch(source, sent..<end, to: partitions[turn % partitions.count])
            sent = end
            turn += 1
            progress?.show(fraction: Double(sent) / Double(total))
        }
        try await producer.flush()
    }

    private func sendBatch(_ source: RecordSource, _ records: Range<Int>, to partition: PartitionIndex) async throws {
        for index in records {
            let key = source.key(index)
            let value = source.value(index)
            if try producer.trySend(topic: load.topic, key: key, value: value, partition: partition) == nil {
                _ = try await producer.send(topic: load.topic, key: key, value: value, partition: partition)
            }
        }
    }
}
