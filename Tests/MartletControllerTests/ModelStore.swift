import HashTreeCollections
import MartletCore
import MartletMetadata

/// A metadata store as a plain value: what it holds, and every image that it has been.
struct ModelStore {
    private(set) var image = ClusterImage()
    /// By transaction, oldest first.
    private(set) var history: [(update: MetadataUpdate, image: ClusterImage)] = []

    enum Outcome: Equatable {
        case committed(Revision)
        case conflict(MetadataKey)
    }

    mutating func commit(_ transaction: MetadataTransaction) -> Outcome {
        for condition in transaction.conditions where image.revision(of: condition.key) != condition.revision {
            return .conflict(condition.key)
        }
        let update = MetadataUpdate(revision: image.revision + 1, changes: transaction.changes)
        image.apply(update)
        history.append((update, image))
        return .committed(update.revision)
    }

    mutating func put(_ record: MetadataRecord) {
        var transaction = MetadataTransaction()
        transaction.changes = [.put(record)]
        _ = commit(transaction)
    }

    /// Ends a session, and with it what goes with it.
    mutating func endSession(of broker: BrokerID) {
        guard let session = image.sessions[broker]?.record else { return }
        var transaction = MetadataTransaction()
        transaction.changes = [.remove(.session(broker))]
        if let controller = image.controller, controller.broker == broker, controller.startEpoch == session.startEpoch {
            transaction.changes.append(.remove(.controller))
        }
        _ = commit(transaction)
    }
}
