import MartletCore
import Synchronization
import Testing

@testable import MartletStorage

@Suite("Compaction")
struct CompactionTests {
    private let clock = ManualClock()

    private func settings(deleteRetention: Duration = .seconds(60)) -> LogSettings {
        LogSettings(
            segmentBytes: 600, retentionAge: nil, cleanup: .compact, flush: .batch, deleteRetention: deleteRetention,
            minCleanableDirtyRatio: 0.0
        )
    }

    private func open(_ directory: TemporaryDirectory, settings: LogSettings) throws -> (LogStore, PartitionLog) {
        let store = try LogStore(directory: directory.path, options: testOptions(clock: clock))
        store.startBackground()
        let log =
            try store.partitionsOnDisk().isEmpty
            ? store.create(partition(), topic: "t", settings: settings)
            : store.open(partition(), topic: "t", settings: settings)
        store.waitForRecovery()
        try log.startLeaderEpoch(log.highestEpoch + 1)
        return (store, log)
    }

    private func append(
        _ log: PartitionLog, _ records: [(String, String?)], compression: Compression = .none,
        producer: TestProducer = TestProducer()
    ) throws {
        let bytes = try batch(
            records.map { TestRecord(timestamp: clock.wallTime, key: $0.0, value: $0.1) }, compression: compression,
            producer: producer)
        try log.append(bytes, epoch: log.highestEpoch, now: clock.wallTime)
    }

    /// Makes all that was appended durable and old enough to be compacted, and compacts.
    private func compact(_ store: LogStore, _ log: PartitionLog) throws {
        store.environment.sync.syncAndWait([log])
        log.setHighWatermark(log.logEndOffset)
        try store.checkpoint()
        store.maintain()
    }

    @Test(
        "the newest record of each key stays, at its offset, and reads skip the rest",
        arguments: [Compression.none, .lz4])
    func newestStays(compression: Compression) throws {
        let directory = TemporaryDirectory()
        let (store, log) = try open(directory, settings: settings())
        defer { store.close() }
        for round in 0..<20 {
            try append(log, (0..<5).map { ("key \($0)", "value \(round)") }, compression: compression)
        }
        let before = try log.records()
        let bytesBefore = log.sizeBytes
        try compact(store, log)
        #expect(store.counters.compactions.load(ordering: .relaxed) == 1)
        #expect(log.sizeBytes < bytesBefore / 2)
        let after = try log.records()
        let activeStart = try #require(log.shared.withLock { $0.segments.last?.baseOffset })
        var newest: [[UInt8]: Offset] = [:]
        for record in before where record.offset < activeStart { newest[try #require(record.key)] = record.offset }
        let expected = before.filter { $0.offset >= activeStart || newest[$0.key ?? []] == $0.offset }
        #expect(after == expected)
        #expect(log.logEndOffset == 100 && log.logStartOffset == 0)
        #expect(try log.records(maxBytes: 1) == after, "batch by batch")
    }

    @Test("a compacted log opens again, after a clean stop and after a crash")
    func reopen() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try open(directory, settings: settings())
        for round in 0..<20 { try append(log, (0..<5).map { ("key \($0)", "value \(round)") }) }
        try compact(store, log)
        let records = try log.records()
        let crashed = TemporaryDirectory()
        copyTree(directory.path, crashed.path)
        store.close()
        for place in [directory, crashed] {
            let (again, reopened) = try open(place, settings: settings())
            #expect(reopened.state == .online)
            #expect(try reopened.records() == records)
            #expect(reopened.logEndOffset == 100)
            again.close()
        }
    }

    @Test("a tombstone is kept for the time set, then goes")
    func tombstones() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try open(directory, settings: settings(deleteRetention: .seconds(60)))
        defer { store.close() }
        try append(log, [("gone", "value"), ("stays", "value")])
        try append(log, [("gone", nil)])
        for number in 0..<20 { try append(log, [("filler", "some more bytes \(number)")]) }
        try compact(store, log)
        func gone() throws -> [TestRecord] { try log.records().filter { $0.key == Array("gone".utf8) } }
        #expect(try gone().map(\.value) == [nil], "the value is gone, the tombstone there")
        let tombstone = try #require(try gone().first)
        #expect(tombstone.offset == 2 && tombstone.timestamp == 1_700_000_000_000, "with its offset and time")
        clock.advance(by: .seconds(59))
        try compact(store, log)
        #expect(try gone().count == 1)
        clock.advance(by: .seconds(2))
        try compact(store, log)
        #expect(try gone().isEmpty)
        #expect(try log.records().contains { $0.key == Array("stays".utf8) })
    }

    @Test("each producer's last batch stays known through compaction and a crash")
    func producers() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try open(directory, settings: settings())
        for sequence in 0..<3 {
            try append(
                log, [("key", "\(sequence)")], producer: TestProducer(id: 7, epoch: 0, sequence: Int32(sequence)))
        }
        for number in 0..<30 { try append(log, [("key", "later \(number)")]) }
        try compact(store, log)
        #expect(try log.records().filter { $0.offset < 3 }.isEmpty)
        let crashed = TemporaryDirectory()
        copyTree(directory.path, crashed.path)
        store.close()
        unlinkProducers(crashed)
        let (again, recovered) = try open(crashed, settings: settings())
        defer { again.close() }
        let repeated = try batch(
            [TestRecord(key: "key", value: "2")], producer: TestProducer(id: 7, epoch: 0, sequence: 2))
        #expect(try recovered.append(repeated, epoch: recovered.highestEpoch).isDuplicate)
        try append(recovered, [("key", "3")], producer: TestProducer(id: 7, epoch: 0, sequence: 3))
    }

    private func unlinkProducers(_ directory: TemporaryDirectory) {
        let path = StoreLayout(directory.path).partitionPath(partition())
        try? LogIO.system.remove("\(path)/\(PartitionLog.producersFileName)", sync: false)
    }

    @Test("a compacted topic refuses records without a key")
    func keyless() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try open(directory, settings: settings())
        defer { store.close() }
        let error = #expect(throws: StorageError.self) { try log.append(batch("no key"), epoch: 1) }
        #expect(error?.code == .keyRequired)
        #expect(log.logEndOffset == 0)
    }

    @Test("nothing above the high watermark is compacted")
    func highWatermark() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try open(directory, settings: settings())
        defer { store.close() }
        for round in 0..<20 { try append(log, (0..<5).map { ("key \($0)", "value \(round)") }) }
        store.environment.sync.syncAndWait([log])
        log.setHighWatermark(3)
        try store.checkpoint()
        store.maintain()
        #expect(try log.records().count == 100)
    }

    @Test("a map that is too small for all keys compacts in several rounds")
    func smallMap() throws {
        let directory = TemporaryDirectory()
        var options = testOptions(clock: clock)
        options.compactionMemoryBytes = 64 * 24
        let store = try LogStore(directory: directory.path, options: options)
        defer { store.close() }
        store.startBackground()
        let log = try store.create(partition(), topic: "t", settings: settings())
        try log.startLeaderEpoch(1)
        for round in 0..<3 {
            for key in 0..<60 { try append(log, [("key \(key)", "value \(round)")]) }
        }
        for _ in 0..<10 { try compact(store, log) }
        let activeStart = try #require(log.shared.withLock { $0.segments.last?.baseOffset })
        let sealed = try log.records().filter { $0.offset < activeStart }
        #expect(sealed.allSatisfy { $0.offset >= 110 }, "what a later round wrote is not there twice")
        #expect(Set(try log.records().compactMap(\.key)).count == 60, "no key is lost")
    }

    @Test("readers go on while segments are replaced under them")
    func concurrentReaders() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try open(directory, settings: settings())
        defer { store.close() }
        let shared = SharedFlag()
        let readers = (0..<2).map { _ in
            StorageThread("reader") {
                while !shared.isSet {
                    do {
                        let records = try log.records(maxBytes: 200)
                        let offsets = records.map(\.offset)
                        if offsets != offsets.sorted() || Set(offsets).count != offsets.count {
                            shared.report("offsets \(offsets)")
                        }
                    } catch {
                        shared.report("\(error)")
                    }
                }
            }
        }
        for round in 0..<30 {
            for key in 0..<8 { try append(log, [("key \(key)", "value \(round)")]) }
            try compact(store, log)
        }
        shared.set()
        for reader in readers { reader.join() }
        #expect(shared.reports.isEmpty)
        #expect(store.counters.compactions.load(ordering: .relaxed) > 5)
    }
}

/// Tells threads to stop, and collects what they found wrong.
final class SharedFlag: Sendable {
    private let state = Mutex((isSet: false, reports: [String]()))

    var isSet: Bool { state.withLock { $0.isSet } }
    var reports: [String] { state.withLock { $0.reports } }

    func set() {
        state.withLock { $0.isSet = true }
    }

    func report(_ what: String) {
        state.withLock { $0.reports.append(what) }
    }
}
