internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata

extension ControlPlane: ReplicationControl {
    /// In transactions of as many as fit. A change that another has overtaken is left out, and the rest goes on
    /// together: when a broker is back its leaders propose thousands, while the controller moves leadership.
    package func propose(_ changes: [InSyncChange]) async -> [InSyncOutcome] {
        var outcomes: [InSyncOutcome?] = Array(repeating: nil, count: changes.count)
        var waiting = Array(changes.indices)
        while !waiting.isEmpty {
            let batch = InSyncBatch(changes, waiting, image: mirror, keysMax: metadata.transactionKeysMax)
            for index in batch.overtaken { outcomes[index] = .conflict }
            if !batch.members.isEmpty {
                for (index, outcome) in await commit(batch) { outcomes[index] = outcome }
            }
            waiting.removeAll { outcomes[$0] != nil }
        }
        return outcomes.map { $0 ?? .conflict }
    }

    /// What became of each; of those that are not named nothing did, and they may be tried again.
    private func commit(_ batch: InSyncBatch) async -> [(index: Int, outcome: InSyncOutcome)] {
        do throws(MetadataError) {
            switch try await metadata.commit(batch.transaction) {
            case .committed(let revision): return batch.members.map { ($0, .committed(revision)) }
            case .conflict(let key): return batch.members(wanting: key).map { ($0, .conflict) }
            }
        } catch {
            guard error.code == .outcomeUnknown else { return batch.members.map { ($0, .conflict) } }
            logger.warning(
                "whether changes of in-sync replicas were committed is not known; both sets are waited for",
                metadata: ["changes": "\(batch.members.count)", "reason": "\(error.message)"])
            return batch.members.map { ($0, .unknown) }
        }
    }

    package func logIsOnline(_ id: TopicIDPartition) {
        guard case .replica(let partition) = table[id], let record = mirror.partitions[id] else { return }
        replication.assign(partition, record)
    }
}
