internal import Martlet

/// Sends a small record to every partition of a topic every ten milliseconds, until its task is cancelled.
struct SteadySender: Sendable {
    static let interval = Duration.milliseconds(10)

    var topic: String
    var partitions: Int

    func run(broker: String) async throws {
        guard let configuration = ProducerConfiguration(broker) else {
            throw BenchError("\(broker) is no broker's address: write host:port")
        }
        try await withProducer(configuration) { producer in
            var due = ContinuousClock.now
            while !Task.isCancelled {
                for partition in 0..<PartitionIndex(partitions) {
                    _ = try await producer.send(topic: topic, value: "x", partition: partition)
                }
                due = max(due + Self.interval, ContinuousClock.now)
                try? await Task.sleep(until: due)
            }
        }
    }
}
