internal import HashTreeCollections
internal import Logging
internal import MartletCore
internal import MartletMetadata

extension ControlPlane: ReplicationControl {
    /// In transactions of as many as fit; where one of those does not hold, one by one.
    package func propose(_ changes: [InSyncChange]) async -> [InSyncOutcome] {
        var outcomes: [InSyncOutcome] = []
        // A change brings conditions on registrations, the same ones for most.
        let size = max(1, metadata.transactionKeysMax / 2)
        for start in stride(from: 0, to: changes.count, by: size) {
            let part = changes[start..<min(start + size, changes.count)]
            if part.count > 1, let together = await commit(Array(part)) {
                outcomes += together
            } else {
                for change in part { outcomes.append(await commit(change)) }
            }
        }
        return outcomes
    }

    /// All of them or none. Nil: none, for the sake of one.
    private func commit(_ changes: [InSyncChange]) async -> [InSyncOutcome]? {
        var together = MetadataTransaction()
        for change in changes {
            guard let one = change.transaction(mirror) else { return nil }
            for condition in one.conditions where !together.conditions.contains(condition) {
                together.conditions.append(condition)
            }
            together.changes += one.changes
        }
        guard max(together.conditions.count, together.changes.count) <= metadata.transactionKeysMax else { return nil }
        let outcome = await outcome(of: together)
        return outcome == .conflict ? nil : changes.map { _ in outcome }
    }

    private func commit(_ change: InSyncChange) async -> InSyncOutcome {
        guard let transaction = change.transaction(mirror) else { return .conflict }
        return await outcome(of: transaction)
    }

    private func outcome(of transaction: MetadataTransaction) async -> InSyncOutcome {
        do throws(MetadataError) {
            switch try await metadata.commit(transaction) {
            case .committed(let revision): return .committed(revision)
            case .conflict: return .conflict
            }
        } catch {
            guard error.code == .outcomeUnknown else { return .conflict }
            logger.warning(
                "whether a change of in-sync replicas was committed is not known; both sets are waited for",
                metadata: ["reason": "\(error.message)"])
            return .unknown
        }
    }

    package func logIsOnline(_ id: TopicIDPartition) {
        guard case .replica(let partition) = table[id], let record = mirror.partitions[id] else { return }
        replication.assign(partition, record)
    }
}
