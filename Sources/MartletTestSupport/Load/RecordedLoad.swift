internal import Logging
internal import Martlet
package import MartletCore

/// Producers at work, and a record of everything they sent and were told. Any thread.
///
/// Each producer is idempotent, sends ``NumberedRecord``s, keyed, to all partitions of one topic, and keeps a window of
/// them unanswered.
package final class RecordedLoad: Sendable {
    package struct Topic: Sendable {
        package var name: String
        package var partitions: Int

        package init(_ name: String, partitions: Int) {
            self.name = name
            self.partitions = partitions
        }
    }

    private struct Ledger: Sendable {
        var checkers: [TopicPartition: HistoryChecker] = [:]
        var acknowledged = 0
        var producers = 0
        var failures: [String] = []
        var isStopping = false
    }

    /// Records of one producer that wait for their answer.
    private static let window = 256

    private let addresses: [String]
    /// After every ``paced`` records of a producer.
    private let pause: Duration?
    private static let paced = 100
    private let ledger = Watched(Ledger())

    package convenience init(address: String) {
        self.init(addresses: [address])
    }

    /// Through any of these brokers to all of them. Each producer rests for `pause` after every hundred records; nil: it
    /// sends as fast as it can.
    package init(addresses: [String], pause: Duration? = nil) {
        self.addresses = addresses
        self.pause = pause
    }

    /// Acknowledged so far, by all producers.
    package var acknowledged: Int { ledger.value.acknowledged }
    /// What producers were told that was not success.
    package var failures: [String] { ledger.value.failures }

    /// Where everything stands that was acknowledged.
    package var acknowledgedOffsets: [TopicPartition: [Offset]] {
        ledger.value.checkers.mapValues(\.acknowledgedOffsets)
    }

    /// Runs `body` with producers at work on each topic, then lets them have the answers to all they have sent.
    package func whileRunning<Result>(
        topics: [Topic], _ body: () async throws -> Result
    ) async throws -> Result {
        ledger.update { $0.isStopping = false }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for topic in topics {
                for compression in [Compression.none, .lz4] {
                    let number = ledger.update { ledger in
                        ledger.producers += 1
                        return ledger.producers
                    }
                    group.addTask { await self.run(producer: number, topic, compression) }
                }
            }
            let result: Result
            do { result = try await body() } catch {
                // The producers' broker may be gone for good: they are not waited for.
                group.cancelAll()
                throw error
            }
            ledger.update { $0.isStopping = true }
            try await group.waitForAll()
            return result
        }
    }

    /// Waits for `count` acknowledgements in all; false when they do not come within `limit`.
    package func waitForAcknowledgements(_ count: Int, within limit: Duration = .seconds(60)) async -> Bool {
        await ledger.wait(within: limit) { $0.acknowledged >= count || !$0.failures.isEmpty ? true : nil } ?? false
    }

    private func run(producer number: Int, _ topic: Topic, _ compression: Compression) async {
        do {
            var configuration = ProducerConfiguration(client: try ClientConfiguration(addresses: addresses))
            configuration.compression = compression
            // A broker that is there and does not answer is asked no longer than this.
            configuration.client.requestTimeout = .seconds(5)
            // Small batches: more of them are in the air when the broker is killed.
            configuration.batchBytes = 8 << 10
            try await withProducer(configuration, logger: .quiet) { producer in
                try await send(as: number, to: topic, through: producer)
            }
        } catch {
            ledger.update { $0.failures.append("producer \(number) of \(topic.name): \(error)") }
        }
    }

    private func send(as number: Int, to topic: Topic, through producer: Producer) async throws {
        var unanswered: ArraySlice<(HistoryChecker.RecordID, DeliveryHandle)> = []
        var next = 0
        while !ledger.value.isStopping {
            let id = HistoryChecker.RecordID(producer: number, number: next)
            next += 1
            let key = NumberedRecord.key(of: id)
            let partition = key.withUnsafeBytes { Murmur2.partition(forKey: $0, count: topic.partitions) }
            let place = TopicPartition(topic: topic.name, partition: partition)
            // Before it is sent: it may be read before this task goes on.
            ledger.update { $0.checkers[place, default: HistoryChecker()].didSend(id) }
            let handle = try await producer.send(topic: topic.name, key: key, value: NumberedRecord.value(of: id))
            guard handle.topicPartition == place else {
                throw TestFailure("the key of \(id) belongs to \(place) and went to \(handle.topicPartition)")
            }
            unanswered.append((id, handle))
            if unanswered.count == Self.window { try await settle(&unanswered) }
            if let pause, next.isMultiple(of: Self.paced) { try await Task.sleep(for: pause) }
        }
        while !unanswered.isEmpty { try await settle(&unanswered) }
    }

    /// Waits for the answer to the oldest.
    private func settle(_ unanswered: inout ArraySlice<(HistoryChecker.RecordID, DeliveryHandle)>) async throws {
        let (id, handle) = unanswered.removeFirst()
        let delivery = try await handle.delivery()
        guard let offset = delivery.offset else { throw TestFailure("\(id) was acknowledged without an offset") }
        ledger.update { ledger in
            ledger.checkers[delivery.topicPartition, default: HistoryChecker()].didAcknowledge(id, at: offset)
            ledger.acknowledged += 1
        }
    }

    /// What stands in each partition that was written to, up to the high watermark of now. To be called while no producer
    /// runs.
    package func readBack() async throws -> [TopicPartition: PartitionReader.Log] {
        var logs: [TopicPartition: PartitionReader.Log] = [:]
        for partition in ledger.value.checkers.keys {
            logs[partition] = try await PartitionReader.read(partition, at: addresses)
        }
        return logs
    }

    package func violations(
        in logs: [TopicPartition: PartitionReader.Log]
    ) -> [TopicPartition: [HistoryChecker.Violation]] {
        var violations: [TopicPartition: [HistoryChecker.Violation]] = [:]
        for (partition, checker) in ledger.value.checkers {
            let found = checker.violations(in: logs[partition] ?? [])
            if !found.isEmpty { violations[partition] = found }
        }
        return violations
    }

    /// Reads every partition back and compares. To be called while no producer runs.
    package func violations() async throws -> [TopicPartition: [HistoryChecker.Violation]] {
        violations(in: try await readBack())
    }
}
