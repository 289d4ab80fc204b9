import Foundation
import Martlet
import Testing

@Suite("SDK and broker: records", .timeLimit(.minutes(1)))
struct ProduceConsumeTests {
    @Test("keyed records with headers, in LZ4 batches, come back as they were sent, in order for each key")
    func keyedRecords() async throws {
        try await withBroker { broker in
            try await broker.createTopic("orders", partitions: 3)
            var configuration = ProducerConfiguration(client: broker.client)
            configuration.compression = .lz4
            configuration.batchBytes = 8 * 1024
            let start = Int64(Date().timeIntervalSince1970 * 1000) - 100_000
            try await withProducer(configuration, logger: quiet) { producer in
                for index in 0..<3000 {
                    _ = try await producer.send(
                        topic: "orders", key: "key \(index % 40)", value: "value \(index)",
                        headers: [
                            RecordHeader(key: "index", value: "\(index)"), RecordHeader(key: "null", value: nil),
                        ],
                        timestamp: start + Int64(index))
                }
            }
            let consumer = try broker.consumer()
            try await consumer.assign(topic: "orders", from: .earliest)
            var nextOffset: [PartitionIndex: Offset] = [:]
            var lastIndex: [String: Int] = [:]
            var partitions: [String: Set<PartitionIndex>] = [:]
            for record in try await read(3000, consumer) {
                #expect(record.offset == nextOffset[record.partition, default: 0])
                nextOffset[record.partition] = record.offset + 1
                let index = try #require(Int(record.headers.first?.valueString ?? ""))
                let key = try #require(record.keyString)
                #expect(key == "key \(index % 40)" && record.valueString == "value \(index)")
                #expect(record.headers.count == 2 && record.headers.last == RecordHeader(key: "null", value: nil))
                #expect(record.timestamp == start + Int64(index))
                #expect(lastIndex[key].map { $0 < index } ?? true)
                lastIndex[key] = index
                partitions[key, default: []].insert(record.partition)
            }
            #expect(nextOffset.values.reduce(0, +) == 3000 && nextOffset.count == 3)
            #expect(partitions.values.allSatisfy { $0.count == 1 })
            await consumer.close()
        }
    }

    @Test("tombstones, empty values and a record as large as a batch may be")
    func unusualRecords() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            let large = [UInt8](repeating: 7, count: 1_000_000)
            try await withProducer(ProducerConfiguration(client: broker.client), logger: quiet) { producer in
                _ = try await producer.send(topic: "t", key: "k", value: nil as String?)
                _ = try await producer.send(topic: "t", key: "", value: "")
                #expect(try await producer.send(topic: "t", key: nil, value: large).delivery().offset == 2)
            }
            let consumer = try broker.consumer { $0.maxPartitionBytes = 1024 }
            consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
            let records = try await read(3, consumer)
            #expect(records[0].keyString == "k" && records[0].value == nil)
            #expect(records[1].key == [] && records[1].value == [])
            #expect(records[2].key == nil && records[2].value == large)
            await consumer.close()
        }
    }

    @Test("acks of the leader alone, and of nobody, reach the log too", arguments: [Acks.leader, .none])
    func otherAcks(acks: Acks) async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            var configuration = ProducerConfiguration(client: broker.client)
            configuration.acks = acks
            try await withProducer(configuration, logger: quiet) { producer in
                for index in 0..<100 { _ = try await producer.send(topic: "t", value: "\(index)") }
            }
            let consumer = try broker.consumer()
            consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
            #expect(try await read(100, consumer).map(\.valueString) == (0..<100).map(String.init))
            await consumer.close()
        }
    }

    @Test("records in flight over restarts of the broker are stored once, in order")
    func restarts() async throws {
        try await withDirectory { directory in
            var broker = try await LiveBroker.start(in: directory)
            try await broker.createTopic("t")
            var configuration = ProducerConfiguration(client: broker.client)
            configuration.batchBytes = 512
            let producer = try Producer(configuration, logger: quiet)
            for round in 0..<3 {
                for index in 0..<500 { _ = try await producer.send(topic: "t", value: "\(round * 500 + index)") }
                broker = try await broker.restarted()
            }
            try await producer.close()
            let consumer = try broker.consumer()
            consumer.assign([TopicPartition(topic: "t", partition: 0)], from: .earliest)
            let records = try await read(1500, consumer)
            #expect(records.map(\.valueString) == (0..<1500).map(String.init))
            #expect(consumer.highWatermark(of: TopicPartition(topic: "t", partition: 0)) == 1500)
            await consumer.close()
            try await broker.stop()
        }
    }

    @Test("a waiting consumer gets a record as soon as it is there, and over a restart of the broker")
    func longPoll() async throws {
        try await withDirectory { directory in
            let first = try await LiveBroker.start(in: directory)
            try await first.createTopic("t")
            let partition = TopicPartition(topic: "t", partition: 0)
            // A long poll that only news end: without them the test would not come to its end.
            let consumer = try first.consumer {
                $0.maxWait = .seconds(25)
                $0.reset = .none
            }
            consumer.assign([partition], from: .earliest)
            for index in 0..<5 {
                async let sent = first.send(["\(index)"], to: "t")
                #expect(try await read(1, consumer).map(\.valueString) == ["\(index)"])
                #expect(try await sent == [Offset(index)])
            }
            let second = try await first.restarted()
            try await second.send(["after"], to: "t")
            #expect(try await read(1, consumer).map(\.offset) == [5])
            await consumer.close()
            try await second.stop()
        }
    }
}
