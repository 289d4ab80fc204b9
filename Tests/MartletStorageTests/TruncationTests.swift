import CMartletFaultyIO
import MartletCore
import Synchronization
import TestDisk
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Cutting a log to what its leader has (RULES 4, 15, 16)")
struct TruncationTests {
    /// Twelve batches of three records each, several to a segment, under epochs 1, 2 and 3.
    private func filled(producers: Bool = false, settings: LogSettings = LogSettings(segmentBytes: 250)) throws
        -> Replica
    {
        let replica = try Replica(settings: settings)
        for number in 0..<12 {
            if number % 4 == 0 { try replica.log.startLeaderEpoch(LeaderEpoch(number / 4 + 1)) }
            let sender =
                producers
                ? TestProducer(id: number < 6 ? 7 : 8, epoch: 0, sequence: Int32(number % 6 * 3)) : TestProducer()
            let values = (0..<3).map { TestRecord(value: "\(number * 3 + $0)") }
            try replica.log.append(batch(values, producer: sender), epoch: replica.log.highestEpoch)
        }
        #expect(replica.log.segmentCount > 3)
        return replica
    }

    private func values(_ range: Range<Int>) -> [String] { range.map { "\($0)" } }

    @Test(
        "cuts at the last batch boundary at or below the offset, and goes on from there, now and after a restart",
        arguments: 0...37)
    func everyOffset(offset: Int) throws {
        let leader = try Replica()
        for stop in [Replica.Stop.clean, .kill, .powerCut(seed: UInt64(offset))] {
            let replica = try filled()
            if offset % 2 == 0 { replica.sync() }
            if offset % 3 == 0 { try replica.store.checkpoint() }
            try replica.log.startFollowing(4)
            let end = try replica.log.truncate(to: Offset(offset), leaderEpoch: 4)
            #expect(Int(end) == min(36, offset / 3 * 3))
            #expect(replica.log.logEndOffset == end && replica.log.durableOffset <= end)
            #expect(replica.log.highWatermark <= end)
            #expect(try replica.values == values(0..<Int(end)))
            #expect(replica.log.lastEpoch == (end == 0 ? -1 : LeaderEpoch((end - 1) / 12 + 1)))
            try replica.restart(stop)
            if case .powerCut = stop {} else { #expect(replica.log.logEndOffset == end) }
            let survived = Int(replica.log.logEndOffset)
            #expect(survived <= Int(end))
            #expect(try replica.values == values(0..<survived))
            // What comes next has other bytes at these offsets.
            try replica.log.startFollowing(5)
            if leader.log.logEndOffset == 0 { try leader.lead(5, "x", "y", "z") }
            var bytes = try leader.bytes()
            bytes.moveOffsets(by: Offset(survived))
            #expect(try replica.take(bytes, 5).refused == nil)
            #expect(try replica.values == values(0..<survived) + ["x", "y", "z"])
            try replica.restart(.kill)
            #expect(try replica.values == values(0..<survived) + ["x", "y", "z"])
        }
    }

    @Test("after a crash at any call in the middle of a cut the log holds a prefix that is no shorter than the cut")
    func crashAtEveryCall() throws {
        for (offset, losesPower) in [(7, false), (18, false), (29, false), (0, false), (7, true), (20, true)] {
            var calls: UInt64 = 0
            while true {
                let replica = try filled(producers: true)
                replica.sync()
                replica.log.setHighWatermark(36)
                try replica.store.checkpoint()
                try replica.log.startFollowing(4)
                replica.disk.crash(afterChanges: calls)
                let isDone = (try? replica.log.truncate(to: Offset(offset), leaderEpoch: 4)) != nil
                let isAfterAll = isDone && !replica.disk.hasCrashed
                try replica.restart(losesPower ? .powerCut(seed: calls) : .kill)
                let end = Int(replica.log.logEndOffset)
                #expect(end >= offset / 3 * 3 && end <= 36, "after \(calls) calls")
                if isDone { #expect(end == offset / 3 * 3, "after \(calls) calls") }
                #expect(try replica.values == values(0..<end), "after \(calls) calls")
                #expect(replica.log.epochHistory.allSatisfy { $0.startOffset <= Offset(end) }, "after \(calls) calls")
                #expect(replica.log.recoveryReport?.lostBelowHighWatermark != true, "after \(calls) calls")
                // It may be cut again and go on.
                try replica.log.startFollowing(5)
                _ = try replica.log.truncate(to: Offset(offset), leaderEpoch: 5)
                #expect(try replica.values == values(0..<(offset / 3 * 3)), "after \(calls) calls")
                if isAfterAll { break }
                calls += 1
            }
            #expect(calls > 8)
        }
    }

    @Test("a recovery point at the cut stays in the segment before it, when that is not sealed")
    func unsealedBefore() throws {
        let replica = try Replica(settings: LogSettings(segmentBytes: 250))
        for number in 0..<8 { try replica.lead(1, "\(number)") }
        replica.sync()
        let end = replica.log.logEndOffset
        let active = try #require(replica.log.shared.withLock { $0.segments.last })
        replica.disk.fail(.MLOG_CALL_FTRUNCATE, times: .max, with: ENOSPC, path: SegmentFiles.stem(active.baseOffset))
        // Rolls, and the sync finds no room to trim the old segment.
        while replica.log.shared.withLock({ $0.segments.last?.number }) == active.number { try replica.lead(1, "next") }
        let rolledAt = replica.log.logEndOffset - 1
        replica.sync()
        #expect(replica.log.shared.withLock { $0.recoveryPoint.segment } == active.number)
        try replica.log.startFollowing(2)
        #expect(try replica.log.truncate(to: rolledAt, leaderEpoch: 2) == rolledAt)
        try replica.restart(.powerCut(seed: 1))
        #expect(replica.log.logEndOffset == rolledAt && rolledAt >= end)
    }

    @Test("producers are as they were at the cut, with and without a snapshot from before or behind it")
    func producers() throws {
        for (checkpointed, cut) in [(false, 27), (true, 27), (false, 12), (true, 12), (true, 3)] {
            let replica = try filled(producers: true)
            if checkpointed {
                replica.log.writer.withLock { $0.bytesSinceSnapshot = Checkpointer.snapshotBytes }
                try replica.store.checkpoint()
            }
            try replica.log.startFollowing(4)
            _ = try replica.log.truncate(to: Offset(cut), leaderEpoch: 4)
            for stop in [nil, Replica.Stop.clean, .kill] {
                if let stop { try replica.restart(stop) }
                let first = replica.log.writer.withLock { $0.producers }.entries[7]
                let second = replica.log.writer.withLock { $0.producers }.entries[8]
                #expect(first?.newest.lastOffset == Offset(min(cut, 18) - 1), "\(checkpointed) \(cut)")
                #expect(second?.newest.lastOffset == (cut > 18 ? Offset(cut - 1) : nil), "\(checkpointed) \(cut)")
            }
        }
    }

    @Test("a snapshot of producers that was taken before a cut is never written after it")
    func staleSnapshot() throws {
        let replica = try filled(producers: true)
        let snapshot = try #require(replica.log.takeSnapshot(afterBytes: 0)).snapshot
        try replica.log.startFollowing(4)
        _ = try replica.log.truncate(to: 3, leaderEpoch: 4)
        try replica.log.write(snapshot)
        try replica.restart(.kill)
        #expect(replica.log.writer.withLock { $0.producers.count } == 1)
    }

    @Test("a transfer that reads what is cut is waited for; readers that come later hold nothing up")
    func transfers() throws {
        let replica = try filled()
        try replica.log.startFollowing(4)
        var before = try replica.log.read(from: 30, maxBytes: 1 << 20, upTo: .max)
        let held = try #require(before).bytes()
        let error = #expect(throws: StorageError.self) {
            try replica.log.truncate(to: 31, leaderEpoch: 4, patience: .zero)
        }
        #expect(error?.code == .inUse)
        // Its bytes are still there, nobody else gets them, and nothing is appended over them.
        #expect(before?.bytes() == held)
        #expect(try replica.values == values(0..<30))
        let leader = try Replica()
        try leader.lead(4, "x")
        var next = try leader.bytes()
        next.moveOffsets(by: 30)
        let refused = #expect(throws: StorageError.self) { try replica.take(next, 4) }
        #expect(refused?.code == .inUse)
        #expect(throws: StorageError.self) { try replica.log.startLeaderEpoch(5) }

        let later = try replica.log.read(from: 27, maxBytes: 1 << 20, upTo: .max)
        before = nil
        #expect(try replica.log.truncate(to: 31, leaderEpoch: 4, patience: .zero) == 30)
        withExtendedLifetime(later) {}
        #expect(try replica.take(next, 4).logEndOffset == 31)
        #expect(try replica.values == values(0..<30) + ["x"])
    }

    @Test("a cut that waits for a transfer ends when the transfer does")
    func waitsForTransfer() throws {
        let replica = try filled()
        try replica.log.startFollowing(4)
        let lease = Mutex(try replica.log.read(from: 30, maxBytes: 1, upTo: .max)?.lease)
        let log = replica.log
        let thread = StorageThread("release") {
            // Once nobody is given what goes any more, the cut has begun.
            while log.logEndOffset == 36 { sched_yield() }
            lease.withLock { $0 = nil }
        }
        #expect(try log.truncate(to: 0, leaderEpoch: 4, patience: .seconds(60)) == 0)
        thread.join()
    }

    @Test("an unfinished cut may be made deeper")
    func deeper() throws {
        let replica = try filled()
        try replica.log.startFollowing(4)
        let lease = try replica.log.read(from: 30, maxBytes: 1, upTo: .max)?.lease
        for offset in [31, 14, 5] as [Offset] {
            #expect(throws: StorageError.self) {
                try replica.log.truncate(to: offset, leaderEpoch: 4, patience: .zero)
            }
            #expect(replica.log.logEndOffset == offset / 3 * 3)
        }
        withExtendedLifetime(lease) {}
        try replica.restart(.kill)
        #expect(try replica.values == values(0..<36), "what was not finished did not happen")
        try replica.log.startFollowing(4)
        #expect(try replica.log.truncate(to: 14, leaderEpoch: 4) == 12)
    }

    @Test("a cut below the log's start is refused: the log has to be reset")
    func belowStart() throws {
        let replica = try filled()
        replica.sync()
        replica.log.setHighWatermark(36)
        try #expect(replica.log.deleteRecords(before: 20) == 20)
        try replica.log.startFollowing(4)
        let error = #expect(throws: StorageError.self) { try replica.log.truncate(to: 19, leaderEpoch: 4) }
        #expect(error?.code == .offsetOutOfRange(logStart: 20, logEnd: 36))
        try replica.log.raiseLogStart(to: 30)
        #expect(replica.log.logStartOffset == 30)
        #expect(throws: StorageError.self) { try replica.log.raiseLogStart(to: 37) }
    }

    @Test(
        "a reset log holds nothing, starts where it was told, and keeps the highest epoch",
        arguments: 0..<24 as Range<UInt64>)
    func reset(calls: UInt64) throws {
        let replica = try filled(producers: true)
        replica.sync()
        replica.log.setHighWatermark(30)
        try replica.store.checkpoint()
        try replica.log.startFollowing(4)
        if calls > 0 { replica.disk.crash(afterChanges: calls * 2) }
        let isDone = (try? replica.log.resetTo(startOffset: 100, leaderEpoch: 4)) != nil
        if isDone {
            #expect(replica.log.logStartOffset == 100 && replica.log.logEndOffset == 100)
            #expect(replica.log.highWatermark == 100 && replica.log.durableOffset == 100)
            #expect(replica.log.epochHistory.isEmpty && replica.log.lastEpoch == -1)
            #expect(replica.log.writer.withLock { $0.producers.count } == 0)
        }
        try replica.restart(calls % 2 == 0 ? .kill : .powerCut(seed: calls))
        if isDone {
            #expect(replica.log.logStartOffset == 100 && replica.log.logEndOffset == 100)
            #expect(replica.log.highestEpoch == 4)
        } else {
            #expect(try replica.values == values(0..<Int(replica.log.logEndOffset)))
        }
        try replica.log.startFollowing(5)
        try replica.log.resetTo(startOffset: 100, leaderEpoch: 5)
        let leader = try Replica()
        try leader.lead(5, "x")
        var bytes = try leader.bytes()
        bytes.moveOffsets(by: 100)
        #expect(try replica.take(bytes, 5).logEndOffset == 101)
        try replica.restart(.clean)
        #expect(try replica.log.records().map(\.offset) == [100])
    }
}

extension [UInt8] {
    /// Adds to the base offset of every batch, which the CRC does not cover.
    mutating func moveOffsets(by distance: Offset) {
        var at = 0
        while at < count {
            let header = withUnsafeBytes { bytes in
                (
                    Offset(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: Offset.self)),
                    Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: at + 8, as: Int32.self))
                )
            }
            withUnsafeMutableBytes { bytes in
                bytes.storeBytes(of: (header.0 + distance).bigEndian, toByteOffset: at, as: Offset.self)
            }
            at += 12 + Int(header.1)
        }
    }
}
