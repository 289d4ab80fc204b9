import HashTreeCollections
import MartletBroker
import MartletCore
import MartletMetadata

/// What must never happen, whoever fails.
struct Checks {
    private struct Place: Hashable {
        var epoch: LeaderEpoch
        var offset: Offset
    }

    /// RULES 1.
    private var batches: [Place: Int] = [:]
    private var leaders: [LeaderEpoch: ReplicaIdentity] = [:]
    /// By offset: what some leader held to be kept by every replica that is in sync.
    private var committed: [SimulatedBatch] = []
    private var acknowledged: [Int: Offset] = [:]
    private var readIDs: [Offset: Int] = [:]
    /// Below it, records were deleted on purpose.
    private var deletedBelow: Offset = 0
    private var revision: Revision = 0
    private var inSync: [BrokerID] = []
    private(set) var highestCommitted: Offset = 0

    // MARK: Appends

    mutating func appended(
        _ batch: SimulatedBatch, by broker: SimulatedBroker, asLeader: Bool, _ world: World
    ) throws {
        let place = Place(epoch: batch.epoch, offset: batch.offset)
        if let id = batches[place], id != batch.id {
            throw world.violation("epoch \(batch.epoch), offset \(batch.offset) names batch \(id) and \(batch.id)")
        }
        batches[place] = batch.id
        guard asLeader else { return }
        if let other = leaders[batch.epoch], other != broker.identity {
            throw world.violation("\(broker.identity) and \(other) both accept at epoch \(batch.epoch)")
        }
        leaders[batch.epoch] = broker.identity
    }

    // MARK: The high watermark

    /// The leader's high watermark is `offset`.
    mutating func committed(by broker: SimulatedBroker, upTo offset: Offset, _ world: World) throws {
        let from = min(Offset(committed.count), offset)
        // What others have committed is what this leader has.
        let start = max(deletedBelow, broker.log.logStartOffset, from - 50)
        for place in start..<max(start, from) {
            try compare(place, broker, "leads", world)
        }
        for place in from..<offset {
            guard let batch = broker.log.batch(at: place) else {
                throw world.violation("broker \(broker.id) commits \(place), which it does not have")
            }
            committed.append(batch)
            world.trace("\(broker.id) commits \(batch)")
        }
        if offset > from {
            try checkInSync(world, from: from)
        }
        highestCommitted = max(highestCommitted, offset)
    }

    mutating func deleted(upTo offset: Offset) {
        deletedBelow = max(deletedBelow, offset)
    }

    private func compare(_ offset: Offset, _ broker: SimulatedBroker, _ what: String, _ world: World) throws {
        let batch = broker.log.batch(at: offset)
        guard batch == committed[Int(offset)] else {
            throw world.violation(
                "broker \(broker.id) \(what) with \(batch.map { "\($0)" } ?? "nothing") at offset \(offset), where "
                    + "\(committed[Int(offset)]) is committed")
        }
    }

    // MARK: In-sync replicas

    mutating func storeChanged(_ world: World) throws {
        guard let record = world.store.image.partitions[World.partition], record.revision != revision else { return }
        revision = record.revision
        world.trace(
            "record \(revision): leader \(record.leader?.broker ?? -1) at \(record.leaderEpoch), in sync "
                + "\(record.inSyncReplicas)"
        )
        let former = inSync
        inSync = record.inSyncReplicas
        if inSync.count < former.count { world.counts.shrinks += 1 }
        if inSync.contains(where: { !former.contains($0) }) && !former.isEmpty { world.counts.expansions += 1 }
        try checkInSync(world, from: deletedBelow)
    }

    /// Every member of the set has, durably, all that is committed from `from` on; one whose disk just lost some is
    /// about to leave it.
    private func checkInSync(_ world: World, from: Offset) throws {
        for id in inSync {
            let broker = world.broker(id)
            if broker.isLossy && world.options.plant != .lossyKeepsPlace { continue }
            guard
                broker.log.durableOffset >= Offset(committed.count)
                    || broker.log.logEndOffset == 0 && from == 0 && committed.isEmpty
            else {
                throw world.violation(
                    "broker \(id) is in sync with \(broker.log.durableOffset) durable of \(committed.count) committed")
            }
            for offset in max(from, deletedBelow)..<max(from, deletedBelow, Offset(committed.count)) {
                try compare(offset, broker, "is in sync", world)
            }
        }
    }

    // MARK: Leaders

    /// Whoever leads has all that was ever committed. One that has not heard yet that its epoch is over need not: it
    /// can commit nothing any more.
    func leads(_ broker: SimulatedBroker, _ world: World) throws {
        guard broker.leaderState?.epoch == world.store.image.partitions[World.partition]?.leaderEpoch else { return }
        for offset in deletedBelow..<max(deletedBelow, Offset(committed.count)) {
            try compare(offset, broker, "leads", world)
        }
        for (id, offset) in acknowledged where offset >= deletedBelow {
            guard broker.log.batch(at: offset)?.id == id else {
                throw world.violation("broker \(broker.id) leads without batch \(id), acknowledged at \(offset)")
            }
        }
    }

    /// A follower drops what it has from `offset` on.
    func truncates(_ broker: SimulatedBroker, to offset: Offset, _ world: World) throws {
        guard offset < broker.log.highWatermark, offset > broker.log.logStartOffset else { return }
        throw world.violation(
            "broker \(broker.id) cuts to \(offset), below its high watermark, \(broker.log.highWatermark)")
    }

    // MARK: Clients

    mutating func acknowledged(_ id: Int, at offset: Offset, _ world: World) throws {
        if let former = acknowledged[id], former != offset {
            throw world.violation("batch \(id) is acknowledged at \(former) and at \(offset)")
        }
        acknowledged[id] = offset
        guard offset < deletedBelow || (offset < committed.count && committed[Int(offset)].id == id) else {
            throw world.violation("batch \(id) is acknowledged at \(offset), where it is not committed")
        }
    }

    mutating func read(_ batch: SimulatedBatch, _ world: World) throws {
        if let id = readIDs[batch.offset], id != batch.id {
            throw world.violation("readers saw batch \(id) and batch \(batch.id) at offset \(batch.offset)")
        }
        readIDs[batch.offset] = batch.id
        guard batch.offset < committed.count else {
            throw world.violation("a reader saw offset \(batch.offset), which is not committed")
        }
    }

    // MARK: At rest

    /// All logs hold the same, and each batch once.
    func atRest(_ world: World, leader: SimulatedBroker) throws {
        for broker in world.brokers {
            let start = max(broker.log.logStartOffset, leader.log.logStartOffset)
            for offset in start..<max(start, min(broker.log.logEndOffset, leader.log.logEndOffset)) {
                guard broker.log.batch(at: offset) == leader.log.batch(at: offset) else {
                    throw world.violation("brokers \(broker.id) and \(leader.id) differ at \(offset)")
                }
            }
            var seen: Set<Int> = []
            for batch in broker.log.batches where !seen.insert(batch.id).inserted {
                throw world.violation("batch \(batch.id) lies in the log of broker \(broker.id) twice")
            }
        }
        try leads(leader, world)
    }
}

extension World {
    /// After everything works again, everything does (RULES 31).
    func checkRest(acknowledgedBefore: Int) throws {
        guard let record = store.image.partitions[Self.partition] else { return }
        if record.leader == nil, record.inSyncReplicas.allSatisfy({ store.liveRun($0) == nil }) {
            counts.offline += 1
            guard !syncs || record.inSyncReplicas.isEmpty else {
                throw violation("nobody of \(record.inSyncReplicas) leads, and none lost anything")
            }
            return
        }
        guard let id = record.leader?.broker, let state = broker(id).leaderState else {
            throw violation("nobody leads: \(record.record)")
        }
        guard counts.acknowledged > acknowledgedBefore + 20 else {
            throw violation("\(counts.acknowledged - acknowledgedBefore) acknowledgements since all is well")
        }
        guard Set(record.inSyncReplicas) == [1, 2, 3] else {
            throw violation("only \(record.inSyncReplicas) are in sync; \(state.followers)")
        }
        try checks.atRest(self, leader: broker(id))
    }
}
