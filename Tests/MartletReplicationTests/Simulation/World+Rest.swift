import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

extension World {
    /// After everything works again, everything does (RULES 31).
    func checkRest(acknowledgedBefore: [Int]) throws {
        let image = store.image
        guard image.controller != nil else { throw violation("there is no controller") }
        let standings = image.standings
        for broker in brokers {
            guard let standing = standings[broker.id], standing.isElectable, standing.reluctance == .none else {
                throw violation("broker \(broker.id) is not well: \(String(describing: standings[broker.id]))")
            }
        }
        for index in partitions.indices {
            guard let record = image.partitions[partitions[index]]?.record else {
                throw violation("a partition is gone")
            }
            try checkRest(record, acknowledged: checks[index].acknowledgements - acknowledgedBefore[index])
        }
    }

    private func checkRest(_ record: PartitionRecord, acknowledged: Int) throws {
        let index = Int(record.id.partition)
        if record.leader == nil, record.inSyncReplicas.isEmpty, !allowsUnclean {
            counts[.offline] += 1
            return
        }
        guard let id = record.leader?.broker, replica(index, on: id).leaderState != nil else {
            throw violation("nobody leads: \(record)")
        }
        let replicas = record.replicas.map { replica(index, on: $0) }
        if replica(index, on: id).log.damage.offsets.contains(where: { !isSound($0, on: replicas) }) {
            counts[.unreadable] += 1
            return
        }
        guard acknowledged > 10 else {
            throw violation("\(acknowledged) acknowledgements since all is well: \(record)")
        }
        guard record.targetReplicas.isEmpty else { throw violation("still on the move: \(record)") }
        guard Set(record.inSyncReplicas) == Set(record.replicas) else {
            throw violation("not all are in sync: \(record)")
        }
        guard id == record.replicas.first else { throw violation("not led by the preferred replica: \(record)") }
        for replica in replicas where !replica.log.damage.offsets.isEmpty {
            throw violation("broker \(replica.broker.id) has damage at \(replica.log.damage.offsets): \(record)")
        }
        try checks[index].atRest(replicas, leader: replica(index, on: id), self)
    }
}
