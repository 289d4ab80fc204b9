import MartletCore
import Synchronization
import Testing

@testable import MartletStorage

@Suite("Producers and retention (RULES 11)")
struct ProducerRetentionTests {
    /// Producer 7 has appended three batches, of which retention has left nothing.
    private func aged(_ flush: FlushPolicy = .batch) throws -> Replica {
        let replica = try Replica(settings: LogSettings(segmentBytes: 600, retentionBytes: 1_000, flush: flush))
        try replica.log.startLeaderEpoch(1)
        for sequence in 0..<3 as Range<Int32> {
            try replica.log.append(batch("mine", producer: TestProducer(id: 7, epoch: 0, sequence: sequence)))
        }
        for number in 0..<30 { try replica.lead(1, "other \(number)") }
        replica.sync()
        replica.log.setHighWatermark(replica.log.logEndOffset)
        replica.store.maintain()
        #expect(replica.log.logStartOffset > 3)
        return replica
    }

    private func decide(_ replica: Replica, _ sequence: Int32) -> ProducerStateTable.Decision {
        replica.log.writer.withLock { $0.producers }
            .check(producerID: 7, epoch: 0, firstSequence: sequence, count: 1)
    }

    private func expectKnown(_ replica: Replica) {
        guard case .duplicate(let batch) = decide(replica, 2) else {
            Issue.record("\(decide(replica, 2)) instead of a duplicate")
            return
        }
        #expect(batch.baseOffset == 2)
        #expect(decide(replica, 3) == .append)
        #expect(decide(replica, 4) == .outOfOrder(expected: 3))
    }

    @Test("a producer is known after retention has taken its records, however the broker stops")
    func outlives() throws {
        for stop in [nil, Replica.Stop.clean, .kill, .powerCut(seed: 1)] {
            let replica = try aged()
            if let stop { try replica.restart(stop) }
            expectKnown(replica)
        }
    }

    @Test("segments stay until what is known of their producers is on disk")
    func waits() throws {
        let replica = try aged(.os)
        let start = replica.log.logStartOffset
        try replica.log.append(batch("next", producer: TestProducer(id: 7, epoch: 0, sequence: 3)))
        for number in 0..<30 { try replica.lead(1, "later \(number)") }
        replica.sync()
        replica.log.setHighWatermark(replica.log.logEndOffset)
        // A snapshot of this end must not be written before its sync, and the one on disk knows only of the batches above.
        try replica.lead(1, "not synced")
        #expect(replica.log.syncedOffset < replica.log.logEndOffset)
        replica.store.maintain()
        let kept = replica.log.logStartOffset
        #expect(kept >= start && kept < 33)
        try replica.store.checkpoint()
        replica.store.maintain()
        #expect(replica.log.logStartOffset > 33)
        try replica.restart(.kill)
        guard case .duplicate = decide(replica, 3) else {
            Issue.record("\(decide(replica, 3)) instead of a duplicate")
            return
        }
    }

    @Test("a cut that makes another producer be read anew forgets none whose records are gone")
    func cut() throws {
        let replica = try aged()
        let end = replica.log.logEndOffset
        for sequence in 0..<8 as Range<Int32> {
            try replica.log.append(batch("cut", producer: TestProducer(id: 8, epoch: 0, sequence: sequence)))
        }
        replica.sync()
        try replica.log.startFollowing(2)
        #expect(try replica.log.truncate(to: end + 1, leaderEpoch: 2) == end + 1)
        for stop in [nil, Replica.Stop.kill] {
            if let stop {
                try replica.store.checkpoint()
                try replica.restart(stop)
            }
            expectKnown(replica)
            let other = replica.log.writer.withLock { $0.producers }.entries[8]
            #expect(other?.newest.lastSequence == 0)
        }
    }
}
