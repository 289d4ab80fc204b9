import CAllocationCounter
import Logging
import Martlet
import MartletCore
import Testing

@Suite("no allocation per record", .enabled(if: allocations_of_this_thread() >= 0), .timeLimit(.minutes(1)))
struct AllocationTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let value = [UInt8](repeating: 7, count: 100)
    private static let key = [UInt8](repeating: 1, count: 8)

    private func producer(_ broker: FakeBroker) throws -> Producer {
        let client = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: broker.port)])
        return try Producer(ProducerConfiguration(client: client), logger: quiet)
    }

    /// Sends records without waiting until `count` are accepted or the buffer is full. Returns how many were, and how
    /// often memory was asked for meanwhile.
    private func fill(_ producer: Producer, _ count: Int, hasKey: Bool) throws -> (sent: Int, allocations: Int64) {
        try Self.value.withUnsafeBytes { value in
            try Self.key.withUnsafeBytes { key in
                let before = allocations_of_this_thread()
                for index in 0..<count {
                    guard try producer.trySend(topic: "t", key: hasKey ? key : nil, value: value) != nil else {
                        return (index, allocations_of_this_thread() - before)
                    }
                }
                return (count, allocations_of_this_thread() - before)
            }
        }
    }

    @Test("trySend asks for memory less than once in a hundred records", arguments: [false, true])
    func sending(hasKey: Bool) async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t", partitions: 4)
        let producer = try producer(broker)
        _ = try await producer.send(topic: "t", value: "first").delivery()
        var sent = 0
        var allocations: Int64 = 0
        while sent < 100_000 {
            let round = try fill(producer, 20_000, hasKey: hasKey)
            sent += round.sent
            allocations += round.allocations
            try await producer.flush()
        }
        #expect(allocations > 0, "the counter does not count: not one batch was opened")
        #expect(allocations < Int64(sent / 100))
        try await producer.close()
        await broker.stop()
    }

    @Test("visiting the records of a batch asks for memory less than once in a hundred records")
    func visiting() async throws {
        let broker = try await FakeBroker.start()
        broker.cluster.addTopic("t")
        let producer = try producer(broker)
        _ = try await producer.send(topic: "t", value: "first").delivery()
        _ = try fill(producer, 20_000, hasKey: true)
        try await producer.close()
        let client = ClientConfiguration(bootstrap: [BrokerAddress(host: "127.0.0.1", port: broker.port)])
        let consumer = try Consumer(ConsumerConfiguration(client: client), logger: quiet)
        consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
        var seen = 0
        var bytes = 0
        var allocations: Int64 = 0
        while seen < 20_001, let batch = try await consumer.next() {
            let before = allocations_of_this_thread()
            try batch.forEachRecord { record in
                seen += 1
                bytes += record.value?.count ?? 0
            }
            allocations += allocations_of_this_thread() - before
        }
        #expect(bytes == 20_000 * 100 + 5)
        #expect(allocations < 200)
        await consumer.close()
        await broker.stop()
    }
}
