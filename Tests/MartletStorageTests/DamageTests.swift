import MartletCore
import Synchronization
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Damage at rest (RULES 5, 17)")
struct DamageTests {
    /// Batches of two records each: "0" to "29", several to a segment, and what an observer was told.
    struct Scene {
        let replica: Replica
        let told = Told()

        init(settings: LogSettings = LogSettings(segmentBytes: 500), keys: Int? = nil) throws {
            replica = try Replica(settings: settings)
            try replica.log.startLeaderEpoch(1)
            for number in 0..<15 {
                let records = [2 * number, 2 * number + 1].map { value in
                    TestRecord(key: keys.map { "key \(value % $0)" }, value: "\(value)")
                }
                try replica.log.append(batch(records))
            }
            replica.log.setObserver(told)
            replica.sync()
            replica.log.setHighWatermark(30)
            try replica.store.checkpoint()
        }

        /// Changes a byte of the batch that holds `offset`, and returns the batch as it was.
        func damage(_ offset: Offset, at byte: Int = 61 + 5) throws -> [UInt8] {
            let read = try #require(try replica.log.read(from: offset, maxBytes: 1, upTo: .max))
            let bytes = read.bytes()
            let file = open(read.lease.path, O_RDWR)
            defer { close(file) }
            var changed = bytes[byte] ^ 0x20
            #expect(pwrite(file, &changed, 1, off_t(read.filePosition + byte)) == 1)
            return bytes
        }

        func values(_ range: Range<Int>) throws -> [String] {
            try replica.log.records(from: Offset(range.lowerBound), upTo: Offset(range.upperBound)).map(\.text)
        }
    }

    final class Told: PartitionLogObserver {
        let reports = Mutex<[CorruptionReport]>([])

        func durableOffsetAdvanced(_ log: PartitionLog, to offset: Offset) {}
        func logStateChanged(_ log: PartitionLog) {}
        func corruptionFound(_ log: PartitionLog, _ report: CorruptionReport) {
            reports.withLock { $0.append(report) }
        }
    }

    @Test("the scrub finds every damaged batch, tells its offsets, and tells it once")
    func scrub() throws {
        let scene = try Scene()
        for offset in [2, 6, 13] as [Offset] { _ = try scene.damage(offset) }
        scene.replica.store.scrub()
        scene.replica.store.scrub()
        let log = scene.replica.log
        #expect(log.damages.map(\.offsets) == [2..<4, 6..<8, 12..<14])
        #expect(scene.told.reports.withLock { $0 }.map(\.offsets) == [2..<4, 6..<8, 12..<14])
        #expect(scene.replica.store.corruptions == log.damages)
        #expect(scene.replica.store.counters.corruptBatches.load(ordering: .relaxed) == 3)
        #expect(
            log.damages[0].message.contains("offsets 2 to 3") && log.damages[0].message.contains(log.damages[0].path))
        #expect(log.state == .online)
    }

    @Test("what is damaged is not read; what lies below and above is, and appends go on")
    func reads() throws {
        let scene = try Scene()
        _ = try scene.damage(6)
        scene.replica.store.scrub()
        #expect(try scene.values(0..<6) == (0..<6).map { "\($0)" })
        #expect(try scene.values(8..<30) == (8..<30).map { "\($0)" })
        let upTo = try #require(try scene.replica.log.read(from: 4, maxBytes: 1 << 20, upTo: .max))
        #expect(upTo.nextOffset == 6)
        for offset in [6, 7] as [Offset] {
            let error = #expect(throws: StorageError.self) {
                try scene.replica.log.read(from: offset, maxBytes: 1 << 20, upTo: .max)
            }
            #expect(error?.code == .damaged)
            #expect(error?.message.contains(".log") == true)
        }
        #expect(try scene.replica.log.append(batch("next")).baseOffset == 30)
    }

    @Test(
        "what the CRC does not cover is checked too: offsets, lengths and epochs",
        arguments: [0, 7, 9, 11, 12, 15, 16] as [Int])
    func headers(byte: Int) throws {
        let scene = try Scene()
        _ = try scene.damage(6, at: byte)
        scene.replica.store.scrub()
        let damages = scene.replica.log.damages
        #expect(damages.count == 1)
        #expect(damages.first?.offsets.contains(6) == true)
        #expect(try scene.values(0..<6) == (0..<6).map { "\($0)" })
    }

    @Test("a batch is repaired from another replica's, and read again")
    func repair() throws {
        let scene = try Scene()
        let good = try scene.damage(6)
        _ = try scene.damage(6, at: 18)
        scene.replica.store.scrub()
        #expect(scene.replica.log.damages.count == 1)
        let outcome = try good.withUnsafeBytes { try scene.replica.log.repair(with: $0) }
        #expect(outcome == .repaired(batches: 1))
        #expect(scene.replica.log.damages.isEmpty)
        try scene.replica.restart(.powerCut(seed: 9))
        scene.replica.store.scrub()
        #expect(scene.replica.log.damages.isEmpty)
        #expect(try scene.values(0..<30) == (0..<30).map { "\($0)" })
    }

    @Test("a batch that is not the one that was damaged is not taken for it, nor one that is damaged itself")
    func wrongRepair() throws {
        let scene = try Scene()
        let good = try scene.damage(6)
        scene.replica.store.scrub()
        for byte in [7, 15] {
            var other = good
            other[byte] ^= 1
            let outcome = try other.withUnsafeBytes { try scene.replica.log.repair(with: $0) }
            guard case .mustBeCopiedAnew = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        let larger = try batch([TestRecord(value: "66666"), TestRecord(value: "7")])
        var moved = larger
        moved.moveOffsets(by: 6)
        let outcome = try moved.withUnsafeBytes { try scene.replica.log.repair(with: $0) }
        #expect(outcome != .repaired(batches: 1))
        var bad = good
        bad[70] ^= 1
        #expect(throws: StorageError.self) { try bad.withUnsafeBytes { try scene.replica.log.repair(with: $0) } }
        #expect(scene.replica.log.damages.count == 1)
    }

    @Test("damage in a batch's length, too, is repaired")
    func repairHeader() throws {
        let scene = try Scene()
        let good = try scene.damage(6, at: 10)
        scene.replica.store.scrub()
        let outcome = try good.withUnsafeBytes { try scene.replica.log.repair(with: $0) }
        // The length is one of the fields that tell batches apart.
        guard case .mustBeCopiedAnew = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test("compaction that meets damage names it, leaves it where it is, and waits before it tries again")
    func compaction() throws {
        let scene = try Scene(
            settings: LogSettings(segmentBytes: 500, cleanup: .compact, minCleanableDirtyRatio: 0), keys: 3)
        let bytes = try scene.damage(12)
        let store = scene.replica.store
        let log = scene.replica.log
        store.maintain()
        #expect(log.damages.map(\.offsets) == [12..<14])
        #expect(store.counters.compactions.load(ordering: .relaxed) == 0)
        #expect(!log.compactionPause.withLock { $0.isOver(store.options.clock.elapsed) })
        scene.replica.clock.advance(by: .seconds(61))
        store.maintain()
        // What lies before it is compacted.
        #expect(store.counters.compactions.load(ordering: .relaxed) == 1)
        #expect(log.shared.withLock { $0.cleanedOffset } <= 12)
        #expect(try bytes.withUnsafeBytes { try log.repair(with: $0) } == .repaired(batches: 1))
        store.maintain()
        #expect(log.shared.withLock { $0.cleanedOffset } > 12)
        let kept = try log.records().filter { $0.offset < 20 }
        #expect(kept.count < 20)
    }

    @Test("after a failed compaction the next waits twice as long, up to an hour, and none after one that worked")
    func pause() {
        var pause = CompactionPause()
        var now = Duration.seconds(5)
        #expect(pause.isOver(now))
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            pause.failed(now)
            now += .seconds(minutes * 60) - .milliseconds(1)
            #expect(!pause.isOver(now))
            now += .milliseconds(1)
            #expect(pause.isOver(now))
        }
        pause.failed(now)
        pause.succeeded()
        #expect(pause.isOver(now))
    }
}
