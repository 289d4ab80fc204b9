import MartletCore
import Synchronization
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps directories from being removed while a test uses what is in them.
final class Kept: Sendable {
    private let directories = Mutex<[TemporaryDirectory]>([])

    func keep(_ directory: TemporaryDirectory) {
        directories.withLock { $0.append(directory) }
    }
}

/// A store whose process is "killed": its files are copied while it runs, and the copy is opened.
@Suite("Recovery after a crash")
struct RecoveryTests {
    /// Directories in use, until the test is over.
    private let kept = Kept()

    /// Appends `count` one-record batches ("0", "1", ...) under `settings`, then copies the directory as a crash leaves
    /// it.
    private func crash(
        _ count: Int, settings: LogSettings = LogSettings(), producer: Bool = false
    ) throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions())
        defer { store.close() }
        store.startBackground()
        let log = try store.create(partition(), topic: "t", settings: settings)
        try log.startLeaderEpoch(1)
        for number in 0..<count {
            let sender = producer ? TestProducer(id: 9, epoch: 0, sequence: Int32(number)) : TestProducer()
            try log.append(batch("\(number)", producer: sender))
        }
        return copy(directory)
    }

    private func copy(_ directory: TemporaryDirectory) -> TemporaryDirectory {
        let copy = TemporaryDirectory()
        copyTree(directory.path, copy.path)
        return copy
    }

    private func open(
        _ directory: TemporaryDirectory, settings: LogSettings = LogSettings(), bootID: String? = nil
    ) throws -> (store: LogStore, log: PartitionLog) {
        kept.keep(directory)
        var options = testOptions()
        if let bootID { options.bootID = bootID }
        let store = try LogStore(directory: directory.path, options: options)
        #expect(!store.wasClean)
        let log = try store.open(partition(), topic: "t", settings: settings)
        store.startBackground()
        store.waitForRecovery()
        return (store, log)
    }

    private func logFile(_ directory: TemporaryDirectory, base: Offset = 0) -> String {
        "\(StoreLayout(directory.path).partitionPath(partition()))/\(SegmentFiles.stem(base)).log"
    }

    @Test("everything that was written is there, across segments, and becomes durable")
    func wholeLog() throws {
        var settings = LogSettings()
        settings.segmentBytes = 400
        let directory = try crash(30, settings: settings)
        let (store, log) = try open(directory, settings: settings)
        defer { store.close() }
        let observer = RecordingObserver()
        log.setObserver(observer)
        #expect(log.state == .online)
        #expect(log.logEndOffset == 30)
        #expect(try log.records().map(\.text) == (0..<30).map { "\($0)" })
        #expect(log.highestEpoch == 1 && log.recoveryReport == nil)
        try log.startLeaderEpoch(2)
        #expect(try log.append(batch("next"), epoch: 2).baseOffset == 30)
        observer.waitForDurable(31)
    }

    @Test("producers and their sequences are known again")
    func producers() throws {
        let directory = try crash(12, producer: true)
        let (store, log) = try open(directory)
        defer { store.close() }
        try log.startLeaderEpoch(2)
        let repeated = try log.append(
            batch("11", producer: TestProducer(id: 9, epoch: 0, sequence: 11)), epoch: 2)
        #expect(repeated.isDuplicate && repeated.baseOffset == 11)
        let next = try log.append(batch("12", producer: TestProducer(id: 9, epoch: 0, sequence: 12)), epoch: 2)
        #expect(!next.isDuplicate && next.baseOffset == 12)
    }

    @Test("a last batch cut at any byte is cut off, and the log goes on")
    func tornTails() throws {
        let crashed = try crash(4)
        let size = try batch("3").count
        let end = 4 * size
        for missing in stride(from: 1, through: size, by: 7) {
            let directory = copy(crashed)
            truncate(logFile(directory), off_t(end - missing))
            // The recovery point may be anywhere; from its beginning is the hardest.
            try forgetRecoveryPoint(directory)
            let (store, log) = try open(directory)
            #expect(log.state == .online, "\(missing) bytes missing")
            #expect(log.logEndOffset == 3)
            // What is left of the batch may be zeros, as if it had never been there: the base offset begins so.
            #expect((log.recoveryReport == nil) == (size - missing < 8))
            try log.startLeaderEpoch(2)
            #expect(try log.append(batch("again"), epoch: 2).baseOffset == 3)
            #expect(try log.records().map(\.text) == ["0", "1", "2", "again"])
            store.close()
        }
    }

    @Test(
        "a bad batch with valid ones behind it is never cut: the partition is offline, and its reason names the place")
    func damageInTheMiddle() throws {
        let directory = try crash(6)
        let size = try batch("0").count
        flip(logFile(directory), at: 2 * size + size - 1)
        try forgetRecoveryPoint(directory)
        let before = try DirectoryListing.size(logFile(directory))
        let (store, log) = try open(directory)
        defer { store.close() }
        guard case .offline(let reason) = log.state else {
            Issue.record("the log is \(log.state)")
            return
        }
        #expect(reason.contains("byte \(2 * size)") && reason.contains("offset 2"))
        #expect(store.offlinePartitions.map(\.log.id) == [partition()])
        #expect(try DirectoryListing.size(logFile(directory)) == before)
        let error = #expect(throws: StorageError.self) { try log.read(from: 0, maxBytes: 1, upTo: .max) }
        #expect(error?.code == .offline)
    }

    @Test("a hole that a power cut left is cut, another boot id given; without one it is damage")
    func holes() throws {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions())
        let log = try store.create(partition(), topic: "t", settings: LogSettings())
        try log.startLeaderEpoch(1)
        let filler = String(repeating: "x", count: 6_000)
        for number in 0..<4 { try log.append(batch("\(number)" + filler)) }
        let crashed = copy(directory)
        store.close()
        zero(logFile(crashed), from: 8_192, count: 4_096)

        let other = copy(crashed)
        let (damaged, offline) = try open(crashed)
        guard case .offline = offline.state else {
            Issue.record("the log is \(offline.state)")
            return
        }
        damaged.close()
        let (recovered, online) = try open(other, bootID: "another boot")
        defer { recovered.close() }
        #expect(online.state == .online)
        #expect(online.logEndOffset == 1)
        #expect(online.recoveryReport?.cutFromOffset == 1)
    }

    @Test("a leader epoch that no leader had is damage")
    func strangeEpoch() throws {
        let directory = try crash(3)
        let size = try batch("0").count
        flip(logFile(directory), at: 2 * size + 13)
        try forgetRecoveryPoint(directory)
        let (store, log) = try open(directory)
        defer { store.close() }
        guard case .offline(let reason) = log.state else {
            Issue.record("the log is \(log.state)")
            return
        }
        #expect(reason.contains("epoch"))
    }

    @Test("a log shorter than what was synced is damage")
    func shorterThanSynced() throws {
        let directory = try crash(0)
        let store = try LogStore(directory: directory.path, options: testOptions())
        let log = try store.open(partition(), topic: "t", settings: LogSettings())
        store.startBackground()
        store.waitForRecovery()
        try log.startLeaderEpoch(2)
        try log.append(batch("0"), epoch: 2)
        try store.checkpoint()
        let crashed = copy(directory)
        store.close()
        truncate(logFile(crashed), 10)
        let (again, damaged) = try open(crashed)
        defer { again.close() }
        guard case .offline(let reason) = damaged.state else {
            Issue.record("the log is \(damaged.state)")
            return
        }
        #expect(reason.contains("were synced"))
    }

    @Test("records below the checkpointed high watermark that are gone are reported")
    func lostRecords() throws {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions())
        store.startBackground()
        let log = try store.create(partition(), topic: "t", settings: LogSettings(flush: .os))
        try log.startLeaderEpoch(1)
        for number in 0..<5 { try log.append(batch("\(number)")) }
        log.setHighWatermark(5)
        // Written without the sync that a checkpoint makes, as if it had come just before the append.
        try store.checkpointer.writeOffsets(isClean: false)
        let crashed = copy(directory)
        store.close()
        truncate(logFile(crashed), off_t(try 3 * batch("0").count))
        let (again, lossy) = try open(crashed, settings: LogSettings(flush: .os), bootID: "another boot")
        defer { again.close() }
        #expect(lossy.logEndOffset == 3)
        #expect(lossy.recoveryReport?.lostBelowHighWatermark == true)
        #expect(lossy.highWatermark == 3)
    }

    @Test("damaged small files are rebuilt from the log")
    func smallFiles() throws {
        let directory = try crash(12, producer: true)
        let path = StoreLayout(directory.path).partitionPath(partition())
        for name in [PartitionLog.epochsFileName, PartitionLog.producersFileName] {
            write("garbage", to: "\(path)/\(name)")
        }
        write("garbage", to: StoreLayout(directory.path).offsetsPath)
        let (store, log) = try open(directory)
        defer { store.close() }
        #expect(log.state == .online && log.logEndOffset == 12 && log.highestEpoch == 1)
        try log.startLeaderEpoch(2)
        #expect(
            try log.append(batch("11", producer: TestProducer(id: 9, epoch: 0, sequence: 11)), epoch: 2).isDuplicate)
    }

    @Test("what a compaction left half-done is removed, and what it had finished is put in place")
    func leftovers() throws {
        let directory = try crash(3)
        let path = StoreLayout(directory.path).partitionPath(partition())
        for name in [
            "00000000000000000000.log.cleaned", "00000000000000000000.index.cleaned", "00000000000000000007.index.swap",
        ] {
            write("rubbish", to: "\(path)/\(name)")
        }
        let (store, log) = try open(directory)
        #expect(try log.records().count == 3)
        let names = try DirectoryListing.names(path)
        #expect(!names.contains { $0.contains(".cleaned") || $0.contains(".swap") })
        store.close()
    }

    // MARK: Damage

    /// Makes recovery begin at 0: the file of offsets as it was before anything was appended.
    private func forgetRecoveryPoint(_ directory: TemporaryDirectory) throws {
        let path = StoreLayout(directory.path).offsetsPath
        let io = LogIO.system
        let (version, content) = try #require(try io.readCheckpoint(path, newest: 9, limitBytes: 1 << 20))
        var checkpoint = try #require(OffsetsCheckpoint.decode(content))
        for index in checkpoint.entries.indices {
            checkpoint.entries[index].recoveryPoint = 0
            checkpoint.entries[index].recoverySegment = 0
            checkpoint.entries[index].recoveryPosition = 0
        }
        try io.writeCheckpoint(path, version: version, checkpoint.encoded())
    }

    private func flip(_ path: String, at position: Int) {
        change(path) { descriptor in
            var byte: UInt8 = 0
            pread(descriptor, &byte, 1, off_t(position))
            byte ^= 0x40
            pwrite(descriptor, &byte, 1, off_t(position))
        }
    }

    private func zero(_ path: String, from position: Int, count: Int) {
        change(path) { pwrite($0, [UInt8](repeating: 0, count: count), count, off_t(position)) }
    }

    private func write(_ text: String, to path: String) {
        let descriptor = Glibc.open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o640)
        _ = Glibc.write(descriptor, text, text.utf8.count)
        close(descriptor)
    }

    private func change(_ path: String, _ body: (Int32) -> Void) {
        let descriptor = Glibc.open(path, O_RDWR)
        precondition(descriptor >= 0, "cannot open \(path)")
        body(descriptor)
        close(descriptor)
    }
}

/// Copies the files of a directory as they are now. Checkpoints first: in a crash they are never newer than the logs.
func copyTree(_ from: String, _ to: String) {
    mkdir(to, 0o750)
    let names = (try? DirectoryListing.names(from)) ?? []
    for name in names.filter({ $0 == Checkpointer.fileName }) + names.filter({ $0 != Checkpointer.fileName }) {
        let source = "\(from)/\(name)"
        let target = "\(to)/\(name)"
        if DirectoryListing.isDirectory(source) {
            copyTree(source, target)
        } else {
            let input = open(source, O_RDONLY)
            let output = open(target, O_CREAT | O_TRUNC | O_WRONLY, 0o640)
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = read(input, &buffer, buffer.count), count > 0 { _ = write(output, buffer, count) }
            close(input)
            close(output)
        }
    }
}
