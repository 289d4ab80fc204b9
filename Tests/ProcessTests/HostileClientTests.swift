import Foundation
import Martlet
import MartletProtocol
import MartletTestSupport
import TestSeeds
import Testing

extension ProcessTests {
    /// Clients that are broken, slow or malicious. After each the broker serves a good one, in little memory.
    @Suite("Hostile clients")
    struct HostileClientTests {
        /// The smallest that may be set.
        private static let requestMemory = 32 << 20
        /// Anonymous memory of the broker, a debug build's, whatever clients do: requests' memory, and as much again.
        private static let memoryMax = 2 * requestMemory + 60 << 20

        private func withBroker(_ body: (BrokerFixture) async throws -> Void) async throws {
            try await BrokerFixture.with(settings: ["queued.max.request.bytes": "\(Self.requestMemory)"]) { fixture in
                try await fixture.serveGoodClient()
                try await body(fixture)
                try await check(fixture, "at the end")
            }
        }

        private func check(_ fixture: BrokerFixture, _ what: String) async throws {
            do { try await fixture.serveGoodClient() } catch {
                throw TestFailure("\(what), then a good client: \(error)")
            }
            let memory = try fixture.broker.anonymousMemory()
            #expect(memory <= Self.memoryMax, "\(what): \(memory >> 20) MiB")
        }

        // MARK: Frames

        /// What a hostile client says after its Hello, and before it if `greets` is false.
        private struct Bytes: Sendable {
            var what: String
            var greets = true
            var bytes: [UInt8]
            /// Where the answer is nothing: what the log says.
            var logged = "nothing"
        }

        private static func header(magic: String = "MRT1", meta: UInt32, body: UInt32) -> [UInt8] {
            Array(magic.utf8) + [meta, body].flatMap { size in [24, 16, 8, 0].map { UInt8(size >> $0 & 0xff) } }
        }

        private static let badFrames: [Bytes] = [
            Bytes(
                what: "an HTTP request", greets: false, bytes: Array("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
            Bytes(what: "a TLS greeting", greets: false, bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]),
            Bytes(
                what: "a Kafka request", greets: false, bytes: [0, 0, 0, 20, 0, 18, 0, 3, 0, 0, 0, 1, 0, 0],
                logged: "looks like a Kafka request"),
            Bytes(what: "a wrong magic", bytes: header(magic: "MRT2", meta: 10, body: 10)),
            Bytes(what: "a meta of 4 GiB", bytes: header(meta: .max, body: 0)),
            Bytes(what: "a body of 4 GiB", bytes: header(meta: 10, body: .max) + [UInt8](repeating: 0, count: 64)),
            Bytes(
                what: "a body beyond the limit",
                bytes: header(meta: 10, body: 21 << 20) + [UInt8](repeating: 0, count: 64)),
            Bytes(
                what: "a large body before Hello", greets: false,
                bytes: header(meta: 10, body: 1 << 20) + [UInt8](repeating: 0, count: 64)),
            Bytes(what: "a meta that is no protobuf", bytes: header(meta: 4, body: 0) + [0xff, 0xff, 0xff, 0xff]),
            Bytes(
                what: "a call before Hello", greets: false,
                bytes: RawFrame.request(RecordsClient.Method.fetch, FetchRequest(), callID: 1)),
            Bytes(
                what: "a call without an id",
                bytes: RawFrame.request(RecordsClient.Method.fetch, FetchRequest(), callID: 0)),
        ]

        @Test("bytes that are no frames close their own connection and nothing else", .timeLimit(.minutes(1)))
        func badFrames() async throws {
            try await withBroker { fixture in
                let port = fixture.options.port
                for bad in Self.badFrames {
                    let answer = try await BlockingThread.run {
                        let connection = try RawConnection(port: port)
                        if bad.greets { try connection.greet() }
                        connection.send(bad.bytes)
                        connection.closeSending()
                        return connection.receiveUntilClosed()
                    }
                    #expect(answer != nil, "\(bad.what): the broker keeps the connection")
                    // To some there is nothing to say that they could read: then the broker's log has it.
                    if answer?.isEmpty != false {
                        let line = await fixture.log.line(containing: bad.logged, within: .seconds(20))
                        #expect(line != nil, "\(bad.what): closed without a word")
                    }
                }
            }
        }

        @Test("random bytes, and good frames with random damage, harm nothing", .timeLimit(.minutes(1)))
        func randomBytes() async throws {
            let seed = TestSeed.pick()
            print("MARTLET_SEED=\(seed)")
            try await withBroker { fixture in
                let topic = try await fixture.admin { try await $0.createTopic("damaged") }
                let port = fixture.options.port
                let good = try Self.produce(topic, HostileBatch.good())
                try await BlockingThread.run {
                    var random = SeededGenerator(seed: seed)
                    for round in 0..<300 {
                        let connection = try RawConnection(port: port)
                        if round % 3 != 0 { try connection.greet() }
                        var bytes = good
                        if round % 3 == 1 {
                            // Some bits of a good request, its sizes spared mostly, so that it gets far.
                            let first = Bool.random(using: &random) ? 12 : 0
                            for _ in 0..<Int.random(in: 1...4, using: &random) {
                                bytes[Int.random(in: first..<bytes.count, using: &random)] ^=
                                    1 << UInt8.random(in: 0..<8, using: &random)
                            }
                        } else {
                            bytes = random.bytes(Int.random(in: 1...4000, using: &random))
                            if Bool.random(using: &random) { bytes = Array("MRT1".utf8) + bytes }
                        }
                        connection.send(bytes)
                        switch round % 4 {
                        case 0: connection.reset()
                        case 1: connection.close()
                        default:
                            connection.closeSending()
                            guard connection.receiveUntilClosed() != nil else {
                                throw TestFailure("seed \(seed), round \(round): the broker keeps the connection")
                            }
                        }
                    }
                }
            }
        }

        @Test("a request cut off at any byte leaves nothing behind", .timeLimit(.minutes(1)))
        func truncatedFrames() async throws {
            try await withBroker { fixture in
                let topic = try await fixture.admin { try await $0.createTopic("cut") }
                let port = fixture.options.port
                let good = try Self.produce(topic, HostileBatch.good())
                try await BlockingThread.run {
                    for count in stride(from: 1, to: good.count, by: 11) {
                        let connection = try RawConnection(port: port)
                        try connection.greet()
                        connection.send(Array(good[..<count]))
                        connection.closeSending()
                        guard connection.receiveUntilClosed() != nil else {
                            throw TestFailure("cut at byte \(count): the broker keeps the connection")
                        }
                    }
                }
                let end = try await fixture.admin {
                    try await $0.offsets(for: [TopicPartition(topic: "cut", partition: 0): .latest])
                }
                #expect(end.values.map(\.offset) == [0])
            }
        }

        // MARK: Messages and batches

        private static func produce(_ topic: TopicID, _ batch: [UInt8], callID: UInt64 = 2) -> [UInt8] {
            let partition = ProducePartition(
                topicID: topic.bytes, partition: 0, leaderEpoch: -1, batchBytes: UInt32(batch.count))
            let request = ProduceRequest(acks: -1, timeoutMs: 10_000, partitions: [partition])
            return RawFrame.request(RecordsClient.Method.produce, request, attachment: batch, callID: callID)
        }

        @Test(
            "a batch that is not what it says is refused, each for its reason, and none of it is kept",
            .timeLimit(.minutes(1)))
        func badBatches() async throws {
            let bomb = try HostileBatch.bomb()
            let cases: [(String, [UInt8], Set<ErrorCode>)] = [
                ("a wrong checksum", try HostileBatch.changed(.records, to: 7, sealed: false), [.corruptMessage]),
                ("a length beyond the batch", try HostileBatch.changed(.length, to: 1 << 20), [.corruptMessage]),
                ("a length of less than a header", try HostileBatch.changed(.length, to: 12), [.corruptMessage]),
                ("a negative length", try HostileBatch.changed(.length, to: .max), [.corruptMessage]),
                (
                    "a negative count", try HostileBatch.changed(.recordCount, to: .max),
                    [.corruptMessage, .invalidRecord]
                ),
                ("no records", try HostileBatch.changed(.recordCount, to: 0), [.corruptMessage, .invalidRecord]),
                (
                    "two billion records", try HostileBatch.changed(.recordCount, to: 0x7fff_ffff),
                    [.corruptMessage, .invalidRecord]
                ),
                (
                    "offsets that jump", try HostileBatch.changed(.lastOffsetDelta, to: 5_000),
                    [.corruptMessage, .invalidRecord]
                ),
                (
                    "a magic of old", try HostileBatch.changed(.magic, to: 0x0100_0000),
                    [.corruptMessage, .invalidRecord]
                ),
                ("nothing", [], [.corruptMessage, .invalidRecord]),
                ("a header alone", Array(try HostileBatch.good()[..<61]), [.corruptMessage]),
                (
                    "two batches as one", try HostileBatch.good() + HostileBatch.good(),
                    [.corruptMessage, .invalidRecord]
                ),
                ("a decompression bomb", bomb, [.corruptMessage, .invalidRecord, .messageTooLarge]),
            ]
            try await withBroker { fixture in
                // Compacted: the broker has to look at the records, packed or not.
                let topic = try await fixture.admin {
                    try await $0.createTopic("bad", settings: ["cleanup.policy": "compact"])
                }
                let port = fixture.options.port
                for (what, batch, expected) in cases {
                    let answer = try await BlockingThread.run {
                        let connection = try RawConnection(port: port)
                        try connection.greet()
                        connection.send(Self.produce(topic, batch))
                        return try connection.answer()
                    }
                    guard let answer, answer.status == 0 else {
                        #expect(answer?.status == 3, "\(what): \(String(describing: answer?.meta))")
                        continue
                    }
                    let result = try answer.message(ProduceResponse.self).partitions.first
                    let error = result.flatMap { ErrorCode(rawValue: $0.error) }
                    #expect(error.map(expected.contains) == true, "\(what): \(String(describing: result))")
                    #expect(result?.message.isEmpty == false, "\(what): no reason is given")
                    try await check(fixture, what)
                }
                let end = try await fixture.admin {
                    try await $0.offsets(for: [TopicPartition(topic: "bad", partition: 0): .latest])
                }
                #expect(end.values.map(\.offset) == [0])
            }
        }

        @Test("a message of a million empty submessages is refused", .timeLimit(.minutes(1)))
        func manySubmessages() async throws {
            try await withBroker { fixture in
                let port = fixture.options.port
                let methods = [
                    TopicsClient.Method.createTopics, TopicsClient.Method.deleteRecords, RecordsClient.Method.produce,
                    RecordsClient.Method.fetch, RecordsClient.Method.listOffsets,
                ]
                for method in methods {
                    // In each of these requests one of the fields 1 to 4 is repeated messages.
                    for field in 1...4 as ClosedRange<UInt8> {
                        let body = [[UInt8]](repeating: [field << 3 | 2, 0], count: 1_000_000).flatMap { $0 }
                        let status = try await BlockingThread.run {
                            let connection = try RawConnection(port: port)
                            try connection.greet()
                            connection.send(RawFrame.request(method, body: body, callID: 2))
                            return try connection.answer()?.status
                        }
                        #expect(status != nil, "\(method), field \(field): no answer")
                        let memory = try fixture.broker.anonymousMemory()
                        #expect(memory <= Self.memoryMax, "\(method), field \(field): \(memory >> 20) MiB")
                    }
                }
            }
        }

        // MARK: Slow and many

        @Test("two thousand idle connections take little memory and are in nobody's way", .timeLimit(.minutes(1)))
        func idleConnections() async throws {
            try await withBroker { fixture in
                let port = fixture.options.port
                let connections = try await BlockingThread.run {
                    try Held(
                        (0..<2_000).map { number in
                            let connection = try RawConnection(port: port)
                            try connection.greet()
                            // Half of them leave a frame half-sent.
                            if number % 2 == 0 { connection.send(Self.header(meta: 20, body: 100)) }
                            return connection
                        })
                }
                try await check(fixture, "2,000 idle connections")
                let status = try await fixture.admin { try await $0.brokerStatus() }
                #expect(status.connections >= 2_000)
                connections.closeAll()
            }
        }

        @Test("clients that never read their answers cost a bounded amount", .timeLimit(.minutes(1)))
        func neverRead() async throws {
            try await withBroker { fixture in
                let topic = try await fixture.admin { try await $0.createTopic("large", settings: ["flush": "os"]) }
                let configuration = try #require(ProducerConfiguration(fixture.address))
                try await withProducer(configuration, logger: .quiet) { producer in
                    let value = [UInt8](repeating: 7, count: 900_000)
                    for _ in 0..<40 { _ = try await producer.send(topic: "large", key: nil, value: value) }
                }
                let fetch = FetchRequest(
                    maxWaitMs: 1000, minBytes: 1, maxBytes: 64 << 20,
                    partitions: [
                        FetchPartition(
                            topicID: topic.bytes, partition: 0, leaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1,
                            maxBytes: 64 << 20)
                    ])
                let port = fixture.options.port
                let connections = try await BlockingThread.run {
                    try Held(
                        (0..<50).map { _ in
                            let connection = try RawConnection(port: port, timeout: .seconds(2), receiveBuffer: 4096)
                            try connection.greet()
                            for id in 2...60 as ClosedRange<UInt64> {
                                connection.send(RawFrame.request(RecordsClient.Method.fetch, fetch, callID: id))
                            }
                            return connection
                        })
                }
                try await check(fixture, "50 clients that never read")
                connections.closeAll()
            }
        }

        @Test("clients that send a byte at a time hold up others for seconds at most", .timeLimit(.minutes(1)))
        func byteAtATime() async throws {
            try await withBroker { fixture in
                let topic = try await fixture.admin { try await $0.createTopic("slow") }
                let port = fixture.options.port
                // 16 MiB and a header: the memory for requests has room for one of them.
                let large = Self.produce(topic, [UInt8](repeating: 0, count: 16 << 20))
                let connections = try await BlockingThread.run {
                    try Held(
                        (0..<3).map { _ in
                            let connection = try RawConnection(port: port)
                            try connection.greet()
                            for byte in large.prefix(200) { connection.send([byte]) }
                            return connection
                        })
                }
                // Asking needs no memory of requests. Once this says so, everybody who produces waits.
                while try await fixture.admin({ try await $0.brokerStatus() }).memoryReservedBytes < 16 << 20 {}
                try await check(fixture, "clients that send a byte at a time")
                #expect(fixture.log.contains("others wait for the memory of a request that does not come"))
                connections.closeAll()
            }
        }
    }
}

/// Connections that are kept open while a test goes on elsewhere.
///
/// @unchecked Sendable: they are made on one thread, handed over, and only closed after that.
private final class Held: @unchecked Sendable {
    private let connections: [RawConnection]

    init(_ connections: [RawConnection]) {
        self.connections = connections
    }

    func closeAll() {
        connections.forEach { $0.close() }
    }
}
