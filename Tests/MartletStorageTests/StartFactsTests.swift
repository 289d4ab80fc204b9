import MartletCore
import Synchronization
import Testing

@testable import MartletStorage

#if canImport(Glibc)
    import Glibc
#endif

@Suite("What a start finds out about a replica (RULES 6, 12)")
struct StartFactsTests {
    @Test("a replica is lossless after a clean stop, on the same boot, or when it synced before it counted")
    func lossless() throws {
        for flush in [FlushPolicy.batch, .os, .interval(.seconds(1))] {
            for stop in [Replica.Stop.clean, .kill, .powerCut(seed: 3)] {
                let replica = try Replica(settings: LogSettings(flush: flush))
                #expect(replica.log.startFacts?.wasCreated == true)
                #expect(replica.log.startFacts?.isLossless(sameDirectory: true) == false)
                try replica.lead(1, "0", "1")
                try replica.store.checkpoint()
                try replica.restart(stop)
                let facts = try #require(replica.log.startFacts)
                #expect(!facts.isLossless(sameDirectory: false))
                #expect(!facts.wasCreated && !facts.hasLostRecords)
                switch stop {
                case .clean: #expect(facts.wasClean && facts.isLossless(sameDirectory: true))
                case .kill: #expect(!facts.wasClean && facts.isSameBoot && facts.isLossless(sameDirectory: true))
                case .powerCut:
                    #expect(facts.wasSynced == (flush == .batch) && !facts.isSameBoot)
                    #expect(facts.isLossless(sameDirectory: true) == (flush == .batch))
                }
            }
        }
    }

    @Test("a topic that was set to flush=batch while the broker was down was not synced before")
    func settingsChanged() throws {
        let replica = try Replica(settings: LogSettings(flush: .os))
        try replica.lead(1, "0")
        try replica.store.checkpoint()
        try replica.restart(.powerCut(seed: 1), settings: LogSettings(flush: .batch))
        #expect(replica.log.startFacts?.wasSynced == false)
        replica.sync()
        try replica.store.checkpoint()
        try replica.restart(.powerCut(seed: 1))
        #expect(replica.log.startFacts?.wasSynced == true)
    }

    @Test("one that ends below its high watermark has lost records, and so has one that cannot be recovered")
    func lost() throws {
        let replica = try Replica(settings: LogSettings(flush: .os))
        try replica.lead(1, "0", "1", "2")
        replica.log.setHighWatermark(3)
        try replica.store.checkpoint()
        let path = "\(replica.log.directory)/\(SegmentFiles.stem(0)).log"
        let second = try #require(try replica.log.read(from: 1, maxBytes: 1, upTo: .max)).filePosition
        let root = replica.directory.path
        try replica.restart(.kill) {
            // As if nothing had been synced before the high watermark was written.
            var checkpoint = try OffsetsCheckpoint.read(root: root)
            checkpoint?.entries[0].recoveryPoint = 0
            checkpoint?.entries[0].recoveryPosition = 0
            try LogIO.system.writeCheckpoint(
                StoreLayout(root).offsetsPath, version: OffsetsCheckpoint.formatVersion,
                try #require(checkpoint).encoded())
            truncate(path, off_t(second))
        }
        #expect(replica.log.logEndOffset == 1)
        #expect(replica.log.startFacts?.hasLostRecords == true)
        #expect(replica.log.startFacts?.isLossless(sameDirectory: true) == false)

        try replica.store.checkpoint()
        #expect(throws: StorageError.self) { try replica.restart(.kill) { truncate(path, 10) } }
        #expect(replica.log.startFacts?.hasLostRecords == true)
    }

    @Test("what a power cut may have taken is known to every start, until one has come far enough to tell the cluster")
    func untold() throws {
        let replica = try Replica(settings: LogSettings(flush: .os))
        var isLossless: Bool? { replica.log.startFacts?.isLossless(sameDirectory: true) }
        try replica.lead(1, "0", "1")
        try replica.store.checkpoint()
        try replica.restart(.powerCut(seed: 3), tellsLoss: false)
        #expect(isLossless == false)
        try replica.restart(.kill, tellsLoss: false)
        #expect(isLossless == false)
        try replica.restart(.clean, tellsLoss: false)
        #expect(isLossless == false)
        try replica.restart(.clean)
        #expect(isLossless == false)
        try replica.restart(.kill)
        #expect(isLossless == true)
    }

    @Test("a loss that was noted is known to every start, until one has come far enough to tell the cluster")
    func noted() throws {
        let replica = try Replica()
        var isLossless: Bool? { replica.log.startFacts?.isLossless(sameDirectory: true) }
        try replica.lead(1, "0")
        try replica.restart(.clean, tellsLoss: false)
        #expect(isLossless == true)
        try replica.store.noteLoss()
        try replica.restart(.kill, tellsLoss: false)
        #expect(isLossless == false)
        try replica.restart(.clean)
        #expect(isLossless == false)
        try replica.restart(.clean)
        #expect(isLossless == true)
    }

    @Test("without the checkpoint of offsets nothing is known to be whole")
    func noCheckpoint() throws {
        let replica = try Replica()
        try replica.lead(1, "0")
        let path = StoreLayout(replica.directory.path).offsetsPath
        try replica.restart(.kill) { truncate(path, 20) }
        #expect(replica.log.logEndOffset == 1)
        #expect(replica.log.startFacts?.isLossless(sameDirectory: true) == false)
    }

    @Test(
        "an epoch history that is lost or damaged is rebuilt from the batches", arguments: [true, false], [true, false])
    func history(isLost: Bool, isClean: Bool) throws {
        let replica = try Replica()
        try replica.lead(1, "0", "1")
        try replica.lead(4, "2")
        try replica.lead(7, "3", "4")
        replica.sync()
        try replica.store.checkpoint()
        let history = replica.log.epochHistory
        #expect(history.map(\.startOffset) == [0, 2, 3])
        let path = "\(replica.log.directory)/\(PartitionLog.epochsFileName)"
        try replica.restart(isClean ? .clean : .kill) {
            if isLost {
                unlink(path)
            } else {
                truncate(path, 30)
            }
        }
        #expect(replica.log.epochHistory == history)
        #expect(replica.log.highestEpoch == 7)
        let end = try #require(replica.log.epochEnd(for: 5))
        #expect(end.epoch == 4 && end.endOffset == 3)
        #expect(try replica.values == ["0", "1", "2", "3", "4"])
        // It stands again in the file.
        try replica.lead(8, "5")
        try replica.restart(.clean)
        #expect(replica.log.epochHistory.map(\.epoch) == [1, 4, 7, 8])
    }
}
