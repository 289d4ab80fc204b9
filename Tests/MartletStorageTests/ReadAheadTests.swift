import CMartletFaultyIO
import CMartletLog
import MartletCore
import Synchronization
import TestDisk
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Reading what is not in the page cache (RULES 29)")
struct ReadAheadTests {
    private let directory = TemporaryDirectory()
    private let disk: FaultyDisk

    init() { disk = FaultyDisk(for: directory.path) }

    private func withLog<Result>(
        io: LogIO? = nil, _ body: (LogStore, PartitionLog) throws -> Result
    ) throws -> Result {
        let store = try LogStore(directory: directory.path, options: testOptions(io: io ?? disk.io))
        store.startBackground()
        defer { store.close() }
        let log = try store.create(partition(0), topic: "t", settings: LogSettings())
        try log.startLeaderEpoch(1)
        return try body(store, log)
    }

    private func all(_ log: PartitionLog) -> ReadAhead.Range {
        ReadAhead.Range(log, from: 0, maxBytes: 8 << 20, upTo: log.logEndOffset)
    }

    private func readIfCached(_ log: PartitionLog) throws -> CachedRead {
        try log.readIfCached(from: 0, maxBytes: 8 << 20, upTo: log.logEndOffset)
    }

    @Test("what is in the page cache is found with one question, and asks nothing of the storage threads")
    func hot() throws {
        try withLog { store, log in
            for value in 0..<10 { try log.append(batch("\(value)")) }
            let before = disk.cacheProbes
            guard case .found(let read) = try readIfCached(log) else {
                Issue.record("it is in the page cache")
                return
            }
            #expect(try read.records().map(\.text) == (0..<10).map(String.init))
            #expect(disk.cacheProbes == before + 1)
            #expect(store.counters.coldReads.load(ordering: .relaxed) == 0)
        }
    }

    @Test("what is not in the page cache is left to the storage threads, which read it whole")
    func cold() throws {
        try withLog { store, log in
            // More than a thread reads at once.
            let value = String(repeating: "x", count: 100_000)
            for _ in 0..<7 { try log.append(batch(value)) }
            disk.makeCold(path: ".log")
            guard case .onDisk(let bytes) = try readIfCached(log) else {
                Issue.record("it is on the disk")
                return
            }
            let reads = disk.calls(.MLOG_CALL_PREAD)
            let done = Gate()
            let isTaken = store.readAhead.order([all(log)], unless: { false }, done: { done.open() })
            #expect(isTaken)
            done.wait()
            let read = try #require(try log.read(from: 0, maxBytes: 8 << 20, upTo: log.logEndOffset))
            #expect(bytes >= read.count)
            #expect(disk.calls(.MLOG_CALL_PREAD) >= reads + UInt64(read.count / ReadAhead.pieceBytes + 1))
            #expect(store.counters.coldReads.load(ordering: .relaxed) == 1)
            #expect(store.counters.readAheadBytes.load(ordering: .relaxed) == read.count)
            disk.heal()
            guard case .found = try readIfCached(log) else {
                Issue.record("it is in the page cache now")
                return
            }
        }
    }

    @Test(
        "where the machine cannot tell what is cached, everything counts as that",
        arguments: [ENOSYS, EPERM, EOPNOTSUPP])
    func unknown(error: Int32) throws {
        try withLog { store, log in
            try log.append(batch("a"))
            disk.fail(.MLOG_CALL_CACHED_PAGES, times: .max, with: error)
            guard case .found = try readIfCached(log) else {
                Issue.record("nobody is to wait for what is not known")
                return
            }
        }
    }

    @Test("what the machine has dropped from its page cache is on the disk, and back once it was read ahead")
    func evicted() throws {
        try withLog(io: .system) { store, log in
            let value = String(repeating: "x", count: 100_000)
            for _ in 0..<7 { try log.append(batch(value)) }
            let read = try #require(try log.read(from: 0, maxBytes: 8 << 20, upTo: log.logEndOffset))
            let file = read.lease.descriptor
            #expect(fsync(file) == 0)
            #expect(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0)
            // A file system in memory drops nothing, and a machine that cannot tell says -1.
            let table = LogIO.system.table
            let cached = table.pointee.cached_pages(table.pointee.context, file, 0, off_t(read.count))
            guard cached >= 0, cached < read.count / 4_096 else { return }
            guard case .onDisk = try readIfCached(log) else {
                Issue.record("it was dropped")
                return
            }
            let done = Gate()
            let isTaken = store.readAhead.order([all(log)], unless: { false }, done: { done.open() })
            #expect(isTaken)
            done.wait()
            guard case .found(let again) = try readIfCached(log) else {
                Issue.record("it was read")
                return
            }
            #expect(try again.records().map(\.text) == Array(repeating: value, count: 7))
        }
    }

    @Test("past the bound of what may wait, readers get their ranges as they are")
    func bound() throws {
        try withLog { _, log in
            try log.append(batch("a"))
            let ahead = ReadAhead()
            let gate = Gate()
            let done = Atomic<Int>(0)
            func order() -> Bool {
                ahead.order(
                    [all(log)],
                    unless: {
                        gate.wait()
                        return true
                    }, done: { done.wrappingAdd(1, ordering: .relaxed) })
            }
            // Each thread takes one, and stands at the gate: they may not have come so far yet.
            var taken = 0
            while order() { taken += 1 }
            #expect(taken >= ReadAhead.waitingMax)
            #expect(taken <= ReadAhead.waitingMax + ReadAhead.threadsMax)
            gate.open()
            ahead.stop()
            #expect(done.load(ordering: .relaxed) == taken, "what waits when it ends is told, too")
            #expect(!order(), "nothing is taken after the end")
        }
    }

    @Test("nothing is read for those who have gone")
    func givenUp() throws {
        try withLog { store, log in
            try log.append(batch("a"))
            disk.makeCold(path: ".log")
            let done = Gate()
            let isTaken = store.readAhead.order([all(log)], unless: { true }, done: { done.open() })
            #expect(isTaken)
            done.wait()
            #expect(store.counters.coldReads.load(ordering: .relaxed) == 0)
        }
    }
}
