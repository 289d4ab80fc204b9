import CLockCounter
import MartletCore
import Synchronization
import Testing

@testable import MartletStorage

/// Atomic instructions stand for locks, whose fast paths are inlined: see CLockCounter. That there are as many for two
/// records as for two hundred says that no lock is taken, and nothing is retained, per record.
@Suite("How often the log locks", .enabled(if: lock_counter_works()), .timeLimit(.minutes(5)))
struct LockCostTests {
    private static let batches = 2
    private static let few = 2
    private static let many = 200

    /// The fewest atomic instructions that one of `batches` calls took; of several, as now and then an index entry or a
    /// step of preallocation is due.
    private func fewest(_ calls: [() throws -> Void]) throws -> Int64 {
        var fewest = Int64.max
        for call in calls {
            lock_counter_begin()
            let result = Result { try call() }
            fewest = min(fewest, lock_counter_end())
            try result.get()
        }
        return fewest
    }

    private func batches(of count: Int) throws -> [[UInt8]] {
        let records = Array(repeating: TestRecord(value: "v"), count: count)
        return try (0..<2 * Self.batches).map { number in
            try batch(records, producer: TestProducer(id: 7, epoch: 0, sequence: Int32(number * count)))
        }
    }

    /// Runs `body` with a log that holds half of `batches(of:)` and the other half of them.
    private func withLog(_ count: Int, _ body: (PartitionLog, ArraySlice<[UInt8]>) throws -> Int64) throws -> Int64 {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions())
        defer { store.close() }
        let log = try store.create(partition(), topic: "t", settings: LogSettings(flush: .os))
        try log.startLeaderEpoch(1)
        let all = try batches(of: count)
        for bytes in all.prefix(Self.batches) { try log.append(bytes) }
        return try body(log, all.dropFirst(Self.batches))
    }

    private func appending(_ count: Int) throws -> Int64 {
        try withLog(count) { log, rest in try fewest(rest.map { bytes in { try log.append(bytes) } }) }
    }

    private func reading(_ count: Int) throws -> Int64 {
        try withLog(count) { log, _ in
            try fewest(
                (0..<Self.batches).map { number in
                    { _ = try log.read(from: Offset(number * count), maxBytes: 1 << 20, upTo: .max) }
                })
        }
    }

    private func following(_ count: Int) throws -> Int64 {
        try withLog(count) { leader, rest in
            for bytes in rest { try leader.append(bytes) }
            let directory = TemporaryDirectory()
            let store = try LogStore(directory: directory.path, options: testOptions())
            defer { store.close() }
            let log = try store.create(partition(), topic: "t", settings: LogSettings(flush: .os))
            try log.startFollowing(1)
            let batchBytes = rest[Self.batches].count
            let answers = try (0..<2 * Self.batches).map { number in
                try #require(try leader.read(from: Offset(number * count), maxBytes: batchBytes, upTo: .max)).bytes()
            }
            let calls = answers.map { bytes in
                {
                    _ = try bytes.withUnsafeBytes {
                        try log.appendAsFollower($0, leaderEpoch: 1, now: 1_700_000_000_000)
                    }
                }
            }
            defer { #expect(log.logEndOffset == Offset(2 * Self.batches * count)) }
            return try fewest(calls)
        }
    }

    @Test("the counter sees a lock")
    func counter() throws {
        let lock = Mutex(0)
        let locks = try fewest([{ for _ in 0..<100 { lock.withLock { $0 += 1 } } }])
        #expect(locks >= 100 && locks < 1000)
        #expect(try fewest([{}]) < 20)
    }

    @Test("a batch of two hundred records takes as many atomic instructions as one of two", arguments: Path.allCases)
    func perBatch(path: Path) throws {
        let cost =
            switch path {
            case .leader: appending
            case .fetch: reading
            case .follower: following
            }
        let (few, many) = (try cost(Self.few), try cost(Self.many))
        #expect(few > 0)
        // Larger batches have index entries more often; a lock per record would be a thousand more.
        #expect(many <= few + Int64(Self.many / 10), "\(few) for \(Self.few) records, \(many) for \(Self.many)")
    }

    enum Path: CaseIterable {
        case leader, fetch, follower
    }
}
