import MartletCore
import Testing

@testable import MartletStorage

@Suite("A store on disk")
struct LogStoreTests {
    @Test(
        "the identity of a directory comes back as it was, earlier versions with what they knew, and damaged ones are refused"
    )
    func identity() throws {
        let identity = DirectoryIdentity(
            directoryID: TopicID(high: 1, low: 2), clusterID: "c", brokerID: 3, storeRevision: 4, runs: 5,
            place: DirectoryPlace(inode: 6, birth: 7))
        let bytes = identity.encoded()
        #expect(DirectoryIdentity(encoded: bytes, version: 3) == identity)
        let second = DirectoryIdentity(encoded: Array(bytes.dropLast(16)), version: 2)
        #expect(second?.runs == 5 && second?.place == nil)
        #expect(DirectoryIdentity(encoded: Array(bytes.dropLast(24)), version: 1)?.runs == 0)
        #expect(DirectoryIdentity(encoded: bytes, version: 1) == nil)
        for count in bytes.indices { #expect(DirectoryIdentity(encoded: Array(bytes[..<count]), version: 3) == nil) }
    }

    @Test("what was appended is read back, with offsets from 0")
    func appendAndRead() throws {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions())
        defer { store.close() }
        let log = try store.create(partition(), topic: "t", settings: LogSettings(flush: .os))
        try log.startLeaderEpoch(1)
        let first = try log.append(batch("a", "b"))
        let second = try log.append(batch("c"))
        #expect(first.baseOffset == 0 && first.lastOffset == 1)
        #expect(second.baseOffset == 2 && second.logEndOffset == 3)
        let records = try log.records()
        #expect(records.map(\.text) == ["a", "b", "c"])
        #expect(records.map(\.offset) == [0, 1, 2])
        #expect(try log.read(from: 3, maxBytes: 100, upTo: .max) == nil)
        #expect(throws: StorageError.self) { try log.read(from: 4, maxBytes: 100, upTo: .max) }
    }

    @Test("under flush=batch the observer hears when an append is durable")
    func durability() throws {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions())
        defer { store.close() }
        store.startBackground()
        let log = try store.create(partition(), topic: "t", settings: LogSettings())
        let observer = RecordingObserver()
        log.setObserver(observer)
        try log.startLeaderEpoch(1)
        for round in 1...50 {
            try log.append(batch("a"))
            observer.waitForDurable(Offset(round))
            #expect(log.durableOffset == Offset(round))
        }
        #expect(store.backPressure.unsyncedBytes == 0)
    }

    @Test("a log closed in order opens at once and goes on where it was")
    func cleanReopen() throws {
        let directory = TemporaryDirectory()
        var settings = LogSettings()
        settings.segmentBytes = 300
        let store = try LogStore(directory: directory.path, options: testOptions())
        store.startBackground()
        let log = try store.create(partition(), topic: "t", settings: settings)
        try log.startLeaderEpoch(1)
        for number in 0..<20 { try log.append(batch("value \(number)")) }
        #expect(log.segmentCount > 3)
        store.close()

        let again = try LogStore(directory: directory.path, options: testOptions())
        defer { again.close() }
        #expect(again.wasClean)
        #expect(try again.partitionsOnDisk() == [partition(): "t"])
        let reopened = try again.open(partition(), topic: "t", settings: settings)
        #expect(reopened.state == .online)
        #expect(reopened.logEndOffset == 20 && reopened.durableOffset == 20)
        #expect(reopened.highestEpoch == 1)
        #expect(try reopened.records().map(\.text) == (0..<20).map { "value \($0)" })
        try reopened.startLeaderEpoch(2)
        #expect(try reopened.append(batch("next"), epoch: 2).baseOffset == 20)
        #expect(try reopened.records(from: 20).map(\.text) == ["next"])
    }

    @Test("a second store on the same directory is refused")
    func locked() throws {
        let directory = TemporaryDirectory()
        let store = try LogStore(directory: directory.path, options: testOptions())
        let error = #expect(throws: StorageError.self) {
            try LogStore(directory: directory.path, options: testOptions())
        }
        #expect(error?.code == .locked)
        store.close()
        let third = try LogStore(directory: directory.path, options: testOptions())
        third.close()
    }
}
