import MartletCore
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("A data directory without a broker")
struct OfflineTests {
    private let directory = TemporaryDirectory()
    private let settings: LogSettings = {
        var settings = LogSettings()
        settings.segmentBytes = 300
        return settings
    }()

    /// Twenty records in segments of a few batches each, closed in order.
    private func fill() throws {
        let store = try LogStore(directory: directory.path, options: testOptions())
        store.startBackground()
        let log = try store.create(partition(), topic: "t", settings: settings)
        try log.startLeaderEpoch(1)
        for number in 0..<20 { try log.append(batch("value \(number)")) }
        store.close()
    }

    private func found() throws -> OfflinePartition {
        try #require(try OfflineDirectory(directory.path).partitions.first)
    }

    private func examine(_ partition: OfflinePartition, _ base: Offset, wholeBatches: Bool = true) throws
        -> OfflineFindings
    {
        try OfflineSegment(partition, base).examine(wholeBatches: wholeBatches) { _, _ in true }
    }

    private func flip(_ path: String, at position: Int) throws {
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        var byte: UInt8 = 0
        try #require(pread(descriptor, &byte, 1, off_t(position)) == 1)
        byte ^= 0x40
        try #require(pwrite(descriptor, &byte, 1, off_t(position)) == 1)
    }

    @Test("every path in a data directory leads to its partition", arguments: ["", "/logs", "/logs/T", "/logs/T/0"])
    func paths(path: String) throws {
        try fill()
        let path = path.replacing("T", with: "\(partition().topicID)")
        let found = try OfflineDirectory(directory.path + path)
        #expect(found.root == directory.path)
        #expect(found.partitions.map(\.name) == ["t-0"])
        #expect(found.partitions.first?.id == partition())
        #expect(found.segment == nil)
        let base = try #require(found.partitions.first?.segments.last)
        let segment = try OfflineDirectory(try #require(found.partitions.first).path(base))
        #expect(segment.segment == base)
        #expect(segment.partitions.first?.segments == [base])
        #expect(segment.root == directory.path)
    }

    @Test("what is no data directory is refused")
    func noDirectory() throws {
        #expect(throws: StorageError.self) { try OfflineDirectory(directory.path) }
        #expect(throws: StorageError.self) { try OfflineDirectory(directory.path + "/missing") }
        #expect(throws: StorageError.self) { try OfflineDirectory("/proc/self/status") }
    }

    @Test("batches, records and offsets are counted, with or without reading everything", arguments: [true, false])
    func counts(wholeBatches: Bool) throws {
        try fill()
        let partition = try found()
        #expect(partition.segments.count > 3)
        var next: Offset = 0
        for base in partition.segments {
            #expect(base == next)
            let findings = try examine(partition, base, wholeBatches: wholeBatches)
            #expect(findings.damages.isEmpty)
            #expect(findings.index == .sound)
            #expect(findings.batches == findings.records && findings.batches > 0)
            next = findings.nextOffset
        }
        #expect(next == 20)
        let checkpoint = try OfflineCheckpoint.read(root: directory.path)[self.partition()]
        #expect(checkpoint?.recoveryPoint == 20)
        #expect(checkpoint?.isClean == true)
    }

    private func partition() -> TopicIDPartition { MartletStorageTests.partition() }

    @Test("a changed byte is found, and the batches behind it are still shown")
    func damage() throws {
        try fill()
        let partition = try found()
        let base = partition.segments[1]
        let sound = try examine(partition, base)
        try flip(partition.path(base), at: BatchHeader.byteCount)
        var shown: [Offset] = []
        let findings = try OfflineSegment(partition, base).examine(wholeBatches: true) { batch, bytes in
            shown.append(batch.baseOffset)
            return bytes != nil
        }
        let damage = try #require(findings.damages.first)
        #expect(findings.damages.count == 1)
        #expect(damage.position == 0 && damage.offset == base)
        #expect(damage.validBatchAt.map(Int.init) == Int(sound.end) / sound.batches)
        #expect(findings.end == 0 && findings.nextOffset == base)
        #expect(shown == Array((base + 1)..<sound.nextOffset))
    }

    @Test("an index that was emptied is rebuilt, and no record is touched")
    func index() throws {
        try fill()
        let partition = try found()
        let base = partition.segments[0]
        let before = try examine(partition, base)
        let path = partition.path(base)
        try #require(truncate(path.replacing(".log", with: ".index"), 0) == 0)
        #expect(try examine(partition, base).index == .unusable)
        try OfflineRepair(root: directory.path).rebuildIndex(partition, base)
        let after = try examine(partition, base)
        #expect(after.index == .sound)
        #expect(after.end == before.end && after.fileBytes == before.fileBytes)
    }

    @Test("a log that was cut opens, ends before the damage and is appended to")
    func cut() throws {
        try fill()
        let partition = try found()
        let base = partition.segments[1]
        try flip(partition.path(base), at: BatchHeader.byteCount)
        let findings = try examine(partition, base)
        try OfflineRepair(root: directory.path).cut(partition, base, findings)
        #expect(try found().segments == Array(partition.segments[...1]))
        #expect(try examine(partition, base).damages.isEmpty)
        #expect(try OfflineCheckpoint.read(root: directory.path)[self.partition()]?.recoveryPoint == base)

        let store = try LogStore(directory: directory.path, options: testOptions())
        defer { store.close() }
        #expect(!store.wasClean)
        let observer = RecordingObserver()
        let log = try store.open(self.partition(), topic: "t", settings: settings)
        log.setObserver(observer)
        store.startBackground()
        if log.state != .online { observer.waitForStateChange() }
        #expect(log.state == .online)
        #expect(log.logEndOffset == base)
        #expect(try log.records().map(\.text) == (0..<base).map { "value \($0)" })
        try log.startLeaderEpoch(2)
        #expect(try log.append(batch("next"), epoch: 2).baseOffset == base)
    }

    @Test("nothing is repaired while a store owns the directory")
    func locked() throws {
        let store = try LogStore(directory: directory.path, options: testOptions())
        #expect(throws: StorageError.self) { try OfflineRepair(root: directory.path) }
        store.close()
        _ = try OfflineRepair(root: directory.path)
    }
}
