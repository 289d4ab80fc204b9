import Foundation
import Logging
import MartletCore
import MartletMetadata
import MartletStorage
import NIOCore
import NIOPosix
import Testing

@testable import MartletBroker

/// A broker over real storage in a temporary directory, with calls that can be awaited.
final class BrokerHarness: Sendable {
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    let broker: Broker
    let store: LogStore
    let loop: any EventLoop
    let directory: TemporaryDirectory

    private init(broker: Broker, store: LogStore, directory: TemporaryDirectory) {
        self.broker = broker
        self.store = store
        self.directory = directory
        loop = Self.group.next()
    }

    /// A started broker. Without `syncing` nothing becomes durable until `store.startBackground()`.
    static func start(
        in directory: TemporaryDirectory? = nil, syncing: Bool = true, io: LogIO = .system,
        _ change: (inout BrokerSettings) -> Void = { _ in }
    ) async throws -> BrokerHarness {
        let directory = try directory ?? TemporaryDirectory()
        let logger = quiet
        var options = LogStoreOptions(logger: logger)
        options.io = io
        options.reserveBytes = 4_096
        // Rounds of maintenance are a test's own to run: one in between, on a busy machine, would be counted with them.
        options.maintenanceInterval = .seconds(3_600)
        let store = try LogStore(directory: directory.path, options: options)
        do {
            let metadata = try EmbeddedStore(directory: directory.path + "/metadata", logger: logger)
            var settings = BrokerSettings()
            change(&settings)
            let broker = Broker(settings: settings, store: store, metadata: metadata, logger: logger)
            try await broker.start(host: "127.0.0.1", port: 7_400, syncing: syncing)
            return BrokerHarness(broker: broker, store: store, directory: directory)
        } catch {
            store.close()
            throw error
        }
    }

    /// Starts a broker, runs `body`, stops it.
    static func with<Value>(
        in directory: TemporaryDirectory? = nil, syncing: Bool = true, io: LogIO = .system,
        _ change: (inout BrokerSettings) -> Void = { _ in }, _ body: (BrokerHarness) async throws -> Value
    ) async throws -> Value {
        let harness = try await start(in: directory, syncing: syncing, io: io, change)
        do {
            let value = try await body(harness)
            await harness.broker.stop()
            return value
        } catch {
            await harness.broker.stop()
            throw error
        }
    }

    func createTopic(_ name: String, partitions: Int32 = 1, _ settings: [String: String] = [:]) async throws -> TopicID
    {
        try await broker.createTopics([NewTopic(name: name, partitions: partitions, settings: settings)])[0].get()
    }

    func partition(_ topic: TopicID, _ index: PartitionIndex = 0) throws -> Partition {
        try broker.table.replica(topic, index)
    }

    // MARK: Producing

    func produce(
        _ topic: TopicID, _ index: PartitionIndex, _ batch: [UInt8], acks: Acks = .all, epoch: LeaderEpoch = -1,
        timeout: Duration = .seconds(30)
    ) async -> ProduceOutcome {
        await produce([(topic, index, epoch, batch)], acks: acks, timeout: timeout)[0]
    }

    func produce(
        _ topic: TopicID, _ batch: [UInt8], acks: Acks = .all, epoch: LeaderEpoch = -1, timeout: Duration = .seconds(30)
    ) async -> ProduceOutcome {
        await produce([(topic, 0, epoch, batch)], acks: acks, timeout: timeout)[0]
    }

    func produce(
        _ batches: [(topic: TopicID, index: PartitionIndex, epoch: LeaderEpoch, batch: [UInt8])], acks: Acks = .all,
        timeout: Duration = .seconds(30)
    ) async -> [ProduceOutcome] {
        await withCheckedContinuation { continuation in
            loop.execute {
                var attachment = ByteBuffer()
                var items: [ProduceItem] = []
                for (topic, index, epoch, batch) in batches {
                    let start = attachment.readableBytes
                    attachment.writeBytes(batch)
                    items.append(
                        ProduceItem(
                            topicID: topic, partition: index, leaderEpoch: epoch, bytes: start..<start + batch.count))
                }
                self.broker.produce(items, attachment: attachment, acks: acks, timeout: timeout, on: self.loop) {
                    continuation.resume(returning: $0)
                }
            }
        }
    }

    // MARK: Fetching

    func item(
        _ topic: TopicID, _ index: PartitionIndex = 0, from offset: Offset = 0, epoch: LeaderEpoch = -1,
        lastEpoch: LeaderEpoch = -1, maxBytes: Int = 1 << 20
    ) -> FetchItem {
        FetchItem(
            topicID: topic, partition: index, leaderEpoch: epoch, fetchOffset: offset, lastFetchedEpoch: lastEpoch,
            maxBytes: maxBytes)
    }

    func fetch(
        _ items: [FetchItem], wait: Duration = .zero, minBytes: Int = 1, maxBytes: Int = 8 << 20
    ) async -> [FetchOutcome] {
        await withCheckedContinuation { continuation in
            loop.execute {
                let query = FetchQuery(maxWait: wait, minBytes: minBytes, maxBytes: maxBytes, items: items)
                _ = self.broker.fetch(query, on: self.loop) { continuation.resume(returning: $0) }
            }
        }
    }

    /// Begins a fetch that has to wait; returns once it does.
    func park(_ items: [FetchItem], wait: Duration = .seconds(60), minBytes: Int = 1) async throws -> ParkedFetch {
        let (replies, continuation) = AsyncStream<[FetchOutcome]>.makeStream()
        let ticket = try await loop.submit {
            let query = FetchQuery(maxWait: wait, minBytes: minBytes, maxBytes: 8 << 20, items: items)
            return self.broker.fetch(query, on: self.loop) {
                continuation.yield($0)
                continuation.finish()
            }
        }.get()
        return ParkedFetch(
            ticket: try #require(ticket), loop: loop, replies: replies, onCancel: { continuation.finish() })
    }
}

struct ParkedFetch {
    let ticket: FetchTicket
    let loop: any EventLoop
    let replies: AsyncStream<[FetchOutcome]>
    let onCancel: @Sendable () -> Void

    func reply() async throws -> [FetchOutcome] {
        for await reply in replies { return reply }
        throw CancellationError()
    }

    func cancel() async throws {
        try await loop.submit { [ticket] in ticket.cancel() }.get()
        onCancel()
    }
}

/// Batches of records that are one string each, and back.
enum TestBatch {
    static func bytes(
        _ values: [String], producer: (id: ProducerID, epoch: ProducerEpoch, sequence: Int32) = (-1, -1, -1),
        timestamp: TimestampMs = 1_000
    ) throws -> [UInt8] {
        var builder = try BatchBuilder(compression: .none, targetBytes: 1 << 20, sizeLimit: 1 << 20)
        for (index, value) in values.enumerated() {
            let result = Array(value.utf8).withUnsafeBytes {
                builder.append(timestamp: timestamp + TimestampMs(index), key: nil, value: $0)
            }
            #expect(result == .appended)
        }
        return [UInt8](
            try builder.finish(producerID: producer.id, producerEpoch: producer.epoch, baseSequence: producer.sequence))
    }

    /// The values of all records in whole batches.
    static func values(_ bytes: [UInt8]) throws -> [String] {
        var values: [String] = []
        try bytes.withUnsafeBytes { bytes in
            var rest = UnsafeRawBufferPointer(rebasing: bytes[...])
            while !rest.isEmpty {
                let header = try BatchCodec.readHeader(rest, sizeLimit: 1 << 20)
                let batch = UnsafeRawBufferPointer(rebasing: rest[..<header.sizeBytes])
                _ = try BatchCodec.check(batch, sizeLimit: 1 << 20)
                let block = try RecordBlock(batch, header: header, unpackedLimit: 1 << 20)
                try block.forEachRecord { record in
                    values.append(
                        String(decoding: record.value ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self))
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[header.sizeBytes...])
            }
        }
        return values
    }
}

extension FetchOutcome {
    var values: [String] {
        get throws {
            guard case .records(let read) = content else { return [] }
            var bytes = [UInt8](repeating: 0, count: read.count)
            let count = bytes.withUnsafeMutableBytes {
                pread(read.lease.descriptor, $0.baseAddress, $0.count, off_t(read.filePosition))
            }
            #expect(count == read.count)
            return try TestBatch.values(bytes)
        }
    }

    var error: BrokerError? {
        if case .failure(let error) = content { error } else { nil }
    }
}

extension Result where Failure == BrokerError {
    var error: BrokerError? {
        if case .failure(let error) = self { error } else { nil }
    }
}

/// A directory that goes with its last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "martlet-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// A copy, and known for one. The other may be in use: where a file goes while it is copied (checkpoints are written
    /// beside and renamed), all is copied again.
    init(copying other: TemporaryDirectory) throws {
        path = NSTemporaryDirectory() + "martlet-" + UUID().uuidString
        while try !Self.copy(other.path, to: path) {
            try Task.checkCancellation()
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// False when something that was to be copied had gone.
    private static func copy(_ source: String, to target: String) throws -> Bool {
        do {
            try FileManager.default.copyItem(atPath: source, toPath: target)
            return true
        } catch let error as CocoaError where error.code == .fileNoSuchFile || error.code == .fileReadNoSuchFile {
            guard FileManager.default.fileExists(atPath: target) else { throw error }
            return false
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

extension BrokerHarness {
    /// Returns once the broker's counters are as wanted; yields in between.
    func waitUntil(_ condition: (BrokerCounters.Snapshot) -> Bool) async throws {
        while !condition(broker.counters.snapshot) {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Produces from one of the group's loops.
    func onAnyLoop(_ topic: TopicID, _ batch: [UInt8]) async -> ProduceOutcome {
        let loop = Self.group.next()
        return await withCheckedContinuation { continuation in
            loop.execute {
                let item = ProduceItem(topicID: topic, partition: 0, leaderEpoch: -1, bytes: 0..<batch.count)
                self.broker.produce(
                    [item], attachment: ByteBuffer(bytes: batch), acks: .all, timeout: .seconds(30), on: loop
                ) { continuation.resume(returning: $0[0]) }
            }
        }
    }

    /// Produces again while the partition is still being recovered.
    func produceOnceRecovered(_ topic: TopicID, _ batch: [UInt8], epoch: LeaderEpoch = -1) async -> ProduceOutcome {
        while true {
            let outcome = await produce(topic, batch, epoch: epoch)
            guard outcome.error?.code == .partitionRecovering else { return outcome }
            await Task.yield()
        }
    }
}
