import Logging
import Martlet
import Synchronization

/// A producer that sends 100-byte records with acks=all into partition 0 of a topic as fast as they go. What it reaches is
/// read off the high watermark. Any thread; measured by one task at a time.
final class LiveLoad: Sendable {
    private let topic: String
    private let client: ClientConfiguration
    private let begin = Mutex<(offset: Offset, at: ContinuousClock.Instant)?>(nil)
    private let source = RecordSource(.plain(valueBytes: 100))

    init(topic: String, client: ClientConfiguration) throws {
        self.topic = topic
        self.client = client
    }

    private static let silent = Logger(label: "martlet") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` beside it, once records flow.
    func whileRunning<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let producer = try Producer(ProducerConfiguration(client: client), logger: Self.silent)
        let first = try await producer.send(topic: topic, key: nil, value: source.value(0), partition: 0)
        _ = try await first.delivery()
        let sending = Task {
            var index = 0
            while !Task.isCancelled {
                // A look at the task's state costs as much as a record.
                for _ in 0..<256 {
                    index &+= 1
                    let value = source.value(index)
                    if try producer.trySend(topic: topic, key: nil, value: value, partition: 0) == nil {
                        _ = try await producer.send(topic: topic, key: nil, value: value, partition: 0)
                    }
                }
            }
        }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        sending.cancel()
        _ = await sending.result
        try await producer.close()
        return try result.get()
    }

    /// Records a second that were acknowledged over a while.
    func rate(over window: Duration) async throws -> Double {
        try await beginMeasuring()
        try await Task.sleep(for: window)
        return try await measured()
    }

    func beginMeasuring() async throws {
        let offset = try await end()
        begin.withLock { $0 = (offset, .now) }
    }

    /// Records a second since ``beginMeasuring()``.
    func measured() async throws -> Double {
        let offset = try await end()
        guard let begin = begin.withLock({ $0 }) else { return 0 }
        return Double(offset - begin.offset) / (ContinuousClock.now - begin.at).inSeconds
    }

    private func end() async throws -> Offset {
        let partition = TopicPartition(topic: topic, partition: 0)
        let ends = try await withAdmin(client, logger: Self.silent) { try await $0.offsets(for: [partition: .latest]) }
        guard let end = ends[partition]?.offset else { throw BenchError("\(partition) has no end") }
        return end
    }
}
