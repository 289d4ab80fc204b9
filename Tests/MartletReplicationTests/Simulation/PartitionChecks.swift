import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

/// What must never happen to one partition, whoever fails.
struct PartitionChecks {
    private struct Place: Hashable {
        var epoch: LeaderEpoch
        var offset: Offset
    }

    let id: TopicIDPartition
    /// RULES 1.
    private var batches: [Place: Int] = [:]
    private var leaders: [LeaderEpoch: ReplicaIdentity] = [:]
    /// By offset: what some leader held to be kept by every replica that is in sync.
    private var committed: [SimulatedBatch] = []
    private var acknowledged: [Int: Offset] = [:]
    private var readIDs: [Offset: Int] = [:]
    /// Below it, records were deleted on purpose.
    private var deletedBelow: Offset = 0
    /// The same, whatever an unclean election has brought back since.
    private var deletedEver: Offset = 0
    private var inSync: [BrokerID] = []
    /// Since when leadership was given away uncleanly, by order: what earlier epochs say counts no more.
    private var uncleanEpoch: LeaderEpoch = -1
    private(set) var acknowledgements = 0

    init(_ id: TopicIDPartition) { self.id = id }

    /// Whether what a leader of this epoch says is held against it.
    func counts(_ epoch: LeaderEpoch) -> Bool { epoch >= uncleanEpoch }

    // MARK: Appends

    mutating func appended(
        _ batch: SimulatedBatch, by replica: SimulatedReplica, asLeader: Bool, _ world: World
    ) throws {
        let place = Place(epoch: batch.epoch, offset: batch.offset)
        if let id = batches[place], id != batch.id {
            throw world.violation("epoch \(batch.epoch), offset \(batch.offset) names batch \(id) and \(batch.id)")
        }
        batches[place] = batch.id
        guard asLeader else { return }
        let leader = replica.broker.identity
        if let other = leaders[batch.epoch], other != leader {
            throw world.violation("\(leader) and \(other) both accept at epoch \(batch.epoch)")
        }
        leaders[batch.epoch] = leader
    }

    // MARK: The high watermark

    /// The leader's high watermark is `offset`.
    mutating func committed(by replica: SimulatedReplica, upTo offset: Offset, _ world: World) throws {
        guard let epoch = replica.leaderState?.epoch, counts(epoch) else { return }
        let known = Offset(committed.count)
        // What others have committed is what this leader has.
        try verify(replica, upTo: min(known, offset), "leads", world)
        guard offset > known else { return }
        for place in known..<offset {
            guard let batch = replica.log.batch(at: place) else {
                throw world.violation("broker \(replica.broker.id) commits \(place), which it does not have")
            }
            committed.append(batch)
        }
        world.trace("\(replica.broker.id) commits \(replica.index) up to \(offset)")
        try checkInSync(world)
    }

    mutating func deleted(upTo offset: Offset) {
        deletedBelow = max(deletedBelow, offset)
        deletedEver = max(deletedEver, offset)
    }

    /// The log holds what is committed below `end`.
    private func verify(
        _ replica: SimulatedReplica, upTo end: Offset, _ what: String, _ world: World
    ) throws {
        let isBack = uncleanEpoch >= 0
        let start = max(
            replica.verified, deletedBelow, isBack ? min(replica.log.logStartOffset, deletedEver) : 0)
        guard start < end else { return }
        for offset in start..<end {
            let batch = replica.log.batch(at: offset)
            guard batch == committed[Int(offset)] else {
                throw world.violation(
                    "broker \(replica.broker.id) \(what) in \(id) with \(batch.map { "\($0)" } ?? "nothing") at offset "
                        + "\(offset), where \(committed[Int(offset)]) is committed")
            }
        }
        replica.verified = end
    }

    // MARK: The metadata

    mutating func recordChanged(_ record: PartitionRecord, _ world: World) throws {
        world.trace(
            "record of \(id): leader \(record.leader?.broker ?? -1) at \(record.leaderEpoch), in sync "
                + "\(record.inSyncReplicas) of \(record.replicas) to \(record.targetReplicas)")
        let former = inSync
        inSync = record.inSyncReplicas
        if inSync.count < former.count { world.counts[.shrinks] += 1 }
        if !former.isEmpty, inSync.contains(where: { !former.contains($0) }) { world.counts[.expansions] += 1 }
        if record.lastUncleanEpoch > uncleanEpoch { electedUncleanly(record, world) }
        try checkInSync(world)
    }

    /// What the new leader does not have, durably, is given up; everybody is to see that, and nothing more. It was not in
    /// sync: nothing was said of its unsynced tail, and its high watermark rests on what is durable (RULES 13).
    private mutating func electedUncleanly(_ record: PartitionRecord, _ world: World) {
        world.counts[.uncleanElections] += 1
        uncleanEpoch = record.lastUncleanEpoch
        guard let leader = record.leader.map({ world.replica(Int(id.partition), on: $0.broker) }) else { return }
        let log = leader.log
        var end = max(deletedBelow, leader.verified)
        while end < Offset(committed.count), log.batch(at: end) == committed[Int(end)] { end += 1 }
        end = min(end, Offset(committed.count), log.durableOffset)
        deletedBelow = min(deletedBelow, end)
        world.trace("of \(id), \(end) of \(committed.count) committed outlast an unclean election, log \(log.summary)")
        committed.removeLast(committed.count - Int(end))
        // Nobody has what comes before a log that begins later.
        while Offset(committed.count) < log.logStartOffset {
            committed.append(SimulatedBatch(offset: Offset(committed.count), epoch: -1, id: 0))
            deletedBelow = log.logStartOffset
        }
        acknowledged = acknowledged.filter { $0.value < end }
        readIDs = readIDs.filter { $0.key < end }
        for broker in world.brokers {
            let replica = broker.replicas[Int(id.partition)]
            replica.verified = min(replica.verified, end)
        }
        for reader in world.readers.indices where world.readers[reader].partition == Int(id.partition) {
            world.readers[reader].goBack(to: end)
        }
    }

    /// Every member of the set has, durably, all that is committed; one whose disk just lost some is about to leave it.
    private func checkInSync(_ world: World) throws {
        for member in inSync {
            let replica = world.replica(Int(id.partition), on: member)
            if replica.isLossy && world.options.plant != .lossyKeepsPlace { continue }
            guard replica.log.durableOffset >= Offset(committed.count) else {
                throw world.violation(
                    "broker \(member) is in sync in \(id) with \(replica.log.durableOffset) durable of "
                        + "\(committed.count) committed")
            }
            try verify(replica, upTo: Offset(committed.count), "is in sync", world)
        }
    }

    /// A replica has given up its log.
    func replicaChanged(_ world: World) throws { try checkInSync(world) }

    // MARK: Leaders

    /// Whoever leads has all that was ever committed, and so all that was acknowledged. One that has not heard yet
    /// that its epoch is over need not: it can commit nothing any more.
    func leads(_ replica: SimulatedReplica, _ world: World) throws {
        guard replica.leaderState?.epoch == world.store.image.partitions[id]?.leaderEpoch else { return }
        try verify(replica, upTo: Offset(committed.count), "leads", world)
    }

    /// A follower drops what it has from `offset` on.
    func truncates(_ replica: SimulatedReplica, to offset: Offset, _ world: World) throws {
        guard offset < replica.log.highWatermark, offset > replica.log.logStartOffset, uncleanEpoch < 0 else { return }
        throw world.violation(
            "broker \(replica.broker.id) cuts \(id) to \(offset), below its high watermark, "
                + "\(replica.log.highWatermark)")
    }

    // MARK: Clients

    mutating func acknowledged(_ batch: Int, at offset: Offset, epoch: LeaderEpoch, _ world: World) throws {
        guard counts(epoch) else { return }
        acknowledgements += 1
        if let former = acknowledged[batch], former != offset {
            throw world.violation("batch \(batch) is acknowledged at \(former) and at \(offset)")
        }
        acknowledged[batch] = offset
        guard offset < deletedBelow || (offset < committed.count && committed[Int(offset)].id == batch) else {
            throw world.violation("batch \(batch) is acknowledged at \(offset) of \(id), where it is not committed")
        }
    }

    mutating func read(_ batch: SimulatedBatch, _ world: World) throws {
        if let other = readIDs[batch.offset], other != batch.id {
            throw world.violation("readers of \(id) saw batch \(other) and batch \(batch.id) at \(batch.offset)")
        }
        readIDs[batch.offset] = batch.id
        guard batch.offset < committed.count else {
            throw world.violation("a reader of \(id) saw offset \(batch.offset), which is not committed")
        }
    }

    // MARK: At rest

    /// All logs hold the same, and each batch once.
    func atRest(_ replicas: [SimulatedReplica], leader: SimulatedReplica, _ world: World) throws {
        for replica in replicas {
            let log = replica.log
            let start = max(log.logStartOffset, leader.log.logStartOffset)
            for offset in start..<max(start, min(log.logEndOffset, leader.log.logEndOffset)) {
                guard log.batch(at: offset) == leader.log.batch(at: offset) else {
                    throw world.violation(
                        "brokers \(replica.broker.id) and \(leader.broker.id) differ at \(offset) of \(id)")
                }
            }
            var seen: Set<Int> = []
            for batch in log.batches where !seen.insert(batch.id).inserted {
                throw world.violation("batch \(batch.id) lies in the log of broker \(replica.broker.id) twice")
            }
        }
        try leads(leader, world)
        for (batch, offset) in acknowledged where offset >= max(deletedBelow, leader.log.logStartOffset) {
            guard leader.log.batch(at: offset)?.id == batch else {
                throw world.violation("batch \(batch), acknowledged at \(offset) of \(id), is gone")
            }
        }
    }
}
