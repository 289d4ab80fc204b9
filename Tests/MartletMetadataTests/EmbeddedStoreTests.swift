import Logging
import MartletCore
import Synchronization
import TestSeeds
import Testing

@testable import MartletMetadata

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite("Embedded metadata store")
struct EmbeddedStoreTests {
    private let root: TemporaryDirectory
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    init() throws {
        root = try TemporaryDirectory()
    }

    private func open(
        _ name: String = "metadata", system: JournalSystem = .real, compactionBytesMin: Int = 4 << 20
    ) throws -> EmbeddedStore {
        try EmbeddedStore(
            directory: root.path + "/" + name, system: system, compactionBytesMin: compactionBytesMin, logger: logger)
    }

    private func put(_ record: MetadataRecord, in store: EmbeddedStore) async throws {
        var transaction = MetadataTransaction()
        transaction.changes = [.put(record)]
        _ = try await store.commit(transaction)
    }

    @Test("it does what every metadata store must do")
    func conformance() async throws {
        let count = Mutex(0)
        let suite = MetadataStoreConformance {
            try self.open("store-\(count.withLock { $0 += 1; return $0 })")
        }
        try await suite.checkAll()
    }

    @Test("everything but sessions and the controller is there after reopening")
    func reopening() async throws {
        let store = try open()
        for record in TestRecords.ofEveryKind { try await put(record, in: store) }
        let before = try await store.image()
        await store.close()
        let after = try await open().image()
        #expect(after.sessions.isEmpty)
        #expect(after.controller == nil)
        #expect(after.recordCount == before.recordCount - 2)
        for record in TestRecords.ofEveryKind where record.key != .session(3) && record.key != .controller {
            #expect(after.revision(of: record.key) == before.revision(of: record.key))
        }
        #expect(after.revision == before.revision + 1)
    }

    @Test(
        "a random history survives reopening at every few steps, with compaction",
        arguments: 1...8 as ClosedRange<UInt64>)
    func randomHistory(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var expected = ClusterImage()
        var store = try open(compactionBytesMin: 2_000)
        for step in 0..<400 {
            var transaction = MetadataTransaction()
            var keys: Set<MetadataKey> = []
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                let record = TestRecords.random(using: &generator)
                guard keys.insert(record.key).inserted else { continue }
                let removes = Bool.random(using: &generator) && Bool.random(using: &generator)
                transaction.changes.append(removes ? .remove(record.key) : .put(record))
            }
            let outcome = try await store.commit(transaction)
            expected.apply(MetadataUpdate(revision: expected.revision + 1, changes: transaction.changes))
            #expect(outcome == .committed(expected.revision))
            if step % 23 == 0 {
                await store.close()
                store = try open(compactionBytesMin: 2_000)
                #expect(try await store.image() == expected, "seed \(seed), step \(step)")
            }
        }
    }

    @Test("the last transaction cut at any byte is gone whole, and the store goes on")
    func tornTail() async throws {
        let store = try open()
        try await put(.topic(TestRecords.topic("kept", 1)), in: store)
        let kept = try await store.image()
        let whole = try root.bytes(of: "metadata/journal").count
        try await put(.topic(TestRecords.topic("torn", 2)), in: store)
        await store.close()
        let bytes = try root.bytes(of: "metadata/journal")
        for end in whole..<bytes.count {
            try root.write(Array(bytes[..<end]), to: "metadata/journal")
            let reopened = try open()
            #expect(try await reopened.image() == kept)
            try await put(.topic(TestRecords.topic("next", 3)), in: reopened)
            await reopened.close()
            #expect(try await open().image().topics.count == 2)
        }
    }

    @Test("damage before the last transaction is refused at every byte")
    func damage() async throws {
        let store = try open()
        for number in 0..<4 { try await put(.topic(TestRecords.topic("t\(number)", number)), in: store) }
        let lastStart = try root.bytes(of: "metadata/journal").count
        try await put(.topic(TestRecords.topic("last", 9)), in: store)
        await store.close()
        let bytes = try root.bytes(of: "metadata/journal")
        for position in 0..<lastStart {
            var damaged = bytes
            damaged[position] ^= 0x41
            #expect(throws: MetadataError.self, "byte \(position)") { try JournalFormat.read(damaged) }
        }
        #expect(throws: Never.self) { try JournalFormat.read(bytes) }
    }

    @Test("random bytes, and random bytes behind good checksums, never trap", arguments: 1...4 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var image = ClusterImage()
        image.apply(MetadataUpdate(revision: 1, changes: TestRecords.ofEveryKind.map { .put($0) }))
        let good = JournalFormat.fileHead() + JournalFormat.snapshotFrame(image)
        for _ in 0..<3_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<8, using: &generator))
            _ = try? JournalFormat.read(bytes)
            _ = try? JournalFormat.read(withGoodChecksum(bytes))
        }
    }

    /// Makes the checksums right again, so that decoding goes as deep as it can.
    private func withGoodChecksum(_ bytes: [UInt8]) -> [UInt8] {
        let start = JournalFormat.headSize
        let payload = bytes[(start + JournalFormat.frameHeadSize)...]
        var sized = ByteWriter()
        sized.write(UInt32(payload.count))
        sized.write(raw: payload)
        var frame = ByteWriter()
        frame.write(sized.bytes.withUnsafeBytes { BatchCodec.crc32c($0) })
        frame.write(raw: sized.bytes)
        return JournalFormat.fileHead() + frame.bytes
    }

    @Test("a journal of a newer version is refused, and says so")
    func newerFormat() throws {
        var writer = ByteWriter()
        writer.write(raw: Array("MRTMETA1".utf8))
        writer.write(UInt32(2))
        writer.write(writer.bytes.withUnsafeBytes { BatchCodec.crc32c($0) })
        do {
            _ = try JournalFormat.read(writer.bytes)
            Issue.record("a newer journal was read")
        } catch {
            #expect(error.code == .newerFormat)
            #expect(error.message.contains("version 2"))
        }
    }

    @Test("a full disk refuses the transaction, leaves no trace of it, and takes it once there is room")
    func fullDisk() async throws {
        let isFull = Mutex(false)
        var system = JournalSystem.real
        system.pwrite = { file, bytes, position in
            guard isFull.withLock({ $0 }) else { return JournalSystem.real.pwrite(file, bytes, position) }
            // Half of it goes in, then nothing more.
            if bytes.count > 20 {
                return JournalSystem.real.pwrite(file, UnsafeRawBufferPointer(rebasing: bytes[..<20]), position)
            }
            errno = ENOSPC
            return -1
        }
        system.ftruncate = { JournalSystem.real.ftruncate($0, $1) }
        let store = try open(system: system)
        try await put(.topic(TestRecords.topic("a", 1)), in: store)
        let before = try root.bytes(of: "metadata/journal")
        isFull.withLock { $0 = true }
        do {
            try await put(.topic(TestRecords.topic("b", 2)), in: store)
            Issue.record("a full disk took a transaction")
        } catch let error as MetadataError {
            #expect(error.code == .unavailable)
            #expect(error.message.contains("make room"))
        }
        #expect(try root.bytes(of: "metadata/journal") == before)
        isFull.withLock { $0 = false }
        try await put(.topic(TestRecords.topic("b", 2)), in: store)
        #expect(try await store.image().topics.count == 2)
    }

    @Test("after a failed sync nothing is answered until the store is opened again")
    func failedSync() async throws {
        let fails = Mutex(false)
        var system = JournalSystem.real
        system.fsync = { file in
            guard fails.withLock({ $0 }) else { return JournalSystem.real.fsync(file) }
            errno = EIO
            return -1
        }
        let store = try open(system: system)
        try await put(.topic(TestRecords.topic("a", 1)), in: store)
        fails.withLock { $0 = true }
        await #expect(throws: MetadataError.self) { try await put(.topic(TestRecords.topic("b", 2)), in: store) }
        fails.withLock { $0 = false }
        do {
            _ = try await store.image()
            Issue.record("a failed store answered")
        } catch {
            #expect(error.code == .outcomeUnknown)
        }
        await store.close()
        // The transaction's outcome was unknown: either is right, as long as it is one of the two.
        #expect([1, 2].contains(try await open().image().topics.count))
    }

    @Test("a crash in the middle of compaction leaves the old journal or the new one")
    func interruptedCompaction() async throws {
        var system = JournalSystem.real
        system.rename = { _, _ in
            errno = EIO
            return -1
        }
        let store = try open()
        for number in 0..<20 { try await put(.topic(TestRecords.topic("t\(number)", number)), in: store) }
        let before = try await store.image()
        await store.close()
        let interrupted = try open(system: system, compactionBytesMin: 10)
        try await put(.topic(TestRecords.topic("answered", 99)), in: interrupted)
        await interrupted.close()
        let after = try await open().image()
        #expect(after.topics.count == before.topics.count + 1)
        #expect(after.revision == before.revision + 1)
    }

    @Test("a feed from before the kept updates is refused")
    func compactedFeed() async throws {
        let store = try open()
        let start = try await store.image().revision
        for number in 0..<2_100 {
            try await put(.producerIDs(ProducerIDCounter(next: ProducerID(number))), in: store)
        }
        do {
            _ = try await store.changes(after: start)
            Issue.record("a feed from a forgotten revision was opened")
        } catch {
            #expect(error.code == .revisionCompacted)
        }
    }

    @Test("a sealed store is read for handing it over, and never served or changed again")
    func sealing() async throws {
        let store = try open()
        try await put(.topic(TestRecords.topic("a", 1)), in: store)
        try await store.seal(for: "etcd, cluster prod")
        try await store.seal(for: "elsewhere")
        let sealed = try await store.image()
        do {
            try await put(.topic(TestRecords.topic("b", 2)), in: store)
            Issue.record("a sealed store took a transaction")
        } catch let error as MetadataError {
            #expect(error.code == .closed)
        }
        await store.close()
        let error = #expect(throws: MetadataError.self) { try open() }
        #expect(error?.code == .closed)
        #expect(error?.message.contains("etcd, cluster prod") == true)
        let again = try EmbeddedStore(directory: root.path + "/metadata", for: .handingOver, logger: logger)
        #expect(await again.isSealed)
        #expect(try await again.image() == sealed)
        #expect(throws: MetadataError.self) {
            try EmbeddedStore(directory: root.path + "/nothing", for: .handingOver, logger: logger)
        }
    }

    @Test("a seal cut at any byte is no seal, and the store serves on")
    func tornSeal() async throws {
        let store = try open()
        try await put(.topic(TestRecords.topic("a", 1)), in: store)
        let before = try root.bytes(of: "metadata/journal").count
        try await store.seal(for: "etcd")
        await store.close()
        let bytes = try root.bytes(of: "metadata/journal")
        for end in before..<bytes.count {
            try root.write(Array(bytes[..<end]), to: "metadata/journal")
            let reopened = try open()
            try await put(.topic(TestRecords.topic("b", 2)), in: reopened)
            await reopened.close()
        }
    }
}
