import MartletCore
import MartletStorage
import TestSeeds
import Testing

@testable import MartletBroker

@Suite("Fetching")
struct FetchTests {
    @Test("a fetch that finds nothing waits, and is answered by the next write")
    func longPoll() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", partitions: 3)
            let parked = try await harness.park((0..<3).map { harness.item(topic, $0) })
            #expect(harness.broker.counters.snapshot.fetchesWaiting == 1)
            _ = try await harness.produce(topic, 1, TestBatch.bytes(["hello"])).get()
            let outcomes = try await parked.reply()
            #expect(outcomes.map(\.index) == [1])
            #expect(try outcomes[0].values == ["hello"])
            #expect(harness.broker.counters.snapshot.fetchesWaiting == 0)
        }
    }

    @Test("a fetch waits for its minimum of bytes over all its partitions")
    func minBytes() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", partitions: 2, ["flush": "os"])
            let batch = try TestBatch.bytes(["0123456789"])
            let parked = try await harness.park(
                [harness.item(topic, 0), harness.item(topic, 1)], minBytes: 3 * batch.count)
            _ = try await harness.produce(topic, 0, batch).get()
            _ = try await harness.produce(topic, 1, batch).get()
            #expect(harness.broker.counters.snapshot.fetchesWaiting == 1)
            _ = try await harness.produce(topic, 0, batch).get()
            let outcomes = try await parked.reply()
            #expect(try outcomes.map { try $0.values.count } == [2, 1])
        }
    }

    @Test("when the wait is over a fetch without records tells offsets, one with too few brings them")
    func maxWait() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", partitions: 2)
            let items = [harness.item(topic, 0), harness.item(topic, 1)]
            let empty = await harness.fetch(items, wait: .milliseconds(10))
            #expect(empty.map(\.highWatermark) == [0, 0])
            #expect(try empty.allSatisfy { try $0.values.isEmpty && $0.error == nil })
            _ = try await harness.produce(topic, 0, TestBatch.bytes(["a"])).get()
            let few = await harness.fetch(items, wait: .milliseconds(10), minBytes: 10_000)
            #expect(few.map(\.index) == [0])
            #expect(try few[0].values == ["a"])
        }
    }

    @Test("a fetch that was given up is not answered, and nobody waits for it")
    func cancel() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            let parked = try await harness.park([harness.item(topic)])
            try await parked.cancel()
            #expect(harness.broker.counters.snapshot.fetchesWaiting == 0)
            _ = try await harness.produce(topic, TestBatch.bytes(["a"])).get()
            await #expect(throws: CancellationError.self) { try await parked.reply() }
        }
    }

    @Test("reading in the middle of a batch returns the whole batch")
    func middle() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            _ = try await harness.produce(topic, TestBatch.bytes(["a", "b", "c"])).get()
            #expect(try await harness.fetch([harness.item(topic, from: 2)]).first?.values == ["a", "b", "c"])
        }
    }

    @Test("the first batch comes whatever its size, later ones only where they fit")
    func maxBytes() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", partitions: 3)
            let batch = try TestBatch.bytes([String(repeating: "x", count: 1_000)])
            for index in 0..<3 as Range<Int32> { _ = try await harness.produce(topic, index, batch).get() }
            let items = (0..<3).map { harness.item(topic, $0) }
            #expect(await harness.fetch(items, maxBytes: 10).map(\.index) == [0])
            #expect(await harness.fetch(items, maxBytes: 2 * batch.count).map(\.index) == [0, 1])
            #expect(await harness.fetch(items, maxBytes: 2 * batch.count + 10).map(\.index) == [0, 1])
            let small = [harness.item(topic, 0, maxBytes: 1), harness.item(topic, 1, maxBytes: 1)]
            #expect(await harness.fetch(small).map(\.index) == [0, 1])
        }
    }

    @Test("offsets outside of the log are refused, at its end a fetch waits")
    func range() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            _ = try await harness.produce(topic, TestBatch.bytes(["a", "b"])).get()
            #expect(
                await harness.fetch([harness.item(topic, from: 3)], wait: .seconds(60)).first?.error?.code
                    == .offsetOutOfRange)
            #expect(
                await harness.fetch([harness.item(topic, from: -1)], wait: .seconds(60)).first?.error?.code
                    == .offsetOutOfRange)
            try await harness.park([harness.item(topic, from: 2)]).cancel()
        }
    }

    @Test("between the high watermark and the end a fetch waits and is not out of range")
    func aboveHighWatermark() async throws {
        try await BrokerHarness.with(syncing: false) { harness in
            let topic = try await harness.createTopic("t")
            let batch = try TestBatch.bytes(["a"])
            _ = await harness.produce(topic, batch, acks: .none)
            _ = await harness.produce(topic, batch, acks: .none)
            let parked = try await harness.park([harness.item(topic, from: 1)])
            harness.store.startBackground()
            #expect(try await parked.reply().first?.values == ["a"])
        }
    }

    @Test("a reader whose last epoch ended before its offset is told where the logs agree")
    func diverging() async throws {
        let directory = try TemporaryDirectory()
        let topic = try await BrokerHarness.with(in: directory) { harness in
            let topic = try await harness.createTopic("t")
            _ = try await harness.produce(topic, TestBatch.bytes(["a", "b"])).get()
            return topic
        }
        try await BrokerHarness.with(in: directory) { harness in
            let first = try #require(harness.partition(topic).leaderEpoch) - 1
            _ = try await harness.produce(topic, TestBatch.bytes(["c", "d"])).get()
            let agrees = await harness.fetch([harness.item(topic, from: 2, lastEpoch: first)])
            #expect(try agrees.first?.values == ["c", "d"])
            let parts = await harness.fetch([harness.item(topic, from: 3, lastEpoch: first)], wait: .seconds(60))
            guard case .diverging(let end) = parts.first?.content else {
                Issue.record("no divergence: \(parts)")
                return
            }
            #expect(end == EpochEnd(leaderEpoch: first, endOffset: 2))
        }
    }

    @Test("a fetch of nothing is answered at once")
    func empty() async throws {
        try await BrokerHarness.with { harness in
            #expect(await harness.fetch([], wait: .seconds(60)).isEmpty)
        }
    }

    @Test("random writes are read back whole by a reader that only waits", arguments: 1...3 as ClosedRange<UInt64>)
    func tail(seed: UInt64) async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            var generator = SeededGenerator(seed: seed)
            let batches = (0..<60).map { batch in
                (0..<Int.random(in: 1...5, using: &generator)).map { "\(batch).\($0)" }
            }
            async let written: Void = {
                for batch in batches { _ = try await harness.produce(topic, TestBatch.bytes(batch)).get() }
            }()
            var read: [String] = []
            while read.count < batches.joined().count {
                let outcomes = await harness.fetch([harness.item(topic, from: Offset(read.count))], wait: .seconds(30))
                for outcome in outcomes { read += try outcome.values }
            }
            try await written
            #expect(read == Array(batches.joined()))
        }
    }
}
