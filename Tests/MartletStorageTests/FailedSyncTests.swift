import CMartletFaultyIO
import MartletCore
import TestDisk
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("After a sync that failed (RULES 8, DECISIONS 34)")
struct FailedSyncTests {
    /// Records so large that each takes pages of its own.
    private static let filler = String(repeating: "x", count: 6_000)

    private static func text(_ number: Int) -> String { "\(number)" + filler }

    /// Offsets 0 to 2 are synced; of 3 to 5 the sync fails, and the log is offline.
    private func fail(_ flush: FlushPolicy) throws -> Replica {
        let replica = try Replica(settings: LogSettings(segmentBytes: 1 << 20, flush: flush))
        for number in 0..<3 { try replica.lead(1, Self.text(number)) }
        replica.sync()
        try replica.store.checkpoint()
        replica.log.setHighWatermark(3)
        replica.disk.fail(.MLOG_CALL_FDATASYNC, times: .max, with: EIO, path: ".log")
        for number in 3..<6 { try? replica.lead(1, Self.text(number)) }
        replica.sync()
        guard case .offline = replica.log.state else { throw StorageError(.closed, "\(replica.log.state)") }
        replica.disk.heal()
        return replica
    }

    private func values(upTo count: Int) -> [String] { (0..<count).map(Self.text) }

    @Test(
        "what a start finds in the page cache is written anew: a sync that succeeds then keeps it over a power cut",
        arguments: [FlushPolicy.batch, .interval(.seconds(1)), .os], [true, false])
    func writtenAnew(flush: FlushPolicy, isWrittenDown: Bool) throws {
        let replica = try fail(flush)
        if isWrittenDown {
            try replica.store.checkpoint()
        } else if flush == .os {
            // Nobody has promised that it is on the disk, and nobody says that it is not.
            return
        }
        try replica.restart(.kill)
        let count = Int(replica.log.logEndOffset)
        #expect(count >= 4, "the append that found it out, at the latest, was not written")
        #expect(try replica.values == values(upTo: count))
        replica.sync()
        #expect(replica.log.durableOffset == Offset(count))
        try replica.restart(.powerCut(seed: 7))
        #expect(try replica.values == values(upTo: count))
    }

    @Test(
        "where the cache was given up before the start, what was synced is there, and the hole behind it is cut",
        arguments: [FlushPolicy.batch, .os])
    func cacheIsGone(flush: FlushPolicy) throws {
        let replica = try fail(flush)
        try replica.store.checkpoint()
        try replica.restart(.kill) { replica.disk.dropClean() }
        #expect(try replica.values == values(upTo: 3))
        try replica.lead(2, "next")
        #expect(replica.log.logEndOffset == 4)
    }

    @Test("a replica that counted what was not synced is lossy then, at every start until that is told")
    func facts() throws {
        for flush in [FlushPolicy.batch, .interval(.seconds(1)), .os] {
            let replica = try fail(flush)
            var isLossless: Bool? { replica.log.startFacts?.isLossless(sameDirectory: true) }
            try replica.store.checkpoint()
            try replica.restart(.kill, tellsLoss: false)
            #expect(isLossless == (flush == .batch))
            #expect(replica.log.startFacts?.hasLostRecords == (flush != .batch))
            try replica.restart(.kill, tellsLoss: false)
            #expect(isLossless == (flush == .batch))
            // It has been made good: what is in the page cache goes to the disk.
            try replica.restart(.kill)
            replica.sync()
            try replica.store.checkpoint()
            try replica.restart(.kill)
            #expect(isLossless == true)
        }
    }

    @Test("a store that is closed in order all the same does not pass for whole")
    func closedInOrder() throws {
        let replica = try fail(.os)
        try replica.restart(.clean, tellsLoss: false)
        #expect(replica.log.startFacts?.wasClean == false)
        #expect(replica.log.startFacts?.hasLostRecords == true)
        #expect(replica.store.wasClean)
    }

    @Test("that a log failed is written down as soon as the disk takes it, by the rounds of checkpoints")
    func writtenDownLater() throws {
        let replica = try Replica(settings: LogSettings(flush: .os))
        try replica.lead(1, "0")
        replica.disk.fail(.MLOG_CALL_RENAME, times: .max, with: EIO, path: "/offsets")
        replica.disk.fail(.MLOG_CALL_FDATASYNC, times: .max, with: EIO, path: ".log")
        replica.sync()
        #expect(throws: StorageError.self) { try replica.store.checkpoint() }
        replica.disk.heal()
        try replica.store.checkpoint()
        #expect(try OffsetsCheckpoint.read(root: replica.directory.path)?.entries.first?.hasFailed == true)
    }

    @Test("a power cut leaves what the disk has: nothing is written again at the start after it")
    func afterPowerCut() throws {
        let replica = try Replica()
        try replica.lead(1, "0", "1")
        replica.sync()
        var writes: UInt64 = 0
        try replica.restart(.powerCut(seed: 1), tellsLoss: false) { writes = replica.disk.calls(.MLOG_CALL_PWRITEV) }
        let after = replica.disk.calls(.MLOG_CALL_PWRITEV)
        try replica.restart(.kill, tellsLoss: false)
        let again = replica.disk.calls(.MLOG_CALL_PWRITEV)
        #expect(again - after == after - writes, "the boot is still another than the log's")
        try replica.restart(.kill)
        try replica.restart(.kill, tellsLoss: false)
        #expect(replica.disk.calls(.MLOG_CALL_PWRITEV) > again)
        #expect(try replica.values == ["0", "1"])
    }

    @Test("a file beside one log that cannot be written takes that log offline, and the others are checkpointed")
    func fileBesideALog() throws {
        let replica = try Replica()
        try replica.lead(1, "0")
        let other = try replica.store.create(partition(1), topic: "t", settings: LogSettings())
        try other.startLeaderEpoch(1)
        try other.append(batch("0"))
        try other.startLeaderEpoch(2)
        try other.append(batch("1"), epoch: 2)
        try replica.lead(3, "1")
        replica.sync()
        replica.disk.fail(.MLOG_CALL_RENAME, times: .max, with: EIO, path: "/0/epochs")
        // The second has to record the first in the log's own file.
        for epoch in [4, 5] as [LeaderEpoch] { try? replica.lead(epoch, "2") }
        try replica.store.checkpoint()
        guard case .offline = replica.log.state else {
            Issue.record("the log is \(replica.log.state)")
            return
        }
        #expect(other.state == .online)
        #expect(replica.store.registry.entry(partition(1))?.recoveryPoint == 2)
        try replica.store.checkpoint()
        #expect(replica.store.registry.entry(partition())?.hasFailed == true)
    }
}
