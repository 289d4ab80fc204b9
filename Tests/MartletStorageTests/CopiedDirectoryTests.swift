import MartletCore
import TestDisk
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("A copy of a data directory (DECISIONS 36)")
struct CopiedDirectoryTests {
    private func start(
        _ directory: TemporaryDirectory, tellsLoss: Bool = true
    ) throws -> (store: LogStore, log: PartitionLog) {
        let store = try LogStore(directory: directory.path, options: testOptions())
        if tellsLoss { store.startBackground() }
        let log =
            try DirectoryListing.isDirectory(StoreLayout(directory.path).partitionPath(partition()))
            ? store.open(partition(), topic: "t", settings: LogSettings())
            : store.create(partition(), topic: "t", settings: LogSettings())
        store.waitForRecovery()
        return (store, log)
    }

    private func isLossless(_ log: PartitionLog) -> Bool? { log.startFacts?.isLossless(sameDirectory: true) }

    private func copy(_ directory: TemporaryDirectory) -> TemporaryDirectory {
        let target = TemporaryDirectory()
        copyTree(directory.path, target.path)
        return target
    }

    @Test("one made while the broker ran may lack what was acknowledged since, and knows it until that is told")
    func whileRunning() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try start(directory)
        try log.startLeaderEpoch(1)
        try log.append(batch("0"))
        store.environment.sync.syncAndWait([log])
        let copied = copy(directory)
        try log.append(batch("1"))
        store.close()

        for tellsLoss in [false, false, true] {
            let (again, lossy) = try start(copied, tellsLoss: tellsLoss)
            #expect(isLossless(lossy) == false)
            #expect(try lossy.records().map(\.text) == ["0"])
            again.close()
        }
        let (told, whole) = try start(copied)
        defer { told.close() }
        #expect(isLossless(whole) == true && !told.isCopy)
    }

    @Test("one of a directory that was closed in order has everything")
    func afterClosing() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try start(directory)
        try log.startLeaderEpoch(1)
        try log.append(batch("0"))
        store.close()
        let copied = copy(directory)
        let (again, whole) = try start(copied)
        defer { again.close() }
        #expect(!again.isCopy && isLossless(whole) == true)
        #expect(again.identity.place == DirectoryPlace(of: StoreLayout(again.directory).logsPath))
    }

    @Test("a directory that was moved, or whose broker was killed, is no copy")
    func moved() throws {
        let replica = try Replica()
        try replica.lead(1, "0")
        replica.sync()
        replica.disk.crash(afterChanges: 0)
        replica.store.close()
        let target = TemporaryDirectory()
        #expect(rename(replica.directory.path, target.path) == 0)
        let (again, whole) = try start(target)
        defer { again.close() }
        #expect(!again.wasClean && !again.isCopy)
        #expect(whole.startFacts?.wasSynced == true && isLossless(whole) == true)
    }

    @Test("a directory of a version that did not write down its place is taken for what it says it is")
    func earlierVersion() throws {
        let directory = TemporaryDirectory()
        let (store, log) = try start(directory)
        try log.startLeaderEpoch(1)
        try log.append(batch("0"))
        store.environment.sync.syncAndWait([log])
        try store.updateIdentity { $0.place = nil }
        let copied = copy(directory)
        store.close()
        let (again, whole) = try start(copied)
        defer { again.close() }
        #expect(!again.isCopy && isLossless(whole) == true)
        #expect(again.identity.place != nil)
    }
}
