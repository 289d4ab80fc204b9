internal import HashTreeCollections
package import MartletCore
package import MartletMetadata

/// A metadata store as a plain value: what it holds, and every image that it has been.
package struct ModelStore {
    package private(set) var image = ClusterImage()
    /// By transaction, oldest first.
    package private(set) var history: [(update: MetadataUpdate, image: ClusterImage)] = []

    package enum Outcome: Equatable {
        case committed(Revision)
        case conflict(MetadataKey)
    }

    package init() {}

    package mutating func commit(_ transaction: MetadataTransaction) -> Outcome {
        for condition in transaction.conditions where image.revision(of: condition.key) != condition.revision {
            return .conflict(condition.key)
        }
        let update = MetadataUpdate(revision: image.revision + 1, changes: transaction.changes)
        image.apply(update)
        history.append((update, image))
        return .committed(update.revision)
    }

    package mutating func put(_ record: MetadataRecord) {
        var transaction = MetadataTransaction()
        transaction.changes = [.put(record)]
        _ = commit(transaction)
    }

    /// Ends the session of a run of a broker, and with it what goes with it. False: there was nothing to end.
    @discardableResult
    package mutating func endSession(of run: PartitionLeader) -> Bool {
        var transaction = MetadataTransaction()
        if image.sessions[run.broker]?.startEpoch == run.startEpoch {
            transaction.changes.append(.remove(.session(run.broker)))
        }
        if let controller = image.controller, controller.broker == run.broker, controller.startEpoch == run.startEpoch {
            transaction.changes.append(.remove(.controller))
        }
        guard !transaction.changes.isEmpty else { return false }
        _ = commit(transaction)
        return true
    }

    /// Ends whatever session the broker has.
    package mutating func endSession(of broker: BrokerID) {
        guard let session = image.sessions[broker]?.record else { return }
        endSession(of: PartitionLeader(broker: broker, startEpoch: session.startEpoch))
    }
}
