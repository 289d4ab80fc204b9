import MartletCore
import MartletStorage
import Testing

@testable import MartletBroker

@Suite("Producing")
struct ProduceTests {
    @Test(
        "a batch is acknowledged with its offset and can be read, whatever acks and flush are",
        arguments: [Acks.none, .leader, .all], ["batch", "os", "interval:10000"])
    func roundTrip(acks: Acks, flush: String) async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", ["flush": flush])
            for (number, offset) in [(0, 0), (1, 2), (2, 4)] {
                let outcome = await harness.produce(
                    topic, try TestBatch.bytes(["a\(number)", "b\(number)"]), acks: acks)
                #expect(try outcome.get().baseOffset == Offset(offset))
            }
            let outcomes = await harness.fetch([harness.item(topic)], wait: .seconds(30), minBytes: 3 * 61)
            #expect(try outcomes.first?.values == ["a0", "b0", "a1", "b1", "a2", "b2"])
            #expect(outcomes.first?.highWatermark == 6)
        }
    }

    @Test("under flush=batch nothing is acknowledged or seen before it is synced", arguments: [Acks.leader, .all])
    func waitsForSync(acks: Acks) async throws {
        try await BrokerHarness.with(syncing: false) { harness in
            let topic = try await harness.createTopic("t")
            let batch = try TestBatch.bytes(["a"])
            async let outcome = harness.produce(topic, batch, acks: acks)
            try await harness.waitUntil { $0.producesWaiting == 1 }
            #expect(try harness.partition(topic).log.logEndOffset == 1)
            #expect(await harness.fetch([harness.item(topic)]).first?.highWatermark == 0)
            harness.store.startBackground()
            #expect(try await outcome.get().baseOffset == 0)
            #expect(try await harness.fetch([harness.item(topic)]).first?.values == ["a"])
            #expect(harness.broker.counters.snapshot.producesWaiting == 0)
        }
    }

    @Test("under flush=os a batch is acknowledged without any sync")
    func osDoesNotWait() async throws {
        try await BrokerHarness.with(syncing: false) { harness in
            let topic = try await harness.createTopic("t", ["flush": "os"])
            #expect(try await harness.produce(topic, TestBatch.bytes(["a"])).get().baseOffset == 0)
            #expect(try await harness.fetch([harness.item(topic)]).first?.values == ["a"])
        }
    }

    @Test("a batch not synced in time is answered as unknown, and sent again it is the same one")
    func timeout() async throws {
        try await BrokerHarness.with(syncing: false) { harness in
            let topic = try await harness.createTopic("t")
            let id = try await harness.broker.initProducerID(-1, epoch: -1)
            let batch = try TestBatch.bytes(["a", "b"], producer: (id.id, id.epoch, 0))
            let outcome = await harness.produce(topic, batch, timeout: .milliseconds(20))
            #expect(outcome.error?.code == .requestTimedOut)
            harness.store.startBackground()
            let again = try await harness.produce(topic, batch).get()
            #expect(again.baseOffset == 0)
            #expect(try harness.partition(topic).log.logEndOffset == 2)
        }
    }

    @Test("a duplicate is not acknowledged before its original is kept")
    func duplicateWaits() async throws {
        try await BrokerHarness.with(syncing: false) { harness in
            let topic = try await harness.createTopic("t")
            let id = try await harness.broker.initProducerID(-1, epoch: -1)
            let batch = try TestBatch.bytes(["a"], producer: (id.id, id.epoch, 0))
            async let original = harness.produce(topic, batch)
            try await harness.waitUntil { $0.producesWaiting == 1 }
            async let duplicate = harness.produce(topic, batch)
            try await harness.waitUntil { $0.producesWaiting == 2 }
            harness.store.startBackground()
            #expect(try await original.get().baseOffset == 0)
            #expect(try await duplicate.get().baseOffset == 0)
            #expect(try harness.partition(topic).log.logEndOffset == 1)
        }
    }

    @Test("sequences that do not fit are refused, each with its own error")
    func sequences() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", ["flush": "os"])
            func send(_ epoch: ProducerEpoch, _ sequence: Int32) async throws -> ErrorCode? {
                await harness.produce(topic, try TestBatch.bytes(["x"], producer: (7, epoch, sequence))).error?.code
            }
            #expect(try await send(0, 5) == .unknownProducerID)
            #expect(try await send(0, 0) == nil)
            #expect(try await send(0, 2) == .outOfOrderSequenceNumber)
            #expect(try await send(1, 0) == nil)
            #expect(try await send(0, 1) == .invalidProducerEpoch)
        }
    }

    @Test("one bad batch does not spoil the others of its request")
    func badBatch() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", partitions: 2)
            var bad = try TestBatch.bytes(["bad"])
            bad[bad.count - 1] ^= 1
            let good = try TestBatch.bytes(["good"])
            let outcomes = await harness.produce([(topic, 0, -1, bad), (topic, 1, -1, good), (topic, 9, -1, good)])
            #expect(outcomes[0].error?.code == .corruptMessage)
            #expect(try outcomes[1].get().baseOffset == 0)
            #expect(outcomes[2].error?.code == .unknownTopicID)
            #expect(harness.broker.counters.snapshot.batchesRefused == 1)
        }
    }

    @Test("a second batch for the same partition in one request is refused")
    func twoBatches() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            let batch = try TestBatch.bytes(["a"])
            let outcomes = await harness.produce([(topic, 0, -1, batch), (topic, 0, -1, batch)])
            #expect(try outcomes[0].get().baseOffset == 0)
            #expect(outcomes[1].error?.code == .invalidRequest)
            #expect(try harness.partition(topic).log.logEndOffset == 1)
        }
    }

    @Test("two batches in the bytes of one are refused")
    func twoBatchesInOne() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            let batch = try TestBatch.bytes(["a"])
            #expect(await harness.produce(topic, batch + batch).error?.code == .corruptMessage)
            #expect(await harness.produce(topic, []).error?.code == .corruptMessage)
        }
    }

    @Test("a batch larger than max.message.bytes is refused with that limit")
    func tooLarge() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t", ["max.message.bytes": "100"])
            let error = await harness.produce(topic, try TestBatch.bytes([String(repeating: "x", count: 100)])).error
            #expect(error?.code == .messageTooLarge)
            #expect(error?.message.contains("100") == true)
        }
    }

    @Test("writes from both loops to one partition are all acknowledged, at offsets of their own")
    func concurrent() async throws {
        try await BrokerHarness.with { harness in
            let topic = try await harness.createTopic("t")
            let offsets = try await withThrowingTaskGroup(of: [Offset].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var offsets: [Offset] = []
                        for _ in 0..<50 {
                            offsets.append(
                                try await harness.onAnyLoop(topic, try TestBatch.bytes(["x"])).get().baseOffset)
                        }
                        return offsets
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(offsets.sorted() == (0..<400).map(Offset.init))
        }
    }
}
