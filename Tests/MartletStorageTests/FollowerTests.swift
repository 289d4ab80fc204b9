import CMartletFaultyIO
import MartletCore
import TestDisk
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("A follower's log (RULES 5, 16)")
struct FollowerTests {
    @Test("holds its leader's batches byte for byte, whatever the answers' sizes and its own segments")
    func verbatim() throws {
        let leader = try Replica()
        let follower = try Replica(settings: LogSettings(segmentBytes: 1_000))
        for number in 0..<20 { try leader.lead(1, "a\(number)") }
        try follower.follow(leader, 1, maxBytes: 300)
        for number in 0..<20 { try leader.lead(4, "b\(number)") }
        try follower.follow(leader, 4)
        #expect(try follower.bytes() == leader.bytes())
        #expect(follower.log.epochHistory == leader.log.epochHistory)
        #expect(follower.log.lastEpoch == 4 && follower.log.highestEpoch == 4)
        #expect(follower.log.segmentCount > 1 && leader.log.segmentCount > follower.log.segmentCount)
    }

    @Test("counts as durable what its topic's flush says", arguments: [FlushPolicy.batch, .os])
    func durability(flush: FlushPolicy) throws {
        let leader = try Replica()
        let follower = try Replica(settings: LogSettings(flush: flush))
        let observer = RecordingObserver()
        follower.log.setObserver(observer)
        try leader.lead(1, "0", "1", "2")
        try follower.follow(leader, 1)
        if flush == .batch { observer.waitForDurable(3) }
        #expect(follower.log.durableOffset == 3)
    }

    @Test(
        "a copy that is far behind leaves the page cache behind its end, any other stays there",
        arguments: [false, true])
    func pageCache(isKept: Bool) throws {
        let pieces = 80
        let settings = LogSettings(flush: .os)
        let leader = try Replica(settings: settings)
        let follower = try Replica(settings: settings)
        let value = String(repeating: "v", count: 1_000_000)
        try leader.lead(1)
        try follower.log.startFollowing(1)
        for _ in 0..<pieces {
            try leader.log.append(batch(value), epoch: 1)
            let bytes = try #require(
                try leader.log.read(from: follower.log.logEndOffset, maxBytes: 1, upTo: .max)
            ).bytes()
            try follower.take(bytes, 1, isKeptCached: isKept)
        }
        // One for each 8 MiB, and the batch that passed them.
        let hints = UInt64(pieces * 1_000_000 / (Int(PartitionLog.writebackBytes) + 1_000_000))
        let isDone = { follower.disk.calls(.MLOG_CALL_SYNC_FILE_RANGE) >= hints && (isKept || follower.uncached > 0) }
        let limit = ContinuousClock.now + .seconds(40)
        while !isDone(), ContinuousClock.now < limit { sched_yield() }
        #expect(isDone())
        #expect(!isKept || follower.uncached == 0)
        #expect(try follower.bytes(from: Offset(pieces - 1)) == leader.bytes(from: Offset(pieces - 1)))
    }

    @Test("a damaged batch is refused and named, those before it are kept, and the log stays in service")
    func damaged() throws {
        let leader = try Replica()
        let follower = try Replica()
        try leader.lead(1, "0", "1", "2")
        try follower.log.startFollowing(1)
        var bytes = try leader.bytes()
        bytes[bytes.count - 3] ^= 0x40
        let result = try follower.take(bytes, 1)
        #expect(result.logEndOffset == 2)
        #expect(result.refused?.code == .invalidBatch(.badCRC))
        #expect(result.refused?.message.contains("offset 1") == true)
        try follower.follow(leader, 1)
        #expect(try follower.values == ["0", "1", "2"])
    }

    @Test("a last batch that is not whole is left, at whatever byte it ends")
    func partial() throws {
        let leader = try Replica()
        try leader.lead(1, "0", "1")
        let bytes = try leader.bytes()
        let first = try #require(try leader.log.read(from: 0, maxBytes: 1, upTo: .max)).count
        for count in first..<bytes.count {
            let follower = try Replica()
            try follower.log.startFollowing(1)
            let result = try follower.take(Array(bytes[..<count]), 1)
            #expect(result.logEndOffset == 1 && result.appendedBytes == first && result.refused == nil)
        }
    }

    @Test("batches that do not begin at the log's end are refused")
    func wrongOffsets() throws {
        let leader = try Replica()
        let follower = try Replica()
        try leader.lead(1, "0", "1", "2", "3")
        try follower.log.startFollowing(1)
        let second = try #require(try leader.log.read(from: 1, maxBytes: 1, upTo: .max)).bytes()
        #expect(try follower.take(second, 1).refused?.code == .unexpectedOffset(expected: 0))
        try follower.take(Array(leader.bytes()[..<(2 * second.count)]), 1)
        // The same answer a second time.
        #expect(try follower.take(second, 1).refused?.code == .unexpectedOffset(expected: 2))
        #expect(follower.log.logEndOffset == 2)
    }

    @Test("batches above the epoch that is followed are left, and one whose epoch falls tells that the logs part")
    func epochs() throws {
        let leader = try Replica()
        let follower = try Replica()
        try leader.lead(1, "0")
        try leader.lead(3, "1")
        try follower.log.startFollowing(2)
        let result = try follower.take(leader.bytes(), 2)
        #expect(result.logEndOffset == 1 && result.refused == nil)

        let other = try Replica()
        try other.lead(1, "0", "other")
        try follower.log.startFollowing(3)
        try follower.follow(leader, 3)
        try other.lead(4)
        try follower.log.startFollowing(4)
        try other.lead(4, "x", "y")
        let rest = try #require(try other.log.read(from: 1, maxBytes: 1, upTo: .max)).bytes()
        #expect(try follower.take(rest, 4).refused?.code == .unexpectedOffset(expected: 2))
        let lower = try #require(try other.log.read(from: 1, maxBytes: 1, upTo: .max)).bytes()
        try other.log.startFollowing(5)
        var low = lower
        low.withUnsafeMutableBytes { $0.storeBytes(of: Int64(2).bigEndian, as: Int64.self) }
        #expect(try follower.take(low, 4).refused?.code == .epochMismatch)
    }

    @Test("an answer of an epoch that is no longer followed is refused, and so is leading below what was seen")
    func fencing() throws {
        let leader = try Replica()
        let follower = try Replica()
        try leader.lead(1, "0")
        let bytes = try leader.bytes()
        try follower.log.startFollowing(1)
        try follower.log.startFollowing(2)
        #expect(throws: StorageError.self) { try follower.take(bytes, 1) }
        #expect(throws: StorageError.self) { try follower.log.truncate(to: 0, leaderEpoch: 1) }
        #expect(throws: StorageError.self) { try follower.log.resetTo(startOffset: 5, leaderEpoch: 1) }
        #expect(throws: StorageError.self) { try follower.log.append(batch("x"), epoch: 2) }
        #expect(throws: StorageError.self) { try follower.log.startLeaderEpoch(2) }
        #expect(throws: StorageError.self) { try follower.log.startFollowing(1) }
        try follower.log.startLeaderEpoch(3)
        #expect(throws: StorageError.self) { try follower.take(bytes, 2) }
        #expect(throws: StorageError.self) { try follower.log.startFollowing(3) }
        #expect(follower.log.logEndOffset == 0)
        follower.log.stopLeading()
        #expect(throws: StorageError.self) { try follower.take(bytes, -1) }
    }

    @Test("an epoch that was led without a record is forgotten when another leader is followed")
    func emptyEpoch() throws {
        let leader = try Replica()
        let follower = try Replica()
        try leader.lead(1, "0", "1")
        try follower.follow(leader, 1)
        try follower.lead(2)
        try follower.store.checkpoint()
        try leader.lead(3)
        try follower.log.startFollowing(3)
        #expect(follower.log.epochHistory == [.init(epoch: 1, startOffset: 0)])
        // Never heard of epoch 2, which the follower's checkpoint names: an unclean election went past it.
        let odd = try Replica()
        try odd.lead(1, "0", "1", "2")
        let third = try #require(try odd.log.read(from: 2, maxBytes: 1, upTo: .max)).bytes()
        #expect(try follower.take(third, 3).refused == nil)
        try follower.restart(.kill)
        #expect(follower.log.epochHistory == [.init(epoch: 1, startOffset: 0)])
        #expect(try follower.values == ["0", "1", "2"])
        #expect(follower.log.highestEpoch == 3)
    }

    @Test("knows its producers as its leader did when it leads itself")
    func producers() throws {
        let leader = try Replica()
        let follower = try Replica()
        try leader.log.startLeaderEpoch(1)
        let batches = try (0..<7).map {
            try batch("\($0)", producer: TestProducer(id: 5, epoch: 2, sequence: Int32($0)))
        }
        for batch in batches { try leader.log.append(batch) }
        try follower.follow(leader, 1)
        try follower.restart(.kill)
        try follower.log.startLeaderEpoch(2)
        let duplicate = try follower.log.append(batches[4], epoch: 2)
        #expect(duplicate.isDuplicate && duplicate.baseOffset == 4)
        let error = #expect(throws: StorageError.self) { try follower.log.append(batches[0], epoch: 2) }
        #expect(error?.code == .duplicateSequence)
        let next = try batch("7", producer: TestProducer(id: 5, epoch: 2, sequence: 7))
        #expect(try follower.log.append(next, epoch: 2).baseOffset == 7)
    }

    @Test("an epoch's beginning is on disk before its first batch", arguments: 0..<12 as Range<UInt64>)
    func historyFirst(seed: UInt64) throws {
        let leader = try Replica()
        let follower = try Replica()
        try leader.lead(1, "0", "1")
        try leader.lead(5, "2")
        try leader.lead(6, "3")
        try follower.follow(leader, 6)
        follower.sync()
        // No checkpoint was made since: the log's own file alone tells of epochs.
        try follower.restart(seed % 2 == 0 ? .kill : .powerCut(seed: seed))
        #expect(follower.log.epochHistory == leader.log.epochHistory)
        #expect(try follower.values == ["0", "1", "2", "3"])
    }

    @Test("a full disk refuses the rest, keeps what was written, and takes it later")
    func fullDisk() throws {
        let leader = try Replica()
        let follower = try Replica(settings: LogSettings(segmentBytes: 200))
        for number in 0..<8 { try leader.lead(1, "\(number)") }
        try follower.log.startFollowing(1)
        follower.disk.fail(.MLOG_CALL_PWRITEV, nth: 2, with: ENOSPC, path: ".log")
        let error = #expect(throws: StorageError.self) { try follower.take(leader.bytes(), 1) }
        #expect(error?.code == .noSpace)
        #expect(follower.log.logEndOffset > 0 && follower.log.state == .online)
        #expect(follower.log.epochHistory == leader.log.epochHistory)
        try follower.follow(leader, 1)
        #expect(try follower.bytes() == leader.bytes())
    }

    @Test("offsets that the leader compacted away are missing here too, and after a crash")
    func compacted() throws {
        let settings = LogSettings(segmentBytes: 300, cleanup: .compact, minCleanableDirtyRatio: 0.1)
        let leader = try Replica(settings: settings)
        try leader.log.startLeaderEpoch(1)
        for number in 0..<40 {
            try leader.log.append(batch([TestRecord(key: "\(number % 3)", value: "\(number)")]))
        }
        leader.sync()
        leader.log.setHighWatermark(40)
        try leader.store.checkpoint()
        leader.store.maintain()
        let kept = try leader.log.records()
        #expect(kept.count < 20)
        // One large segment: the gaps lie in the one that is written to.
        for cleanup in [CleanupPolicy.compact, .delete] {
            let follower = try Replica(settings: LogSettings(cleanup: cleanup))
            try follower.follow(leader, 1)
            #expect(try follower.log.records() == kept)
            try follower.restart(.kill)
            #expect(try follower.log.records() == kept)
            #expect(follower.log.logEndOffset == 40 && follower.log.mayHaveGaps)
        }
        let strict = try Replica()
        try strict.log.startFollowing(1)
        let result = try strict.take(leader.bytes(), 1)
        #expect(result.refused?.code == .unexpectedOffset(expected: result.logEndOffset))
    }

    @Test("a log that starts in the middle of a batch is copied from there, and starts there after a restart")
    func startsInsideBatch() throws {
        let leader = try Replica()
        try leader.lead(1, "0")
        let three = try batch("1", "2", "3")
        try leader.log.append(three)
        try leader.lead(1, "4")
        leader.sync()
        leader.log.setHighWatermark(5)
        #expect(try leader.log.deleteRecords(before: 2) == 2)
        let follower = try Replica()
        try follower.log.startFollowing(1)
        try follower.log.resetTo(startOffset: 2, leaderEpoch: 1)
        #expect(follower.log.logStartOffset == 2 && follower.log.logEndOffset == 2)
        try follower.follow(leader, 1)
        for stop in [Replica.Stop.clean, .kill] {
            #expect(try follower.values == ["2", "3", "4"])
            #expect(follower.log.logStartOffset == 2)
            try follower.restart(stop)
        }
        #expect(try follower.values == ["2", "3", "4"])
        #expect(follower.log.epochEnd(for: 1)?.endOffset == 5)
    }
}

extension Replica {
    /// How often the page cache was told to let go.
    fileprivate var uncached: UInt64 { disk.calls(.MLOG_CALL_FADVISE) }
}
