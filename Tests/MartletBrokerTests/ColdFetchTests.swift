import MartletCore
import Synchronization
import TestDisk
import Testing

@testable import MartletBroker
@testable import MartletStorage

@Suite("Fetching what is not in memory (RULES 29)")
struct ColdFetchTests {
    /// A topic whose partition 0 is on the disk only, with "cold" in it, and whose partition 1 has "hot".
    private func with(
        _ body: (_ harness: BrokerHarness, _ topic: TopicID, _ disk: FaultyDisk) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let disk = FaultyDisk(for: directory.path)
        try await BrokerHarness.with(in: directory, io: disk.io) { harness in
            let topic = try await harness.createTopic("t", partitions: 2)
            _ = try await harness.produce(topic, 0, TestBatch.bytes(["cold"])).get()
            _ = try await harness.produce(topic, 1, TestBatch.bytes(["hot"])).get()
            disk.makeCold(path: try harness.partition(topic, 0).log.directory)
            try await body(harness, topic, disk)
        }
    }

    private func coldReads(_ harness: BrokerHarness) -> Int {
        harness.store.counters.coldReads.load(ordering: .relaxed)
    }

    @Test("while one client's records come from the disk, another on the same loop has its own")
    func hotBesideCold() async throws {
        try await with { harness, topic, _ in
            let gate = try harness.holdReadAhead(topic)
            let cold = try await harness.park([harness.item(topic, 0)], wait: .zero)
            let hot = try await harness.fetch([harness.item(topic, 1)]).map { try $0.values }
            #expect(hot == [["hot"]])
            #expect(coldReads(harness) == 0)
            gate.open()
            let late = try await cold.reply().map { try $0.values }
            #expect(late == [["cold"]])
            #expect(coldReads(harness) == 1)
        }
    }

    @Test("a fetch of both has both")
    func both() async throws {
        try await with { harness, topic, _ in
            let outcomes = await harness.fetch([harness.item(topic, 0), harness.item(topic, 1)])
            let values = try outcomes.map { try $0.values }
            #expect(values == [["cold"], ["hot"]])
            #expect(coldReads(harness) == 1)
        }
    }

    @Test("what is in memory asks nothing of the storage threads")
    func hot() async throws {
        try await with { harness, topic, disk in
            let probes = disk.cacheProbes
            let values = try await harness.fetch([harness.item(topic, 1)]).map { try $0.values }
            #expect(values == [["hot"]])
            #expect(disk.cacheProbes == probes + 1)
            #expect(coldReads(harness) == 0)
        }
    }

    @Test("a fetch that wants more than is there has that read, waits, and brings both")
    func waitsForMore() async throws {
        try await with { harness, topic, _ in
            let batch = try TestBatch.bytes(["cold"])
            let parked = try await harness.park([harness.item(topic, 0)], minBytes: 2 * batch.count)
            try await harness.waitUntil { $0.fetchesWaiting == 1 }
            _ = try await harness.produce(topic, 0, batch).get()
            let values = try await parked.reply().map { try $0.values }
            #expect(values == [["cold", "cold"]])
            #expect(harness.broker.counters.snapshot.fetchesWaiting == 0)
            #expect(coldReads(harness) == 2)
        }
    }

    @Test("a fetch that is given up while the disk is read is not answered, and nothing more is read for it")
    func cancel() async throws {
        try await with { harness, topic, _ in
            let gate = try harness.holdReadAhead(topic)
            let parked = try await harness.park([harness.item(topic, 0)], wait: .zero)
            try await parked.cancel()
            gate.open()
            // Behind it in the same line.
            let behind = await harness.fetch([harness.item(topic, 0)])
            let values = try behind.map { try $0.values }
            #expect(values == [["cold"]])
            await #expect(throws: CancellationError.self) { try await parked.reply() }
            #expect(coldReads(harness) == 1)
        }
    }

    @Test("a partition that is deleted while the disk is read is told")
    func deleted() async throws {
        try await with { harness, topic, _ in
            let gate = try harness.holdReadAhead(topic)
            let parked = try await harness.park([harness.item(topic, 0)], wait: .zero)
            _ = try await harness.broker.deleteTopics(["t"])[0].get()
            gate.open()
            let outcomes = try await parked.reply()
            #expect(outcomes.map { $0.error?.code } == [.unknownTopicID])
        }
    }

    @Test("a broker that stops answers those who wait for the disk")
    func stop() async throws {
        try await with { harness, topic, _ in
            let gate = try harness.holdReadAhead(topic)
            let parked = try await harness.park([harness.item(topic, 0)], wait: .zero)
            async let stopped: Void = harness.broker.stop()
            gate.open()
            await stopped
            _ = try await parked.reply()
        }
    }
}

extension BrokerHarness {
    /// Keeps every thread that reads ahead busy until the gate is opened: orders are taken in their order.
    fileprivate func holdReadAhead(_ topic: TopicID) throws -> Gate {
        let gate = Gate()
        let range = ReadAhead.Range(try partition(topic, 1).log, from: 0, maxBytes: 1, upTo: 1)
        for _ in 0..<ReadAhead.threadsMax {
            let wasTaken = store.readAhead.order(
                [range],
                unless: {
                    gate.wait()
                    return true
                }, done: {})
            #expect(wasTaken)
        }
        return gate
    }
}
