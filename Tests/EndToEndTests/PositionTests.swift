import Foundation
import Martlet
import Testing

private let partition = TopicPartition(topic: "t", partition: 0)

@Suite("SDK and broker: positions", .timeLimit(.minutes(1)))
struct PositionTests {
    @Test("seek, positions, and beginning at the end")
    func seeking() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            #expect(try await broker.send((0..<50).map(String.init), to: "t") == (0..<50).map { Offset($0) })
            let consumer = try broker.consumer()
            consumer.assign([partition], from: .offset(33))
            #expect(try await read(2, consumer).map(\.valueString) == ["33", "34"])
            #expect(try consumer.position(of: partition) == 35)
            try consumer.seek(partition, to: .offset(7))
            #expect(try await read(1, consumer).map(\.valueString) == ["7"])
            try consumer.seek(partition, to: .earliest)
            #expect(try await read(1, consumer).map(\.valueString) == ["0"])
            try consumer.seek(partition, to: .latest)
            try await wait(consumer, until: 50)
            try await broker.send(["50"], to: "t")
            #expect(try await read(1, consumer).map(\.offset) == [50])
            await consumer.close()
        }
    }

    @Test("a time is found by its record, and one after the last record is not")
    func timestamps() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            let start = Int64(Date().timeIntervalSince1970 * 1000) - 1_000_000
            try await withProducer(ProducerConfiguration(client: broker.client), logger: quiet) { producer in
                for index in 0..<100 {
                    _ = try await producer.send(topic: "t", value: "\(index)", timestamp: start + Int64(index) * 1000)
                    if index % 7 == 0 { try await producer.flush() }
                }
            }
            try await withAdmin(broker.client, logger: quiet) { admin in
                let found = try await admin.offsets(for: [partition: .timestamp(start + 41_500)])[partition]
                #expect(found?.offset == 42 && found?.timestamp == start + 42_000)
                #expect(try await admin.offsets(for: [partition: .timestamp(start + 99_001)]).isEmpty)
                #expect(try await admin.offsets(for: [partition: .timestamp(0)])[partition]?.offset == 0)
                #expect(try await admin.offsets(for: [partition: .latest])[partition]?.offset == 100)
            }
            let consumer = try broker.consumer()
            consumer.assign([partition], from: .timestamp(start + 73_000))
            #expect(try await read(1, consumer).map(\.valueString) == ["73"])
            await consumer.close()
        }
    }

    @Test("a position whose records were deleted is treated as the policy says")
    func deletedRecords() async throws {
        try await withBroker { broker in
            try await broker.createTopic("t")
            try await broker.send((0..<50).map(String.init), to: "t")
            try await withAdmin(broker.client, logger: quiet) { admin in
                let starts = try await admin.deleteRecords(before: [partition: 20])
                #expect(starts == [partition: 20])
                let past = await #expect(throws: MartletError.self) {
                    try await admin.deleteRecords(before: [partition: 51])
                }
                #expect(past?.code == .refused(.offsetOutOfRange))
                let earliest = try await admin.offsets(for: [partition: .earliest])
                #expect(earliest[partition]?.offset == 20)
            }
            let strict = try broker.consumer { $0.reset = .none }
            strict.assign([partition], from: .offset(3))
            let error = await #expect(throws: MartletError.self) { try await strict.next() }
            #expect(error?.code == .offsetOutOfRange && error?.offset == 3 && error?.topicPartition == partition)
            #expect(error?.broker == broker.address.description)
            try strict.seek(partition, to: .offset(20))
            #expect(try await read(1, strict).map(\.valueString) == ["20"])
            await strict.close()
            for (reset, first) in [(OffsetReset.earliest, "20"), (.ago(.seconds(3600)), "20"), (.latest, "50")] {
                let consumer = try broker.consumer { $0.reset = reset }
                consumer.assign([partition], from: .offset(3))
                if reset == .latest {
                    // It is at the end once it has asked where that is.
                    try await wait(consumer, until: 50)
                    try await broker.send(["50"], to: "t")
                }
                #expect(try await read(1, consumer).map(\.valueString) == [first])
                await consumer.close()
            }
        }
    }

    /// Waits until the consumer has found its position, asking the broker for something else meanwhile.
    private func wait(_ consumer: Consumer, until position: Offset) async throws {
        while try consumer.position(of: partition) != position {
            _ = try await consumer.offsets(for: [partition: .latest])
        }
    }

    @Test("records that were read and then lost with a restored directory are told, not passed over")
    func truncatedLog() async throws {
        try await withDirectory { root in
            let directory = root + "/data"
            var broker = try await LiveBroker.start(in: directory)
            try await broker.createTopic("t")
            try await broker.send((0..<10).map(String.init), to: "t")
            try await broker.stop()
            try FileManager.default.copyItem(atPath: directory, toPath: root + "/copy")
            broker = try await LiveBroker.start(in: directory, port: broker.address.port)
            try await broker.send((10..<20).map(String.init), to: "t")
            let consumer = try broker.consumer { $0.reset = .earliest }
            consumer.assign([partition], from: .earliest)
            #expect(try await read(20, consumer).count == 20)
            try await broker.stop()
            // Back to the copy. Two starts, so that its leader has an epoch that was not seen before.
            try FileManager.default.removeItem(atPath: directory)
            try FileManager.default.moveItem(atPath: root + "/copy", toPath: directory)
            try await LiveBroker.start(in: directory).stop()
            broker = try await LiveBroker.start(in: directory, port: broker.address.port)
            try await broker.send((100..<130).map(String.init), to: "t")
            let error = await #expect(throws: MartletError.self) { try await consumer.next() }
            #expect(error?.code == .logTruncated && error?.offset == 10)
            try consumer.seek(partition, to: .offset(10))
            #expect(try await read(1, consumer).map(\.valueString) == ["100"])
            await consumer.close()
            try await broker.stop()
        }
    }
}
