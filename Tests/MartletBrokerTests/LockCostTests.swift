import CLockCounter
import MartletCore
import MartletStorage
import NIOCore
import NIOPosix
import Testing

@testable import MartletBroker

/// What a call takes from its arrival at the broker to its answer, on its event loop. As in storage's tests of that name.
@Suite("How often the broker locks", .enabled(if: lock_counter_works()), .timeLimit(.minutes(5)))
struct LockCostTests {
    private static let batches = 2
    /// A thread of its own: instructions one by one take seconds, and other tests are not to wait for them.
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private var loop: any EventLoop { group.next() }

    /// The fewest atomic instructions that a produce, and that a fetch, of one batch of so many records took.
    private func cost(_ count: Int) async throws -> (produce: Int64, fetch: Int64) {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", ["flush": "os"])
            let batch = try TestBatch.bytes(Array(repeating: "v", count: count))
            _ = try await harness.produce(topic, batch).get()
            var produce = Int64.max
            var fetch = Int64.max
            for number in 1...Self.batches {
                let end = Offset((number + 1) * count)
                produce = min(produce, try await producing(batch, to: topic, harness))
                #expect(try harness.partition(topic).log.logEndOffset == end)
                let item = harness.item(topic, from: end - Offset(count))
                fetch = min(fetch, try await fetching(item, harness))
            }
            return (produce, fetch)
        }
    }

    private func producing(_ batch: [UInt8], to topic: TopicID, _ harness: BrokerHarness) async throws -> Int64 {
        let loop = loop
        return try await loop.submit {
            let attachment = ByteBuffer(bytes: batch)
            let items = [ProduceItem(topicID: topic, partition: 0, leaderEpoch: -1, bytes: 0..<batch.count)]
            lock_counter_begin()
            harness.broker.produce(
                items, attachment: attachment, acks: .all, timeout: .seconds(30), on: loop
            ) { _ in }
            return lock_counter_end()
        }.get()
    }

    private func fetching(_ item: FetchItem, _ harness: BrokerHarness) async throws -> Int64 {
        let loop = loop
        return try await loop.submit {
            let query = FetchQuery(maxWait: .zero, minBytes: 1, maxBytes: 8 << 20, items: [item])
            lock_counter_begin()
            _ = harness.broker.fetch(query, on: loop) { _ in }
            return lock_counter_end()
        }.get()
    }

    @Test("a batch of two hundred records takes as many atomic instructions to store and to fetch as one of two")
    func perBatch() async throws {
        let few = try await cost(2)
        let many = try await cost(200)
        try await group.shutdownGracefully()
        #expect(few.produce > 0 && few.fetch > 0)
        // Larger batches have index entries more often; a lock per record would be two hundred more.
        #expect(many.produce <= few.produce + 50, "\(few.produce) for two, \(many.produce) for many")
        #expect(many.fetch <= few.fetch + 50, "\(few.fetch) for two, \(many.fetch) for many")
    }
}
