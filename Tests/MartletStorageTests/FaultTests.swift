import CMartletFaultyIO
import MartletCore
import Synchronization
import TestDisk
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Disks that are full or fail (RULES 8)")
struct FaultTests {
    private let directory = TemporaryDirectory()
    private let disk: FaultyDisk

    init() { disk = FaultyDisk(for: directory.path) }

    private func store() throws -> LogStore {
        let store = try LogStore(directory: directory.path, options: testOptions(io: disk.io))
        store.startBackground()
        return store
    }

    private func log(_ store: LogStore, _ number: PartitionIndex = 0, settings: LogSettings = LogSettings()) throws
        -> PartitionLog
    {
        let log = try store.create(partition(number), topic: "t", settings: settings)
        try log.startLeaderEpoch(1)
        return log
    }

    @Test(
        "a full disk refuses the append, keeps the log as it was, and takes the next one",
        arguments: [.MLOG_CALL_PWRITEV, .MLOG_CALL_FALLOCATE, .MLOG_CALL_OPEN] as [mlog_call_kind])
    func fullDisk(kind: mlog_call_kind) throws {
        let store = try store()
        defer { store.close() }
        let log = try log(store, settings: LogSettings(segmentBytes: 1_000))
        // Past the epoch's record; and the next append has to preallocate, or to create a segment.
        try log.append(batch("0"))
        let filler = String(repeating: "x", count: kind == .MLOG_CALL_FALLOCATE ? 100_000 : 930)
        disk.fail(kind, times: kind == .MLOG_CALL_FALLOCATE ? 2 : 1, with: ENOSPC, path: ".log")
        let error = #expect(throws: StorageError.self) { try log.append(batch(filler)) }
        #expect(error?.code == .noSpace && error?.isRetriable == true)
        #expect(log.state == .online && log.logEndOffset == 1)
        #expect(try log.records().map(\.text) == ["0"], "reads go on")
        disk.heal()
        #expect(try log.append(batch("1")).baseOffset == 1)
        #expect(try log.records().map(\.text) == ["0", "1"])
    }

    @Test("while the reserve is released appends are refused, but those of internal topics")
    func reserve() throws {
        let store = try store()
        defer { store.close() }
        let log = try log(store)
        let internalLog = try store.create(partition(1), topic: "__offsets", settings: LogSettings())
        try internalLog.startLeaderEpoch(1)
        #expect(try DirectoryListing.size("\(directory.path)/reserve") == nil, "an empty store keeps no room")
        try log.append(batch("0"))
        try store.checkpoint()
        #expect(try DirectoryListing.size("\(directory.path)/reserve") == 1 << 16)
        disk.fail(.MLOG_CALL_PWRITEV, with: ENOSPC, path: ".log")
        #expect(throws: StorageError.self) { try log.append(batch("1")) }
        #expect(try DirectoryListing.size("\(directory.path)/reserve") == nil)
        disk.fail(.MLOG_CALL_FALLOCATE, times: .max, with: ENOSPC, path: "reserve")
        #expect(store.isDiskFull)
        let error = #expect(throws: StorageError.self) { try log.append(batch("1")) }
        #expect(error?.code == .noSpace)
        #expect(try internalLog.append(batch("commit")).baseOffset == 0)
        disk.heal()
        #expect(!store.isDiskFull, "nobody has to append for it to be noticed")
        #expect(try log.append(batch("1")).baseOffset == 1)
    }

    @Test("a failed write takes the partition offline, and others keep serving")
    func failedWrite() throws {
        let store = try store()
        defer { store.close() }
        let log = try log(store)
        let other = try self.log(store, 1)
        try log.append(batch("0"))
        disk.fail(.MLOG_CALL_PWRITEV, with: EIO, path: ".log")
        let error = #expect(throws: StorageError.self) { try log.append(batch("1")) }
        #expect(error?.code == .ioError)
        guard case .offline(let reason) = log.state else {
            Issue.record("the log is \(log.state)")
            return
        }
        #expect(reason.contains("pwritev"))
        let again = #expect(throws: StorageError.self) { try log.append(batch("1")) }
        #expect(again?.code == .offline, "never retried over")
        #expect(try other.append(batch("0")).baseOffset == 0)
    }

    @Test("a failed sync takes the partition offline and publishes nothing")
    func failedSync() throws {
        let store = try store()
        defer { store.close() }
        let log = try log(store)
        let observer = RecordingObserver()
        log.setObserver(observer)
        disk.fail(.MLOG_CALL_FDATASYNC, with: EIO, path: ".log")
        try log.append(batch("0"))
        observer.waitForStateChange()
        guard case .offline = log.state else {
            Issue.record("the log is \(log.state)")
            return
        }
        #expect(log.durableOffset == 0 && log.syncedOffset == 0)
        #expect(store.backPressure.unsyncedBytes == 0, "its bytes no longer weigh on others")
    }

    @Test("a failed sync among many partitions takes only those offline whose files fail")
    func failedFilesystemSync() throws {
        let store = try LogStore(directory: directory.path, options: testOptions(io: disk.io))
        defer { store.close() }
        let logs = try (0..<20).map { try log(store, $0) }
        for log in logs { try log.append(batch("0")) }
        disk.fail(.MLOG_CALL_SYNCFS, with: EIO)
        disk.fail(.MLOG_CALL_FDATASYNC, with: EIO, path: "/7/")
        store.startBackground()
        store.environment.sync.syncAndWait(logs)
        for log in logs {
            #expect((log.state == .online) == (log.id.partition != 7), "\(log.name)")
            #expect(log.durableOffset == (log.id.partition != 7 ? 1 : 0))
        }
    }

    @Test("a full disk at a checkpoint loses nothing: the next one writes it")
    func fullDiskAtCheckpoint() throws {
        let store = try store()
        defer { store.close() }
        let log = try log(store)
        try log.append(batch("0"))
        store.environment.sync.syncAndWait([log])
        disk.fail(.MLOG_CALL_PWRITEV, times: .max, with: ENOSPC, path: "offsets")
        log.setHighWatermark(1)
        #expect(throws: StorageError.self) { try store.checkpoint() }
        #expect(log.state == .online)
        disk.heal()
        try store.checkpoint()
        #expect(store.registry.entry(partition())?.recoveryPoint == 1)
    }

    @Test("an index that finds no room is built later, and sealing waits without holding back durability")
    func fullDiskAtSeal() throws {
        let store = try store()
        defer { store.close() }
        let log = try log(store, settings: LogSettings(segmentBytes: 300))
        let observer = RecordingObserver()
        log.setObserver(observer)
        disk.fail(.MLOG_CALL_PWRITEV, times: .max, with: ENOSPC, path: "index")
        for number in 0..<10 { try log.append(batch("\(number)")) }
        observer.waitForDurable(10)
        disk.heal()
        store.environment.sync.syncAndWait([log])
        #expect(log.shared.withLock { $0.segments.infos.dropLast().allSatisfy(\.isSealed) })
        #expect(try log.records().map(\.text) == (0..<10).map { "\($0)" })
    }

    @Test("after a clean stop a start reads nothing of any log")
    func cleanStartReadsNothing() throws {
        let first = try store()
        var settings = LogSettings()
        settings.segmentBytes = 300
        for number in 0..<5 {
            let log = try log(first, PartitionIndex(number), settings: settings)
            for value in 0..<10 {
                try log.append(batch("\(value)", producer: TestProducer(id: 1, epoch: 0, sequence: Int32(value))))
            }
        }
        first.close()
        disk.fail(.MLOG_CALL_PREAD, times: .max, with: EIO, path: ".log")
        disk.fail(.MLOG_CALL_OPEN, times: .max, with: EIO, path: ".log")
        let second = try store()
        defer { second.close() }
        #expect(second.wasClean)
        for number in 0..<5 {
            let log = try second.open(partition(PartitionIndex(number)), topic: "t", settings: settings)
            #expect(log.state == .online && log.logEndOffset == 10)
        }
        disk.heal()
        #expect(try second[partition(3)]?.records().count == 10)
    }

    @Test("a data directory of a newer format is refused with the reason, and left as it was")
    func newerFormat() throws {
        try store().close()
        let path = StoreLayout(directory.path).identityPath
        try LogIO.system.writeCheckpoint(path, version: 99, [1, 2, 3])
        let error = #expect(throws: StorageError.self) { try store() }
        #expect(error?.code == .newerFormat)
        #expect(error?.message.contains("99") == true)
        // The lock was let go.
        let again = #expect(throws: StorageError.self) { try store() }
        #expect(again?.code == .newerFormat)
    }

    @Test("a file where the data directory should be is named in the error")
    func fileInTheWay() throws {
        let path = "\(directory.path)/file"
        close(open(path, O_CREAT | O_WRONLY, 0o640))
        let error = #expect(throws: StorageError.self) { try LogStore(directory: path, options: testOptions()) }
        #expect(error?.message.contains(path) == true)
        #expect(error?.code == .notADirectory)
    }
}
