import MartletCore
import Synchronization
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("The producers of all logs in one file")
struct RecentProducersTests {
    private func producers(_ replica: Replica) -> [ProducerID: ProducerStateTable.Entry] {
        replica.log.writer.withLock { $0.producers.entries }
    }

    private func append(_ replica: Replica, _ sequences: Range<Int32>, by id: ProducerID, _ epoch: LeaderEpoch) throws {
        for sequence in sequences {
            let sender = TestProducer(id: id, epoch: 0, sequence: sequence)
            try replica.log.append(batch("\(sequence)", producer: sender), epoch: epoch)
        }
    }

    /// Turns the producer id of the log's first batch into another. Its checksum is wrong then, but it lies below the
    /// recovery point, where a recovery reads headers at most.
    private func changeFirstProducer(_ replica: Replica) throws {
        let path = StoreLayout(replica.directory.path).partitionPath(partition())
        try change("\(path)/\(SegmentFiles.stem(0)).log", at: 43)
    }

    private func change(_ path: String, at position: off_t) throws {
        let descriptor = open(path, O_RDWR)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var byte: UInt8 = 0
        try #require(pread(descriptor, &byte, 1, position) == 1)
        byte ^= 0x40
        try #require(pwrite(descriptor, &byte, 1, position) == 1)
    }

    @Test("after a kill only the headers behind the last checkpoint are read", arguments: [true, false])
    func fewHeaders(hasFile: Bool) throws {
        let replica = try Replica(settings: LogSettings())
        try replica.log.startLeaderEpoch(1)
        try append(replica, 0..<40, by: 7, 1)
        replica.sync()
        try replica.store.checkpoint()
        try append(replica, 40..<43, by: 7, 1)
        let before = producers(replica)
        try replica.restart(.kill) {
            try changeFirstProducer(replica)
            if !hasFile { unlink("\(replica.directory.path)/\(RecentProducers.fileName)") }
        }
        // Without the file the changed header is read, and taken for another producer's.
        #expect(producers(replica).count == (hasFile ? 1 : 2))
        #expect(producers(replica)[7]?.newest == before[7]?.newest)
        #expect(producers(replica)[7]?.count == ProducerStateTable.batchesKept)
        // What was appended since the log's own snapshot goes on being counted.
        #expect(replica.log.writer.withLock { $0.bytesSinceSnapshot } > 0)
    }

    @Test("what the file says of batches that were cut since is not believed")
    func cutSince() throws {
        let replica = try Replica(settings: LogSettings())
        try replica.log.startLeaderEpoch(1)
        try append(replica, 0..<10, by: 7, 1)
        try replica.log.startLeaderEpoch(2)
        try append(replica, 0..<10, by: 8, 2)
        replica.sync()
        try replica.store.checkpoint()
        #expect(replica.store.environment.recentProducers.line(of: partition(), limit: 10)?.snapshot.offset == 20)
        try replica.log.startFollowing(3)
        _ = try replica.log.truncate(to: 10, leaderEpoch: 3)
        try replica.log.startLeaderEpoch(4)
        try append(replica, 0..<12, by: 9, 4)
        // The recovery point passes the line's offset; the line stays as it was.
        replica.sync()
        try replica.store.checkpointer.writeOffsets(isClean: false)
        for stop in [Replica.Stop.kill, .powerCut(seed: 3)] {
            try replica.restart(stop)
            #expect(replica.log.logEndOffset == 22)
            #expect(producers(replica).keys.sorted() == [7, 9])
            #expect(producers(replica)[9]?.newest.lastOffset == 21)
        }
    }

    @Test("a file that is damaged costs time only")
    func damaged() throws {
        let replica = try Replica(settings: LogSettings())
        try replica.log.startLeaderEpoch(1)
        try append(replica, 0..<9, by: 7, 1)
        replica.sync()
        try replica.store.checkpoint()
        try replica.restart(.kill) { try change("\(replica.directory.path)/\(RecentProducers.fileName)", at: 30) }
        #expect(replica.store.environment.recentProducers.line(of: partition(), limit: 10) == nil)
        #expect(producers(replica)[7]?.newest.lastOffset == 8)
    }

    @Test("a log is known from the moment it is made: its first checkpoint keeps its producers")
    func firstCheckpoint() throws {
        let replica = try Replica(settings: LogSettings())
        let store = replica.store
        for index in PartitionIndex(1)...20 {
            let log = try store.create(partition(index), topic: "t", settings: LogSettings())
            try log.startLeaderEpoch(1)
            try log.append(batch("first", producer: TestProducer(id: 7, epoch: 0, sequence: 0)), epoch: 1)
            store.environment.sync.syncAndWait([log])
            try store.checkpoint()
            #expect(store.environment.recentProducers.line(of: log.id, limit: 10)?.snapshot.offset == 1)
        }
    }

    @Test("a log's line goes when its own snapshot says as much, and when the log is removed")
    func goes() throws {
        let replica = try Replica(settings: LogSettings())
        let recent = replica.store.environment.recentProducers
        try replica.log.startLeaderEpoch(1)
        try append(replica, 0..<5, by: 7, 1)
        replica.sync()
        try replica.store.checkpoint()
        #expect(recent.line(of: partition(), limit: 10) != nil)
        replica.log.writer.withLock { $0.bytesSinceSnapshot = Checkpointer.snapshotBytes }
        replica.sync()
        try replica.store.checkpoint()
        #expect(recent.line(of: partition(), limit: 10) == nil)
        try append(replica, 5..<8, by: 7, 1)
        replica.sync()
        try replica.store.checkpoint()
        #expect(recent.line(of: partition(), limit: 10)?.snapshot.offset == 8)
        try replica.store.remove(partition())
        replica.sync()
        try replica.store.checkpoint()
        #expect(recent.line(of: partition(), limit: 10) == nil)
    }

    @Test("a log with many producers has no line")
    func many() throws {
        let replica = try Replica(settings: LogSettings())
        try replica.log.startLeaderEpoch(1)
        for id in 0..<ProducerID(RecentProducers.producersMax) { try append(replica, 0..<1, by: id, 1) }
        #expect(replica.log.recentProducers(unlessAt: nil) != nil)
        #expect(replica.log.recentProducers(unlessAt: replica.log.logEndOffset) == nil)
        try append(replica, 0..<1, by: 1_000, 1)
        #expect(replica.log.recentProducers(unlessAt: nil) == nil)
    }
}
