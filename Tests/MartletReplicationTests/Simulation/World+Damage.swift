import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

// Damage at rest, found by a scrub or by whoever is sent it, repaired from other replicas or copied anew; and logs that a
// failed write has taken offline (RULES 8, 17).
extension World {
    /// One batch, while the other replicas' are sound: nobody can repair what nobody has.
    func damage(_ broker: SimulatedBroker) throws {
        guard let replica = broker.replicas.randomElement(using: &random), replica.isThere,
            brokers.allSatisfy({ $0.replicas[replica.index].log.damage.offsets.isEmpty })
        else { return }
        let end = min(replica.log.highWatermark, replica.log.durableOffset)
        guard replica.log.logStartOffset < end else { return }
        let offset = roll(replica.log.logStartOffset...end - 1)
        counts[.damages] += 1
        let isPlaceable = chance(400)
        trace(
            "\(broker.id): \(offset) of \(replica.index) is damaged, \(isPlaceable ? "" : "not ")to be told by its header"
        )
        replica.log.damage.add(offset, isPlaceable: isPlaceable)
        if chance(500) { try findDamage(of: replica) }
    }

    func scrubNowAndThen(_ broker: SimulatedBroker) {
        after(roll(500...6_000), on: broker) { [self] in
            for replica in broker.replicas { try findDamage(of: replica) }
            scrubNowAndThen(broker)
        }
    }

    /// Somebody was sent something that is damaged: the disk is looked at.
    func suspectDamage(of replica: SimulatedReplica) {
        after(roll(1...100), on: replica.broker) { [self] in try findDamage(of: replica) }
    }

    private func findDamage(of replica: SimulatedReplica) throws {
        guard replica.broker.isServing, !replica.isOffline else { return }
        // What could not be repaired before may have been cut off.
        if !replica.log.damage.isKnown { replica.isBeyondRepair = false }
        for offset in replica.log.damage.find() {
            trace("\(replica.broker.id) finds \(offset) of \(replica.index) damaged")
            repair(offset, of: replica, pause: 200)
        }
    }

    // MARK: Repair

    /// Asks those who should have it, and again after a while, until it is repaired or is no longer in the log.
    private func repair(_ offset: Offset, of replica: SimulatedReplica, pause: WorldTime) {
        guard !replica.isOffline, replica.log.damage.isKnown(at: offset) else { return }
        for source in sources(of: replica) {
            let run = replica.broker.run
            send(from: replica.broker.id, to: source) { [self] in
                guard let batch = readForRepair(offset, of: $0.replicas[replica.index]) else { return }
                send(from: source, to: replica.broker.id) { [self] in
                    guard $0.run == run else { return }
                    replace(batch, in: replica)
                }
            }
        }
        after(pause, on: replica.broker) { [self] in
            repair(offset, of: replica, pause: min(pause * 2, 2_000))
        }
    }

    /// The leader, or its followers.
    private func sources(of replica: SimulatedReplica) -> [BrokerID] {
        switch replica.role {
        case .none: []
        case .follower(let state): [state.leader.broker]
        case .leader(let state): state.followers.map(\.broker)
        }
    }

    /// Nil: it does not have it, or has it no better.
    private func readForRepair(_ offset: Offset, of replica: SimulatedReplica) -> SimulatedBatch? {
        let end = replica.leaderState?.highWatermark ?? replica.log.highWatermark
        guard !replica.isOffline, offset < end, !replica.log.damage.covers(offset) else { return nil }
        return replica.log.batch(at: offset)
    }

    private func replace(_ batch: SimulatedBatch, in replica: SimulatedReplica) {
        guard !replica.isOffline, replica.log.damage.isKnown(at: batch.offset) else { return }
        guard replica.log.damage.isPlaceable(batch.offset), replica.log.batch(at: batch.offset)?.epoch == batch.epoch
        else {
            // The next one that is asked may have better luck.
            if fault(300) { replica.log.damage.makePlaceable(batch.offset) }
            return noteBeyondRepair(replica)
        }
        counts[.repairs] += 1
        replica.log.damage.repair(batch.offset)
        replica.isBeyondRepair = false
        trace("\(replica.broker.id) has repaired \(batch.offset) of \(replica.index)")
    }

    /// Whatever it said before, and still arrives, is not to count once it is allowed to begin anew.
    private func noteBeyondRepair(_ replica: SimulatedReplica) {
        guard !replica.isBeyondRepair, options.plant != .staysDamaged else { return }
        replica.isBeyondRepair = true
        beginLog(replica)
        after(1, on: replica.broker) { [self] in
            if options.plant == .beginsAnewUnasked, replica.condition == .toBeCopied { try beginAnew(replica) }
        }
    }

    // MARK: Beginning anew

    /// What is said of the log from here on is told from what was said before.
    func beginLog(_ replica: SimulatedReplica) {
        replica.broker.logsBegun += 1
        replica.incarnation = replica.broker.logsBegun
    }

    /// The leader has nothing against it; the store is asked, too.
    func copyAnew(_ replica: SimulatedReplica, _ state: FollowerState) {
        let broker = replica.broker
        let told = replica.told
        readStore(broker) { [self] image in
            guard replica.statement == told || options.plant == .copiesTwice,
                let record = image.partitions[replica.id]?.record, !record.inSyncReplicas.isEmpty,
                !record.inSyncReplicas.contains(broker.id), record.leader?.broker != broker.id
            else {
                guard case .follower(var now) = replica.role, now.epoch == state.epoch else { return }
                now.finished(false, at: time(broker))
                replica.role = .follower(now)
                return try ask(replica)
            }
            try beginAnew(replica)
        }
    }

    private func beginAnew(_ replica: SimulatedReplica) throws {
        counts[.copies] += 1
        trace("\(replica.broker.id) begins \(replica.index) anew, log \(replica.log.summary)")
        leaveRole(replica)
        replica.lose()
        replica.isThere = true
        beginLog(replica)
        try checks[Int(replica.id.partition)].replicaChanged(self)
        try reconcile(replica)
    }

    /// Whether one of the replicas has a sound copy.
    func isSound(_ offset: Offset, on replicas: [SimulatedReplica]) -> Bool {
        replicas.contains { $0.log.batch(at: offset) != nil && !$0.log.damage.covers(offset) }
    }

    // MARK: Logs that are offline

    func failWrite(on broker: SimulatedBroker) {
        guard broker.isServing, let replica = broker.replicas.randomElement(using: &random), replica.isThere,
            !replica.isOffline
        else { return }
        counts[.failedWrites] += 1
        trace("\(broker.id) cannot write to \(replica.index)")
        leaveRole(replica)
        replica.isOffline = true
    }

    /// What is offline leaves the in-sync sets in which others can lead.
    func withdraw(_ broker: SimulatedBroker) {
        guard let own = broker.image.brokers[broker.id], own.startEpoch == broker.startEpoch else { return }
        for replica in broker.replicas where replica.isOffline {
            guard let current = broker.image.partitions[replica.id], current.inSyncReplicas.contains(broker.id),
                current.inSyncReplicas.contains(where: {
                    $0 != broker.id && BrokerStanding($0, in: broker.image)?.isElectable == true
                })
            else { continue }
            var record = current.record
            record.inSyncReplicas.removeAll { $0 == broker.id }
            var transaction = MetadataTransaction()
            transaction.expect(.broker(broker.id), at: own.revision)
            transaction.put(.partition(record), ifRevision: current.revision)
            commit(from: broker, transaction, by: .broker) { [self] in
                if case .committed = $0 { counts[.withdrawals] += 1 }
            }
        }
    }
}
