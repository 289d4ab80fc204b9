import MartletCore
import Synchronization
import TestDisk
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Damage below the recovery point, found by a start after kill -9")
struct DamageBelowTests {
    private static let count = 28
    private static let filler = String(repeating: "-", count: 300)

    /// The first and the last byte of fields that say where a batch stands, and one of each other kind.
    private static let fields = [0, 3, 4, 7, 8, 11, 12, 15, 16, 17, 21, 23, 26, 27, 60]

    /// One segment of 28 batches with two index entries, all below the recovery point, and one batch behind it.
    private func scene() throws -> Replica {
        let replica = try Replica(settings: LogSettings(segmentBytes: 16_000))
        for number in 0..<Self.count - 1 { try replica.lead(1, "\(number)" + Self.filler) }
        replica.sync()
        try replica.store.checkpoint()
        try replica.lead(1, "\(Self.count - 1)" + Self.filler)
        return replica
    }

    private func place(_ replica: Replica, _ offset: Offset) throws -> (path: String, position: Int) {
        let read = try #require(try replica.log.read(from: offset, maxBytes: 1, upTo: .max))
        return (read.lease.path, read.filePosition)
    }

    private func flip(_ path: String, at position: Int) {
        let file = open(path, O_RDWR)
        defer { close(file) }
        var byte: UInt8 = 0
        #expect(pread(file, &byte, 1, off_t(position)) == 1)
        byte ^= 0x20
        #expect(pwrite(file, &byte, 1, off_t(position)) == 1)
    }

    /// Every record that is not known to be damaged is found and read by its own offset.
    private func expectTheRest(_ log: PartitionLog, upTo count: Int, _ comment: Comment) throws {
        let damaged = log.damages.map(\.offsets)
        for offset in 0..<Offset(count) where !damaged.contains(where: { $0.contains(offset) }) {
            let read = try #require(try log.read(from: offset, maxBytes: 1, upTo: .max), comment)
            var reader = ByteReader(read.bytes())
            #expect(reader.integer(Offset.self) == offset, comment)
        }
    }

    @Test(
        "whatever byte of a header is changed, the log is online, refuses what is damaged and serves the rest",
        arguments: [0, 14, 26] as [Offset], [false, true])
    func everyByte(damaged: Offset, isIndexLost: Bool) throws {
        for byte in damaged == 14 ? Array(0..<BatchHeader.byteCount) : Self.fields {
            let comment: Comment = "byte \(byte)"
            let replica = try scene()
            let (path, position) = try place(replica, damaged)
            try replica.restart(.kill) {
                flip(path, at: position + byte)
                guard isIndexLost else { return }
                unlink(String(path.dropLast(4)) + ".index")
                unlink("\(replica.directory.path)/\(RecentProducers.fileName)")
            }
            let log = replica.log
            #expect(log.logEndOffset == Offset(Self.count), comment)
            // What a start does not look at, the scrub and readers find.
            log.check(segmentHolding: damaged)
            let ranges = log.damages.map(\.offsets)
            #expect(ranges.contains { $0.contains(damaged) }, comment)
            #expect(ranges.allSatisfy { $0.count <= 3 }, comment)
            for range in ranges {
                let error = #expect(throws: StorageError.self, comment) {
                    try log.read(from: range.lowerBound, maxBytes: 1, upTo: .max)
                }
                #expect(error?.code == .damaged, comment)
            }
            try expectTheRest(log, upTo: Self.count, comment)

            // The segment ends and is sealed, damage and all.
            try replica.lead(2, "next", String(repeating: "x", count: 8_000))
            replica.sync()
            #expect(log.state == .online && log.segmentCount == 2, comment)
            #expect(log.durableOffset == Offset(Self.count + 2), comment)
            try expectTheRest(log, upTo: Self.count + 2, comment)
        }
    }

    @Test("what a start finds is written down before the log is served, and told to whom it concerns")
    func written() throws {
        let replica = try scene()
        let (path, position) = try place(replica, 14)
        try replica.restart(.kill, tellsLoss: false) {
            flip(path, at: position + 12)
            // Without it the headers are read for their producers.
            unlink("\(replica.directory.path)/\(RecentProducers.fileName)")
        }
        #expect(replica.log.damages.map(\.offsets) == [14..<15])
        #expect(replica.store.counters.corruptBatches.load(ordering: .relaxed) == 1)
        let told = DamageTests.Told()
        replica.log.setObserver(told)
        #expect(told.reports.withLock { $0 }.map(\.offsets) == [14..<15])
        // A start that sees no header of it knows it all the same.
        try replica.restart(.clean)
        #expect(replica.log.damages.map(\.offsets) == [14..<15])
        let file = try LogFiles.loadDamage(replica.log)
        #expect(file.entries.map(\.offsets) == [14..<15])
    }

    @Test("producers are known from the batches around the damage")
    func producers() throws {
        let replica = try Replica(settings: LogSettings(segmentBytes: 1 << 20))
        try replica.log.startLeaderEpoch(1)
        for number in 0..<50 {
            let producer = TestProducer(id: ProducerID(number % 2), epoch: 0, sequence: Int32(number / 2))
            try replica.log.append(batch("\(number)", producer: producer))
        }
        replica.sync()
        try replica.store.checkpoint()
        let (path, position) = try place(replica, 20)
        try replica.restart(.kill) {
            flip(path, at: position + 16)
            unlink("\(replica.directory.path)/\(RecentProducers.fileName)")
        }
        #expect(replica.log.damages.map(\.offsets) == [20..<21])
        try replica.log.startLeaderEpoch(2)
        let repeated = try replica.log.append(
            batch("49", producer: TestProducer(id: 1, epoch: 0, sequence: 24)), epoch: 2)
        #expect(repeated.isDuplicate && repeated.baseOffset == 49)
    }

    @Test("a recovery point that lies within a batch is no damage: the log stays offline, and nothing is cut")
    func wrongPoint() throws {
        let replica = try scene()
        let root = replica.directory.path
        #expect(throws: StorageError.self) {
            try replica.restart(.kill) {
                var checkpoint = try #require(try OffsetsCheckpoint.read(root: root))
                checkpoint.entries[0].recoveryPosition -= 1
                try LogIO.system.writeCheckpoint(
                    StoreLayout(root).offsetsPath, version: OffsetsCheckpoint.formatVersion, checkpoint.encoded())
            }
        }
        #expect(replica.log.isOffline)
    }
}
