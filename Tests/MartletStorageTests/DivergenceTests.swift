import MartletCore
import Synchronization
import TestSeeds
import Testing

@testable import MartletStorage

/// Three replicas of which now this, now that one leads, dies and comes back; followers cut by epochs as RULES 16 says.
@Suite("Logs of replicas that took turns to lead")
struct DivergenceTests {
    @Test(
        "are alike after each round, in bytes, epochs and producers, however they were stopped",
        arguments: 0..<40 as Range<UInt64>)
    func convergence(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let replicas = try (0..<3).map { _ in
            try Replica(settings: LogSettings(segmentBytes: .random(in: 200...900, using: &generator)))
        }
        for epoch in 1...8 as ClosedRange<LeaderEpoch> {
            let order = replicas.shuffled(using: &generator)
            // Elected uncleanly, as often as not: what it lacks is cut from the others.
            let leader = order[0]
            try leader.log.startLeaderEpoch(epoch)
            try write(to: leader, epoch, &generator)
            // One follows from the start, perhaps not to the end; the leader goes on alone.
            let end = leader.log.logEndOffset
            try order[1].follow(leader, epoch, maxBytes: .random(in: 1...2_000, using: &generator))
            try write(to: leader, epoch, &generator)
            #expect(leader.log.logEndOffset >= end)
            if let victim = replicas.randomElement(using: &generator) {
                try victim.restart(stop(&generator))
                // Only the records of a clean stop are all there; nobody here counts on the rest.
                #expect(victim.log.highestEpoch <= epoch, "seed \(seed)")
            }
        }
        #expect(replicas.contains { $0.cuts > 0 }, "seed \(seed): nobody had anything to cut")
        let leader = try #require(replicas.randomElement(using: &generator))
        try leader.lead(20, "the last word")
        for follower in replicas where follower !== leader {
            try follower.follow(leader, 20)
            try compare(follower, leader, seed)
            try follower.restart(stop(&generator))
            try follower.follow(leader, 20)
            try compare(follower, leader, seed)
        }
    }

    private func compare(_ follower: Replica, _ leader: Replica, _ seed: UInt64) throws {
        #expect(try follower.bytes() == leader.bytes(), "seed \(seed)")
        #expect(follower.log.epochHistory == leader.log.epochHistory, "seed \(seed)")
        let (ours, theirs) = (follower.producers, leader.producers)
        #expect(Set(ours.keys) == Set(theirs.keys), "seed \(seed)")
        for (id, entry) in ours {
            #expect(entry.newest == theirs[id]?.newest && entry.epoch == theirs[id]?.epoch, "seed \(seed)")
        }
    }

    private func write(to leader: Replica, _ epoch: LeaderEpoch, _ generator: inout SeededGenerator) throws {
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            let id = ProducerID.random(in: 1...3, using: &generator)
            let known = leader.producers[id]
            let sequence = known.map { ProducerStateTable.advance($0.newest.lastSequence, by: 1) } ?? 0
            let values = (0..<Int.random(in: 1...3, using: &generator)).map {
                TestRecord(value: "\(epoch)/\(id)/\($0)")
            }
            let bytes = try batch(values, producer: TestProducer(id: id, epoch: 0, sequence: sequence))
            try leader.log.append(bytes, epoch: epoch)
        }
        if Bool.random(using: &generator) { leader.sync() }
        if Int.random(in: 0..<3, using: &generator) == 0 { try leader.store.checkpoint() }
    }

    private func stop(_ generator: inout SeededGenerator) -> Replica.Stop {
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: .clean
        case 1: .kill
        default: .powerCut(seed: generator.next())
        }
    }
}

extension Replica {
    var producers: [ProducerID: ProducerStateTable.Entry] { log.writer.withLock { $0.producers.entries } }
}
