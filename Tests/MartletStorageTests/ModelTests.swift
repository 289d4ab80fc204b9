import MartletCore
import TestSeeds
import Testing

@testable import MartletStorage

/// Random operations on a log beside an array that does the same.
@Suite("A log against a model")
struct ModelTests {
    @Test(
        "reads, rolls, restarts, crashes, retention and deletions agree with the model",
        arguments: 0..<40 as Range<UInt64>)
    func operations(seed: UInt64) throws {
        var run = try ModelRun(seed: seed, settings: ModelRun.settings(compacts: seed % 3 == 2))
        for _ in 0..<150 { try run.step() }
        try run.check()
        run.store.close()
    }
}

private struct ModelRun {
    let seed: UInt64
    let settings: LogSettings
    let clock = ManualClock()
    var generator: SeededGenerator
    var directory = TemporaryDirectory()
    var store: LogStore
    var log: PartitionLog
    /// Every record ever appended, by offset.
    var model: [TestRecord] = []
    var sequence: Int32 = 0

    static func settings(compacts: Bool) -> LogSettings {
        LogSettings(
            segmentBytes: 2_000, retentionAge: nil, retentionBytes: compacts ? nil : 9_000,
            cleanup: compacts ? .compact : .delete, minCleanableDirtyRatio: 0.2
        )
    }

    init(seed: UInt64, settings: LogSettings) throws {
        self.seed = seed
        self.settings = settings
        generator = SeededGenerator(seed: seed)
        store = try LogStore(directory: directory.path, options: testOptions(clock: clock))
        store.startBackground()
        log = try store.create(partition(), topic: "t", settings: settings)
        try log.startLeaderEpoch(1)
    }

    mutating func step() throws {
        clock.advance(by: .milliseconds(.random(in: 0...50, using: &generator)))
        switch Int.random(in: 0..<100, using: &generator) {
        case ..<60: try append()
        case ..<80: try read()
        case ..<85: try maintain()
        case ..<88: try delete()
        case ..<91: try findTime()
        case ..<94: try reopen(crash: false)
        case ..<97: try reopen(crash: true)
        default: try check()
        }
    }

    private mutating func append() throws {
        let records = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
            TestRecord(
                timestamp: clock.wallTime, key: "key \(Int.random(in: 0..<12, using: &generator))",
                value: String(repeating: "v", count: .random(in: 0...200, using: &generator)))
        }
        let compression: Compression = Bool.random(using: &generator) ? .lz4 : .none
        let producer = TestProducer(id: 5, epoch: 0, sequence: sequence)
        let bytes = try batch(records, compression: compression, producer: producer)
        let result = try log.append(bytes, epoch: log.highestEpoch, now: clock.wallTime)
        #expect(result.baseOffset == Offset(model.count) && !result.isDuplicate, "seed \(seed)")
        #expect(try log.append(bytes, epoch: log.highestEpoch, now: clock.wallTime).isDuplicate, "seed \(seed)")
        sequence += Int32(records.count)
        for var record in records {
            record.offset = Offset(model.count)
            model.append(record)
        }
    }

    /// From a random offset on, in steps of a random size, up to a random limit.
    private mutating func read() throws {
        let from = Offset.random(in: log.logStartOffset...log.logEndOffset, using: &generator)
        let limit = Offset.random(in: from...log.logEndOffset, using: &generator)
        let read = try log.records(from: from, upTo: limit, maxBytes: .random(in: 1...4_000, using: &generator))
        if settings.cleanup == .compact {
            #expect(read.allSatisfy { model[Int($0.offset)] == $0 }, "seed \(seed)")
            return
        }
        // The last batch may reach past the limit; batches are never cut.
        #expect(read.count >= Int(limit - from), "seed \(seed)")
        #expect(read == Array(model[Int(from)...].prefix(read.count)), "seed \(seed)")
    }

    private mutating func maintain() throws {
        store.environment.sync.syncAndWait([log])
        log.setHighWatermark(log.logEndOffset)
        try store.checkpoint()
        store.maintain()
    }

    private mutating func delete() throws {
        store.environment.sync.syncAndWait([log])
        log.setHighWatermark(log.logEndOffset)
        let offset = Offset.random(in: log.logStartOffset...log.logEndOffset, using: &generator)
        #expect(try log.deleteRecords(before: offset) == offset, "seed \(seed)")
    }

    private mutating func findTime() throws {
        guard settings.cleanup != .compact, let last = model.last else { return }
        let time = Int64.random(in: 1_700_000_000_000...last.timestamp + 10, using: &generator)
        let found = try log.offset(forTimestamp: time, upTo: .max)
        let expected = model[Int(log.logStartOffset)...].first { $0.timestamp >= time }
        #expect(found?.offset == expected?.offset, "seed \(seed), time \(time)")
        #expect(found?.timestamp == expected?.timestamp, "seed \(seed), time \(time)")
    }

    /// A crash leaves the files as they are at that moment.
    private mutating func reopen(crash: Bool) throws {
        let start = log.logStartOffset
        let isDurable = start > 0
        var next = directory
        if crash {
            if isDurable { try store.checkpoint() }
            next = TemporaryDirectory()
            copyTree(directory.path, next.path)
        }
        store.close()
        directory = next
        store = try LogStore(directory: directory.path, options: testOptions(clock: clock))
        #expect(store.wasClean != crash, "seed \(seed)")
        log = try store.open(partition(), topic: "t", settings: settings)
        store.startBackground()
        store.waitForRecovery()
        #expect(log.state == .online, "seed \(seed)")
        #expect(log.logStartOffset == start, "seed \(seed)")
        try log.startLeaderEpoch(log.highestEpoch + 1)
        try check()
    }

    func check() throws {
        #expect(log.logEndOffset == Offset(model.count), "seed \(seed)")
        let records = try log.records()
        let start = Int(log.logStartOffset)
        if settings.cleanup != .compact {
            #expect(records == Array(model[start...]), "seed \(seed)")
            return
        }
        #expect(records.allSatisfy { model[Int($0.offset)] == $0 }, "seed \(seed)")
        #expect(records.map(\.offset) == records.map(\.offset).sorted(), "seed \(seed)")
        var newest: [[UInt8]: Offset] = [:]
        for record in model { newest[record.key ?? []] = record.offset }
        let offsets = Set(records.map(\.offset))
        for (_, offset) in newest where offset >= Offset(start) {
            #expect(offsets.contains(offset), "seed \(seed): the newest record of a key is gone")
        }
    }
}
