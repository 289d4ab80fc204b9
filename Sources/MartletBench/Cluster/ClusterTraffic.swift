import Foundation
import Logging
import Martlet
import Synchronization

/// A numbered record a millisecond into partition 0 of a topic, and a reader behind it, with the SDK's defaults: acks=all,
/// idempotent. Any thread.
final class ClusterTraffic: Sendable {
    let acknowledged = GapMeter()
    let read = GapMeter()
    private let state = Mutex((ledger: DeliveryLedger(), failures: 0))
    private let topic: String
    private let client: ClientConfiguration
    private let group: ConsumerGroup?

    /// - Parameter group: the reader is its only member, and commits; nil: it reads by hand.
    init(topic: String, client: ClientConfiguration, group: ConsumerGroup? = nil) {
        self.topic = topic
        self.client = client
        self.group = group
    }

    private static let valueBytes = 100

    /// Writes that their sender was told had failed.
    var failures: Int { state.withLock { $0.failures } }

    /// Enough of both to say that they flow.
    func waitForTraffic(within limit: Duration) async throws {
        for (what, meter) in [("writes", acknowledged), ("reads", read)] {
            guard try await meter.wait(for: 100, within: limit) else {
                throw BenchError("\(what) did not go on within \(limit)")
            }
        }
    }

    /// Gaps from before do not count any more.
    func resetGaps() {
        acknowledged.reset()
        read.reset()
    }

    func whileRunning<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await self.write() }
            tasks.addTask { try await self.consume() }
            let result = try await body()
            tasks.cancelAll()
            while let ended = await tasks.nextResult() {
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
        let (handles, continuation) = AsyncStream.makeStream(of: (UInt64, DeliveryHandle).self)
        let answers = Task {
            for await (number, handle) in handles {
                do {
                    let delivery = try await handle.delivery()
                    acknowledged.note()
                    guard let offset = delivery.offset else { continue }
                    state.withLock { $0.ledger.acknowledged(number, at: offset) }
                } catch {
                    state.withLock { $0.failures += 1 }
                }
            }
        }
        var number: UInt64 = 0
        while !Task.isCancelled {
            let value = DueTime.message(Self.valueBytes, due: number)
            continuation.yield((number, try await producer.send(topic: topic, key: nil, value: value, partition: 0)))
            number += 1
            try? await Task.sleep(for: .milliseconds(1))
        }
        continuation.finish()
        await answers.value
        try await producer.close()
    }

    private func consume() async throws {
        var configuration = ConsumerConfiguration(client: client)
        configuration.group = group
        let consumer = try Consumer(configuration, logger: Self.silent)
        if group == nil {
            consumer.assign([TopicPartition(topic: topic, partition: 0)], from: .latest)
        } else {
            try consumer.subscribe(topics: [topic])
        }
        while !Task.isCancelled, try await consumer.next() != nil { read.note() }
        consumer.abandon()
    }

    // MARK: Reading back

    /// Reads the whole partition and compares it with what was acknowledged. After the traffic has ended.
    func check() async throws -> DeliveryLedger.Findings {
        let partition = TopicPartition(topic: topic, partition: 0)
        let ends = try await withAdmin(client, logger: Self.silent) { admin in
            try await admin.offsets(for: [partition: .latest])
        }
        guard let end = ends[partition]?.offset else { throw BenchError("\(partition) has no end") }
        let consumer = try Consumer(ConsumerConfiguration(client: client), logger: Self.silent)
        defer { consumer.abandon() }
        consumer.assign([partition], from: .earliest)
        var log: [(offset: Offset, number: UInt64)] = []
        var next: Offset = 0
        while next < end, let batch = try await consumer.next() {
            try batch.forEachRecord { record in
                guard let number = record.value.flatMap(DueTime.read) else { return }
                log.append((record.offset, number))
            }
            next = batch.nextOffset
        }
        return state.withLock { $0.ledger.compare(with: log) }
    }
}
