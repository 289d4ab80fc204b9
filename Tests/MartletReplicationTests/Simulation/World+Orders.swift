import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

// What operators order, through whichever broker: planned against the newest image, and committed at once.
extension World {
    private var planner: ClusterPlanner { ClusterPlanner(image: store.image, settings: settings(of: brokers[0])) }

    func giveOrder() throws {
        guard isTroubled else { return }
        switch roll(0...9) {
        case 0...3: try reassign()
        case 4: try cancelMove()
        case 5, 6: try drain(brokers[Int.random(in: brokers.indices, using: &random)].id, chance(500))
        case 7, 8: try moveLeader()
        default: try electUncleanly()
        }
    }

    private func change(_ plan: () throws -> (PartitionRecord, Revision)?) throws -> PartitionRecord? {
        // An order that the planner refuses is none.
        guard let (planned, revision) = try? plan() else { return nil }
        var record = planned
        if options.plant == .removedReplicaCountsOn { unfence(&record) }
        var transaction = MetadataTransaction()
        transaction.put(.partition(record), ifRevision: revision)
        try apply(transaction, by: .order)
        return record
    }

    /// To other brokers, perhaps in another order.
    private func reassign() throws {
        let index = Int.random(in: partitions.indices, using: &random)
        let target = Array(brokers.map(\.id).shuffled(using: &random).prefix(replicationFactor))
        let move = ReassignmentMove(
            topic: Self.topic, partition: PartitionIndex(index), replicas: [], target: target)
        guard try change({ try planner.reassign(move) }) != nil else { return }
        counts[.reassignments] += 1
        if chance(300) { changeMind(about: move) }
    }

    /// Calls the move off when some of it is done, and orders it again.
    private func changeMind(about move: ReassignmentMove) {
        after(roll(50...800)) { [self] in
            guard isTroubled else { return }
            try cancelMove()
            after(roll(20...300)) { [self] in
                if isTroubled { _ = try change { try planner.reassign(move) } }
            }
        }
    }

    private func cancelMove() throws {
        for index in partitions.indices
        where try change({ try planner.cancel(Self.topic, PartitionIndex(index)) }) != nil {
            counts[.cancelledMoves] += 1
        }
    }

    func drain(_ id: BrokerID, _ isDraining: Bool) throws {
        guard let transaction = try? planner.drain(id, isDraining), !transaction.changes.isEmpty else { return }
        try apply(transaction, by: .order)
        if isDraining { counts[.drains] += 1 }
    }

    /// To any member that could lead, for no reason at all.
    private func moveLeader() throws {
        for id in partitions {
            guard let current = store.image.partitions[id],
                let broker = current.inSyncReplicas.randomElement(using: &random)
            else { continue }
            let plan = PartitionPlan(
                standings: store.image.standings, rules: ElectionRules(minInSyncReplicas: minInSync))
            let moved = try change { plan.moved(current.record, to: broker).map { ($0, current.revision) } }
            if moved != nil { counts[.orderedElections] += 1 }
        }
    }

    /// Gives up on what no member of the in-sync set is left for.
    func electUncleanly() throws {
        guard allowsUnclean else { return }
        for index in partitions.indices {
            let partition = TopicPartition(topic: Self.topic, partition: PartitionIndex(index))
            guard store.image.partitions[partitions[index]]?.leader == nil else { continue }
            _ = try change { try planner.elect(.unclean, partition, choice: nil) }
        }
    }
}
