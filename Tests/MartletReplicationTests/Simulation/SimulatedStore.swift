import HashTreeCollections
import MartletCore
import MartletMetadata

/// The metadata store: one truth, changed by transactions one after the other, and everything it ever was.
struct SimulatedStore {
    private(set) var image = ClusterImage()
    private(set) var updates: [MetadataUpdate] = []
    /// When each broker's session ends.
    var sessions: [BrokerID: Int] = [:]

    mutating func commit(_ transaction: MetadataTransaction) -> TransactionOutcome {
        for condition in transaction.conditions where image.revision(of: condition.key) != condition.revision {
            return .conflict(condition.key)
        }
        let update = MetadataUpdate(revision: image.revision + 1, changes: transaction.changes)
        image.apply(update)
        updates.append(update)
        return .committed(update.revision)
    }

    mutating func force(_ changes: [MetadataChange]) {
        var transaction = MetadataTransaction()
        transaction.changes = changes
        _ = commit(transaction)
    }

    /// The run of the broker that may lead and be in sync, as far as the store knows.
    func liveRun(_ broker: BrokerID) -> StartEpoch? {
        image.liveRun(broker)
    }
}

extension ClusterImage {
    func liveRun(_ broker: BrokerID) -> StartEpoch? {
        guard let record = brokers[broker], !record.isFenced, sessions[broker]?.startEpoch == record.startEpoch
        else { return nil }
        return record.startEpoch
    }
}
