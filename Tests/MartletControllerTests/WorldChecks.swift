import HashTreeCollections
import MartletCore
import MartletMetadata

@testable import MartletBroker

/// What must hold whatever happens, checked at each transaction of a controller that the store took.
struct WorldChecks {
    private let settings = ControllerSettings()
    private var sessionEnds: [BrokerID: ControllerTime] = [:]
    private var reignStarts: [Revision: ControllerTime] = [:]
    private(set) var failure: String?
    private(set) var elections = 0
    private(set) var fences = 0
    private(set) var depositions = 0

    mutating func sessionEnded(_ broker: BrokerID, at now: ControllerTime) { sessionEnds[broker] = now }

    mutating func committed(
        _ transaction: MetadataTransaction, by reign: Revision?, before: ClusterImage, after: ClusterImage,
        world: ControllerWorld
    ) {
        if transaction.changes.contains(where: { $0.key == .controller }) {
            if before.controller != nil { depositions += 1 }
            reignStarts[after.revision] = world.now
            return
        }
        let compared = Set(transaction.conditions.map(\.key))
        if before.controller?.revision != reign { fail("a controller that is none any more changed something") }
        if transaction.changes.count > 99 { fail("\(transaction.changes.count) changes in one transaction") }
        for change in transaction.changes {
            if !compared.contains(change.key) { fail("\(change.key) was changed without being compared") }
            switch change {
            case .put(.partition(let new)): check(before.partitions[new.id]?.record, new, before)
            case .put(.broker(let new)): check(before.brokers[new.id]?.record, new, reign, world)
            case .remove(.partition(let id)): if before.topic(id.topicID) != nil { fail("\(id) was removed") }
            default: fail("a controller does not write \(change.key)")
            }
        }
    }

    private mutating func check(_ old: PartitionRecord?, _ new: PartitionRecord, _ image: ClusterImage) {
        guard let old else { return fail("\(new.id) came from nowhere") }
        if new.leaderEpoch < old.leaderEpoch { fail("\(new.id): the epoch went back to \(new.leaderEpoch)") }
        if new.leader != old.leader {
            elections += 1
            if new.leaderEpoch <= old.leaderEpoch { fail("\(new.id): another leader at the same epoch") }
        }
        let isUnclean = new.lastUncleanEpoch > old.lastUncleanEpoch
        if isUnclean, image.topic(new.id.topicID)?.settings["unclean.leader.election.enable"] != "true" {
            fail("\(new.id): an unclean election that nobody asked for")
        }
        if let leader = new.leader, leader != old.leader {
            if !isUnclean, !old.inSyncReplicas.contains(leader.broker) {
                fail("\(new.id): led by \(leader.broker), not in sync: \(old.inSyncReplicas)")
            }
            if !new.inSyncReplicas.contains(leader.broker) || !new.replicas.contains(leader.broker) {
                fail("\(new.id): led by \(leader.broker), which is not among \(new.inSyncReplicas)")
            }
        }
        let joined = new.inSyncReplicas.filter { !old.inSyncReplicas.contains($0) }
        if !joined.isEmpty, !isUnclean { fail("\(new.id): \(joined) were put into the in-sync set") }
        let left = old.inSyncReplicas.filter { !new.inSyncReplicas.contains($0) && new.replicas.contains($0) }
        if !left.isEmpty, !isUnclean {
            let floor = min(
                ElectionRules([:], defaults: [:], replicas: new.finalReplicas.count).minInSyncReplicas,
                old.inSyncReplicas.count)
            if new.inSyncReplicas.count < floor { fail("\(new.id): in sync are only \(new.inSyncReplicas)") }
        }
        if new.inSyncReplicas.isEmpty { fail("\(new.id): nobody is in sync any more") }
        if !new.inSyncReplicas.allSatisfy(new.replicas.contains) { fail("\(new.id): in sync without being a replica") }
        if old.targetReplicas != new.targetReplicas, new.targetReplicas.isEmpty, new.replicas != old.targetReplicas {
            fail("\(new.id): moved to \(new.replicas), not to \(old.targetReplicas)")
        }
    }

    /// RULES 18.
    private mutating func check(
        _ old: BrokerRecord?, _ new: BrokerRecord, _ reign: Revision?, _ world: ControllerWorld
    ) {
        guard let old, !old.isFenced, new.isFenced, old.startEpoch == new.startEpoch else {
            return fail("broker \(new.id) was changed by a controller: \(new)")
        }
        fences += 1
        let node = world.nodes[Int(new.id)]
        let isGone = node.process == .down || node.startEpoch != new.startEpoch
        if isGone || old.isStopping { return }
        let start = reign.flatMap { reignStarts[$0] } ?? 0
        if world.now - start < settings.sessionTimeout {
            fail("broker \(new.id) was declared dead too early in a reign")
        }
        guard let end = sessionEnds[new.id], world.now - end >= settings.silentGrace else {
            return fail("broker \(new.id) was declared dead without any reason")
        }
    }

    mutating func fail(_ reason: String) {
        if failure == nil { failure = reason }
    }

    // MARK: In the end

    /// What a world that was quiet for long enough looks like; nil: as it should.
    static func unrest(_ image: ClusterImage) -> String? {
        let standings = image.standings
        for (id, standing) in standings where !standing.isElectable || standing.reluctance != .none {
            return "broker \(id) is not well: \(standing)"
        }
        guard image.controller != nil else { return "there is no controller" }
        for partition in image.partitions.values {
            let record = partition.record
            guard let leader = record.leader, standings[leader.broker]?.run == leader else {
                return "\(record.id) is not led: \(record)"
            }
            if !record.targetReplicas.isEmpty { return "\(record.id) is still on the move" }
            if Set(record.inSyncReplicas) != Set(record.replicas) { return "\(record.id) is not in sync" }
            if leader.broker != record.replicas.first { return "\(record.id) is not led by the preferred replica" }
        }
        return nil
    }
}
