import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

/// What brokers know of producers follows the log, wherever its leadership goes (RULES 11).
@Suite("Producers across leaders", .timeLimit(.minutes(5)))
struct ProducerHistoryTests {
    @Test("a producer's batches are recognised by the next leader, and forgotten where they were cut")
    func truncation() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            let first = try await cluster.produce(["a"], to: 1, topic, producer: (7, 0, 0)).get()
            cluster.network.cut(1, 2)
            cluster.network.cut(1, 3)
            for sequence in 1...2 as ClosedRange<Int32> {
                _ = try await cluster.produce(["cut"], to: 1, topic, acks: .leader, producer: (7, 0, sequence)).get()
            }
            try await cluster.elect(2, topic, inSync: [2, 3])
            cluster.network.heal()
            let again = try await cluster.produce(["a"], to: 2, topic, producer: (7, 0, 0)).get()
            #expect(again.baseOffset == first.baseOffset)
            let second = try await cluster.produce(["b"], to: 2, topic, producer: (7, 0, 1)).get()
            #expect(second.baseOffset == 1)
            try await cluster.eventually("broker 1 is in sync") { try await cluster.inSync(topic).contains(1) }
            try await cluster.elect(1, topic)
            #expect(try await cluster.produce(["b"], to: 1, topic, producer: (7, 0, 1)).get().baseOffset == 1)
            // It had a batch of this sequence: taken for that one, this would be acknowledged and lost.
            #expect(try await cluster.produce(["c"], to: 1, topic, producer: (7, 0, 2)).get().baseOffset == 2)
            #expect(try cluster.log(1, topic) == ["a", "b", "c"])
        }
    }

    @Test("a producer goes on where it was though retention took all its records: at the next leader, after a crash")
    func retention() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic("t", ["segment.bytes": "4096", "retention.bytes": "1"])
            for (sequence, value) in ["a", "b"].enumerated() {
                _ = try await cluster.produce([value], to: 1, topic, producer: (7, 0, Int32(sequence))).get()
            }
            let filling = String(repeating: "x", count: 3_000)
            for _ in 0..<3 { _ = try await cluster.produce([filling], to: 1, topic).get() }
            try await cluster.eventually("its records are gone everywhere") {
                try (1...3 as ClosedRange<BrokerID>).allSatisfy { broker in
                    cluster.member(broker).store.maintain()
                    return try cluster.partition(broker, topic).log.logStartOffset >= 2
                }
            }
            #expect(try await cluster.produce(["b"], to: 1, topic, producer: (7, 0, 1)).get().baseOffset == 1)
            let former = try await cluster.crash(1)
            try await cluster.elect(2, topic, inSync: [2, 3])
            #expect(try await cluster.produce(["b"], to: 2, topic, producer: (7, 0, 1)).get().baseOffset == 1)
            #expect(try await cluster.produce(["c"], to: 2, topic, producer: (7, 0, 2)).get().baseOffset == 5)

            try await cluster.start(1, in: former)
            try await cluster.eventually("broker 1 is in sync") { try await cluster.inSync(topic).contains(1) }
            try await cluster.elect(1, topic)
            for (sequence, offset) in [(1, 1), (2, 5), (3, 6)] as [(Int32, Offset)] {
                let batch = try await cluster.produce(["b"], to: 1, topic, producer: (7, 0, sequence)).get()
                #expect(batch.baseOffset == offset)
            }
            #expect(
                try await cluster.produce(["gap"], to: 1, topic, producer: (7, 0, 5)).error?.code
                    == .outOfOrderSequenceNumber)
        }
    }
}
