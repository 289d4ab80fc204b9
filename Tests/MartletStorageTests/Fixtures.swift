import Logging
import MartletCore
import Synchronization

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

/// A directory that is gone when the last reference is.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/martlet-storage-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit {
        Self.removeTree(path)
    }

    private static func removeTree(_ path: String) {
        for name in (try? DirectoryListing.names(path)) ?? [] {
            let child = "\(path)/\(name)"
            if DirectoryListing.isDirectory(child) { removeTree(child) } else { unlink(child) }
        }
        rmdir(path)
    }
}

/// A clock that moves when it is told to.
final class ManualClock: StorageClock {
    private let milliseconds: Mutex<Int64>

    init(wallTime: TimestampMs = 1_700_000_000_000) {
        milliseconds = Mutex(wallTime)
    }

    var elapsed: Duration { .milliseconds(wallTime) }
    var wallTime: TimestampMs { milliseconds.withLock { $0 } }
    var runsByItself: Bool { false }

    func advance(by duration: Duration) {
        milliseconds.withLock { $0 += duration.milliseconds }
    }
}

/// Collects what a log tells its observer, and lets a test wait for it.
final class RecordingObserver: PartitionLogObserver {
    private let state = Monitor((durable: Offset(0), changes: 0))

    func durableOffsetAdvanced(_ log: PartitionLog, to offset: Offset) {
        state.broadcast { $0.durable = max($0.durable, offset) }
    }

    func logStateChanged(_ log: PartitionLog) {
        state.broadcast { $0.changes += 1 }
    }

    func waitForDurable(_ offset: Offset) {
        state.wait { $0.durable >= offset ? .done(()) : .untilChanged }
    }

    func waitForStateChange() {
        state.wait { $0.changes > 0 ? .done(()) : .untilChanged }
    }
}

/// A record as tests write and read it.
struct TestRecord: Equatable {
    var offset: Offset = -1
    var timestamp: TimestampMs = 1_700_000_000_000
    var key: [UInt8]?
    var value: [UInt8]?

    init(offset: Offset = -1, timestamp: TimestampMs = 1_700_000_000_000, key: String? = nil, value: String?) {
        self.offset = offset
        self.timestamp = timestamp
        self.key = key.map { Array($0.utf8) }
        self.value = value.map { Array($0.utf8) }
    }

    init(_ record: borrowing RecordView) {
        offset = record.offset
        timestamp = record.timestamp
        key = record.key.map { Array($0) }
        value = record.value.map { Array($0) }
    }

    var text: String { value.map { String(decoding: $0, as: UTF8.self) } ?? "null" }
}

struct TestProducer {
    var id: ProducerID = -1
    var epoch: ProducerEpoch = -1
    var sequence: Int32 = -1
}

/// The bytes of a batch as a producer sends it.
func batch(
    _ records: [TestRecord], compression: Compression = .none, producer: TestProducer = TestProducer()
) throws -> [UInt8] {
    var builder = try BatchBuilder(compression: compression, targetBytes: 1 << 20, sizeLimit: 4 << 20)
    for record in records {
        let result = record.key.withOptionalBytes { key in
            record.value.withOptionalBytes { value in
                builder.append(timestamp: record.timestamp, key: key, value: value)
            }
        }
        guard case .appended = result else { throw StorageError(.invalidRecord, "the builder refused a record") }
    }
    let bytes = try builder.finish(
        producerID: producer.id, producerEpoch: producer.epoch, baseSequence: producer.sequence
    )
    return Array(bytes)
}

func batch(_ values: String..., producer: TestProducer = TestProducer()) throws -> [UInt8] {
    try batch(values.map { TestRecord(value: $0) }, producer: producer)
}

extension [UInt8]? {
    func withOptionalBytes<Result>(_ body: (UnsafeRawBufferPointer?) throws -> Result) rethrows -> Result {
        guard let bytes = self else { return try body(nil) }
        return try bytes.withUnsafeBytes(body)
    }
}

extension PartitionLog {
    @discardableResult
    func append(_ bytes: [UInt8], epoch: LeaderEpoch = 1, now: TimestampMs = 1_700_000_000_000) throws -> AppendResult {
        try bytes.withUnsafeBytes { try append($0, leaderEpoch: epoch, now: now) }
    }

    /// All records from `offset` (or the log's start) to `limit` (or the end), read in steps of `maxBytes`.
    func records(from offset: Offset? = nil, upTo limit: Offset = .max, maxBytes: Int = 1 << 20) throws -> [TestRecord]
    {
        var next = offset ?? logStartOffset
        var records: [TestRecord] = []
        while let read = try read(from: next, maxBytes: maxBytes, upTo: limit) {
            for record in try read.records() where record.offset >= next { records.append(record) }
            next = read.nextOffset
        }
        return records
    }
}

extension LogRead {
    func bytes() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(lease.descriptor, &bytes, count, off_t(filePosition))
        precondition(got == count, "a read never passes the end of the file")
        return bytes
    }

    func records() throws -> [TestRecord] {
        let bytes = bytes()
        var records: [TestRecord] = []
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let header = try BatchCodec.check(rest, sizeLimit: rest.count)
                let block = try RecordBlock(
                    UnsafeRawBufferPointer(rebasing: rest[..<header.sizeBytes]), header: header, unpackedLimit: 1 << 26
                )
                try block.forEachRecord { records.append(TestRecord($0)) }
                rest = UnsafeRawBufferPointer(rebasing: rest[header.sizeBytes...])
            }
        }
        return records
    }
}

let testTopic = TopicID(high: 1, low: 2)

func partition(_ number: PartitionIndex = 0) -> TopicIDPartition {
    TopicIDPartition(topicID: testTopic, partition: number)
}

/// Options for tests: small, and quiet about what is meant to go wrong.
func testOptions(clock: any StorageClock = ManualClock(), io: LogIO = .system) -> LogStoreOptions {
    var options = LogStoreOptions()
    options.logger.logLevel = .critical
    options.clock = clock
    options.io = io
    options.reserveBytes = 1 << 16
    options.producerCheckpointBytes = 1
    options.scrubBytesPerSecond = 0
    return options
}
