import Martlet

/// A partition read from its start to an offset, every record visited.
struct ConsumeLoad: Sendable {
    var topic: String
    var endOffset: Offset

    struct Result: Sendable {
        var records: Int
        var valueBytes: Int
        var elapsed: Duration
    }

    func run(broker: String, progress: ProgressLine) async throws -> Result {
        guard let configuration = ConsumerConfiguration(broker) else {
            throw BenchError("\(broker) is no broker's address: write host:port")
        }
        let consumer = try Consumer(configuration)
        defer { consumer.abandon() }
        let start = ContinuousClock.now
        consumer.assign([TopicPartition(topic: topic, partition: 0)], from: .earliest)
        var records = 0
        var valueBytes = 0
        while let batch = try await consumer.next() {
            try batch.forEachRecord { record in
                records += 1
                valueBytes += record.value?.count ?? 0
            }
            progress.show(fraction: Double(batch.nextOffset) / Double(endOffset))
            if batch.nextOffset >= endOffset { break }
        }
        return Result(records: records, valueBytes: valueBytes, elapsed: ContinuousClock.now - start)
    }
}
