import Foundation
import Martlet
import MartletTestSupport
import Testing

extension ProcessTests {
    /// RULES 8 with the real process: the disk fails under one partition, and another keeps serving.
    @Suite("A disk that fails")
    struct FailingDiskTests {
        /// What fails on the disk under partition 1 of `t`.
        struct Fault: CustomTestStringConvertible {
            var what: String
            var call: String
            var error: Int32
            /// Of a path.
            var part: String
            var segmentBytes = 64 << 20
            var testDescription: String { what }
        }

        private static let failing = TopicPartition(topic: "t", partition: 1)
        private static let sound = TopicPartition(topic: "t", partition: 0)

        static let fatalFaults = [
            Fault(what: "EIO in an append", call: "pwritev", error: EIO, part: "/1/00000000000000000000.log"),
            Fault(what: "EIO in a sync", call: "fdatasync", error: EIO, part: "/1/00000000000000000000.log"),
            Fault(what: "ENOSPC in a sync", call: "fdatasync", error: ENOSPC, part: "/1/00000000000000000000.log"),
            Fault(what: "EIO in a roll", call: "create", error: EIO, part: "/1/000", segmentBytes: 1 << 20),
            Fault(what: "EIO as the index grows", call: "pwritev", error: EIO, part: "/1/00000000000000000000.index"),
        ]

        @Test(
            "takes the partition offline, which says why; others go on, and after a restart all that was acknowledged is there",
            .timeLimit(.minutes(1)), arguments: fatalFaults)
        func fatal(fault: Fault) async throws {
            try await withBroker(fault.segmentBytes) { fixture, calls in
                try calls.fail(fault.call, with: fault.error, on: fault.part)
                let (acknowledged, refusal) = try await fixture.writeUntilRefused(Self.failing, from: 3)
                #expect(refusal.topicPartition == Self.failing, "\(refusal)")
                #expect(try await fixture.write(Self.sound, 3..<6) == 6)

                let status = try await fixture.admin { try await $0.brokerStatus() }
                #expect(status.troubles.map(\.topicPartition) == [Self.failing])
                let reason = status.troubles.first?.reason ?? ""
                #expect(reason.contains(fixture.data + "/logs/"), "the path: \(reason)")
                #expect(reason.contains(String(cString: strerror(fault.error))), "\(reason)")
                #expect(try await fixture.metric("martlet_partitions_offline") == "1")
                #expect(fixture.log.contains("partition offline"), "\(fixture.log.tail)")

                // Never retried over: the disk is well again, and the partition stays offline until it is recovered.
                try calls.heal()
                #expect(try await fixture.admin { try await $0.brokerStatus() }.troubles.count == 1)
                await fixture.broker.kill()
                try await fixture.restart()
                #expect(try await fixture.settledStatus().troubles.isEmpty)
                let end = try await fixture.readAll(Self.failing)
                #expect(end >= acknowledged, "acknowledged records are gone")
                #expect(try await fixture.readAll(Self.sound) == 6)
                #expect(try await fixture.write(Self.failing, end..<end + 3) == end + 3)
            }
        }

        static let passingFaults = [
            Fault(what: "ENOSPC in an append", call: "pwritev", error: ENOSPC, part: "/1/00000000000000000000.log"),
            Fault(what: "EDQUOT in an append", call: "pwritev", error: EDQUOT, part: "/1/00000000000000000000.log"),
            Fault(what: "ENOSPC in a roll", call: "create", error: ENOSPC, part: "/1/000", segmentBytes: 1 << 20),
            Fault(
                what: "ENOSPC as the index grows", call: "pwritev", error: ENOSPC,
                part: "/1/00000000000000000000.index"),
        ]

        @Test(
            "that is full refuses the partition's writes with the reason; reads and others go on, and it does once there is room",
            .timeLimit(.minutes(1)), arguments: passingFaults)
        func full(fault: Fault) async throws {
            try await withBroker(fault.segmentBytes) { fixture, calls in
                try calls.fail(fault.call, with: fault.error, on: fault.part)
                let (acknowledged, refusal) = try await fixture.writeUntilRefused(Self.failing, from: 3)
                #expect(refusal.topicPartition == Self.failing, "\(refusal)")
                #expect(refusal.message.contains(String(cString: strerror(fault.error))), "\(refusal)")
                #expect(try await fixture.write(Self.sound, 3..<6) == 6)
                #expect(try await fixture.readAll(Self.failing) == acknowledged)
                #expect(try await fixture.admin { try await $0.brokerStatus() }.troubles.isEmpty)
                #expect(try await fixture.metric("martlet_partitions_offline") == "0")

                try calls.heal()
                #expect(try await fixture.write(Self.failing, acknowledged..<acknowledged + 3) == acknowledged + 3)
                await fixture.broker.kill()
                try await fixture.restart()
                #expect(try await fixture.readAll(Self.failing) == acknowledged + 3)
                #expect(try await fixture.readAll(Self.sound) == 6)
            }
        }

        @Test(
            "at a checkpoint costs nothing: everybody is served, the log says so, and a start after kill -9 finds all",
            .timeLimit(.minutes(1)), arguments: [EIO, ENOSPC])
        func checkpoint(error: Int32) async throws {
            try await withBroker(64 << 20) { fixture, calls in
                try calls.fail("rename", with: error, on: "/offsets")
                #expect(try await fixture.write(Self.failing, 3..<20) == 20)
                try await fixture.broker.waitForLog("checkpoint failed")
                #expect(try await fixture.write(Self.sound, 3..<20) == 20)
                #expect(try await fixture.admin { try await $0.brokerStatus() }.troubles.isEmpty)
                await fixture.broker.kill()
                try calls.heal()
                try await fixture.restart()
                #expect(try await fixture.readAll(Self.failing) == 20)
                #expect(try await fixture.readAll(Self.sound) == 20)
            }
        }

        /// Three records in either partition, and a disk that obeys.
        private func withBroker(
            _ segmentBytes: Int, _ body: (BrokerFixture, FailingCalls) async throws -> Void
        ) async throws {
            let metrics = try FreePort.find()
            try await BrokerFixture.with(settings: ["metrics.listener": "127.0.0.1:\(metrics)"]) { fixture in
                try await fixture.broker.stop()
                let calls = try await FailingCalls(in: fixture.directory.path)
                fixture.options.environment = calls.environment
                try await fixture.restart()
                try await fixture.admin { admin in
                    _ = try await admin.createTopic("t", partitions: 2, settings: ["segment.bytes": "\(segmentBytes)"])
                }
                for place in [Self.sound, Self.failing] { #expect(try await fixture.write(place, 0..<3) == 3) }
                try await body(fixture, calls)
            }
        }
    }
}

extension BrokerFixture {
    private func value(_ offset: Int) -> [UInt8] {
        Array("\(offset) ".utf8) + [UInt8](repeating: 7, count: 100_000)
    }

    private func producing<Result>(_ body: (Producer) async throws -> Result) async throws -> Result {
        var configuration = try #require(ProducerConfiguration(address))
        configuration.client.requestTimeout = .seconds(2)
        configuration.deliveryTimeout = .seconds(5)
        return try await withProducer(configuration, logger: .quiet, body)
    }

    private func send(_ offset: Int, to place: TopicPartition, _ producer: Producer) async throws(MartletError) {
        let handle = try await producer.send(
            topic: place.topic, key: nil, value: value(offset), partition: place.partition)
        let delivery = try await handle.delivery()
        #expect(delivery.offset == Offset(offset))
    }

    /// Sends what belongs at these offsets, and returns the end.
    fileprivate func write(_ place: TopicPartition, _ offsets: Range<Int>) async throws -> Int {
        try await producing { producer in
            for offset in offsets { try await send(offset, to: place, producer) }
        }
        return offsets.upperBound
    }

    /// One record after the other, until one fails. Returns the end of what was acknowledged.
    fileprivate func writeUntilRefused(
        _ place: TopicPartition, from first: Int
    ) async throws -> (acknowledged: Int, MartletError) {
        try await producing { producer in
            for offset in first..<first + 200 {
                do throws(MartletError) { try await send(offset, to: place, producer) } catch { return (offset, error) }
            }
            throw TestFailure("20 MB went to a disk that fails")
        }
    }

    /// Reads the partition from its beginning, every record the right one, and returns its end.
    fileprivate func readAll(_ place: TopicPartition) async throws -> Int {
        let configuration = try #require(ConsumerConfiguration(address))
        return try await withConsumer(configuration, logger: .quiet) { consumer in
            let end = try #require(try await consumer.offsets(for: [place: .latest])[place]?.offset)
            consumer.assign([place], from: .earliest)
            for offset in 0..<end {
                let record = try #require(try await consumer.nextRecord())
                #expect(record.offset == offset && record.value.map(Array.init) == value(Int(offset)))
            }
            return Int(end)
        }
    }

    /// The value of a metric without labels, as text.
    fileprivate func metric(_ name: String) async throws -> String? {
        let listener = options.settings["metrics.listener"] ?? ""
        let port = try #require(listener.split(separator: ":").last.flatMap { Int($0) })
        let answer = try await BlockingThread.run {
            let connection = try RawConnection(port: port)
            connection.send(Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
            return connection.receiveUntilClosed()
        }
        let lines = String(decoding: answer ?? [], as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix(name + " ") }?.split(separator: " ").last.map(String.init)
    }
}
