import CMartletFaultyIO
import MartletCore
import Synchronization
import TestDisk
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("What is damaged stays known over restarts (RULES 17)")
struct DamageKeptTests {
    private typealias Scene = DamageTests.Scene

    private static func file(_ log: PartitionLog) -> String { "\(log.directory)/\(PartitionLog.damageFileName)" }

    private func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func repair(_ scene: Scene, with good: [UInt8]) throws {
        #expect(try good.withUnsafeBytes { try scene.replica.log.repair(with: $0) } == .repaired(batches: 1))
    }

    @Test("until it is repaired a restart knows what is damaged, refuses it, and says so", arguments: 0..<3)
    func restarted(kind: Int) throws {
        let stops: [Replica.Stop] = [.clean, .kill, .powerCut(seed: 5)]
        let scene = try Scene()
        let good = try scene.damage(6)
        scene.replica.store.scrub()
        let known = scene.replica.log.damages
        #expect(known.map(\.offsets) == [6..<8])
        // Twice: the second start has found nothing itself.
        for _ in 0..<2 {
            try scene.replica.restart(stops[kind])
            let log = scene.replica.log
            #expect(log.damages == known)
            let error = #expect(throws: StorageError.self) { try log.read(from: 6, maxBytes: 1, upTo: .max) }
            #expect(error?.code == .damaged)
            let told = DamageTests.Told()
            log.setObserver(told)
            #expect(told.reports.withLock { $0 } == known)
        }
        try repair(scene, with: good)
        #expect(!isThere(Self.file(scene.replica.log)))
        try scene.replica.restart(stops[kind])
        #expect(scene.replica.log.damages.isEmpty)
        #expect(try scene.values(0..<30) == (0..<30).map { "\($0)" })
    }

    @Test(
        "whatever the observer was told of, a kill -9 or a power cut right after it leaves known",
        arguments: [true, false])
    func killed(losesPower: Bool) throws {
        var isTold: Set<Bool> = []
        for changes in 0..<12 as Range<UInt64> {
            let scene = try Scene()
            for offset in [2, 13] as [Offset] { _ = try scene.damage(offset) }
            scene.replica.disk.crash(afterChanges: changes)
            scene.replica.store.scrub()
            let told = scene.told.reports.withLock { $0 }
            let hadCrashed = scene.replica.disk.hasCrashed
            try scene.replica.restart(losesPower ? .powerCut(seed: changes) : .kill)
            // What could not be written down is told all the same: the broker is to act, and the write is tried again.
            if !hadCrashed { #expect(scene.replica.log.damages.map(\.offsets) == told.map(\.offsets)) }
            isTold.insert(!scene.replica.log.damages.isEmpty)
            scene.replica.store.scrub()
            #expect(scene.replica.log.damages.map(\.offsets) == [2..<4, 12..<14])
        }
        #expect(isTold == [true, false])
    }

    @Test("damage that could not be written down is, with the next checkpoint")
    func diskFull() throws {
        let scene = try Scene()
        _ = try scene.damage(6)
        // The next checkpoint is asked for at once, and fails too.
        scene.replica.disk.fail(.MLOG_CALL_OPEN, times: .max, with: ENOSPC, path: "/damage")
        scene.replica.store.scrub()
        #expect(scene.replica.log.damages.count == 1)
        #expect(!isThere(Self.file(scene.replica.log)))
        scene.replica.disk.heal()
        try scene.replica.store.checkpoint()
        try scene.replica.restart(.kill)
        #expect(scene.replica.log.damages.map(\.offsets) == [6..<8])
    }

    @Test("what was put right while the broker was down is found sound, and read again")
    func putRight() throws {
        let scene = try Scene()
        let good = try scene.damage(6)
        scene.replica.store.scrub()
        let damage = try #require(scene.replica.log.damages.first)
        try scene.replica.restart(.clean) {
            let file = open(damage.path, O_RDWR)
            defer { close(file) }
            #expect(pwrite(file, good, good.count, off_t(damage.position)) == good.count)
        }
        #expect(scene.replica.log.damages == [damage])
        scene.replica.store.scrub()
        #expect(scene.replica.log.damages.isEmpty)
        #expect(!isThere(Self.file(scene.replica.log)))
        #expect(try scene.values(0..<30) == (0..<30).map { "\($0)" })
    }

    @Test("a cut takes away damage behind it, and leaves what lies before it known", arguments: [10, 8, 6] as [Offset])
    func cut(to end: Offset) throws {
        let scene = try Scene(settings: LogSettings(segmentBytes: 1_000))
        _ = try scene.damage(6)
        scene.replica.store.scrub()
        let log = scene.replica.log
        #expect(log.damages.map(\.offsets) == [6..<8])
        try log.startFollowing(2)
        #expect(try log.truncate(to: end, leaderEpoch: 2) == end)
        let left: [Range<Offset>] = end > 6 ? [6..<8] : []
        #expect(log.damages.map(\.offsets) == left)
        try scene.replica.restart(.powerCut(seed: 1))
        #expect(scene.replica.log.damages.map(\.offsets) == left)
        try scene.replica.log.startFollowing(3)
        try scene.replica.log.resetTo(startOffset: 40, leaderEpoch: 3)
        try scene.replica.restart(.kill)
        #expect(scene.replica.log.damages.isEmpty)
        #expect(!isThere(Self.file(scene.replica.log)))
    }

    @Test("a repair of some of what is damaged leaves the rest known")
    func partly() throws {
        let scene = try Scene()
        let good = try scene.damage(6, at: 61 + 5)
        // The length of the next: where the sound ones go on is only found behind it.
        _ = try scene.damage(8, at: 11)
        let log = scene.replica.log
        scene.replica.store.scrub()
        let before = log.damages
        #expect(before.first?.offsets.lowerBound == 6 && before.last?.offsets.upperBound == 10)
        try repair(scene, with: good)
        #expect(log.damages.map(\.offsets) == [8..<10])
        // In order: after a kill -9 headers are read, and with this one the log could not be recovered.
        try scene.replica.restart(.clean)
        #expect(scene.replica.log.damages.map(\.offsets) == [8..<10])
    }

    @Test("a record of damage that is damaged itself costs nothing but another look")
    func unreadable() throws {
        let scene = try Scene()
        _ = try scene.damage(6)
        scene.replica.store.scrub()
        let path = Self.file(scene.replica.log)
        try scene.replica.restart(.clean) { #expect(truncate(path, 20) == 0) }
        #expect(scene.replica.log.damages.isEmpty)
        scene.replica.store.scrub()
        try scene.replica.restart(.clean)
        #expect(scene.replica.log.damages.map(\.offsets) == [6..<8])
    }

    @Test("the file's content comes back as it was; cut anywhere, too long or with bounds that cannot be it is refused")
    func coding() {
        let file = DamageFile(entries: [
            .init(segment: 5, position: 70, offsets: 6..<8, message: "a bad checksum"),
            .init(segment: 20, position: 0, offsets: 20..<31, message: ""),
        ])
        let bytes = file.encoded()
        #expect(DamageFile.decode(bytes) == file)
        for count in bytes.indices { #expect(DamageFile.decode(Array(bytes[..<count])) == nil) }
        #expect(DamageFile.decode(bytes + [0]) == nil)
        for wrong in [
            DamageFile(entries: [.init(segment: 7, position: 0, offsets: 6..<8, message: "")]),
            DamageFile(entries: [.init(segment: 5, position: 0, offsets: 6..<6, message: "")]),
        ] {
            #expect(DamageFile.decode(wrong.encoded()) == nil)
        }
    }
}
