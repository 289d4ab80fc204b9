internal import Logging
package import MartletCore
package import MartletMetadata
internal import MartletStorage

/// `martlet cluster recover`: takes up a restored or rolled-back store. All brokers must be stopped.
///
/// 1. ``report(directory:)`` on every broker's host; reports travel as files.
/// 2. ``recover(_:reports:lost:)`` once, with all reports.
/// 3. ``accept(directory:store:)`` on every broker's host; then the brokers start.
///
/// Each step may be run again.
package enum ClusterRecovery {
    /// What was done.
    package struct Summary: Sendable, Equatable {
        package var brokers: Int
        package var partitions: Int
        /// What an operator should know: what may be lost, what is set aside.
        package var findings: [String]
    }

    /// What the data directory says of itself. Blocks; changes nothing.
    package static func report(directory: String) throws(BrokerError) -> DirectoryReport {
        do {
            return try report(OfflineIdentity(root: directory), directory)
        } catch {
            throw BrokerError(error)
        }
    }

    private static func report(
        _ identity: OfflineIdentity, _ directory: String
    ) throws(StorageError) -> DirectoryReport {
        let identity = identity.identity
        guard let clusterID = identity.clusterID, let broker = identity.brokerID else {
            throw StorageError(.notFound, "\(directory) has never belonged to a cluster: there is nothing to report")
        }
        let replicas = try OfflineReplica.read(root: directory).map { replica in
            DirectoryReport.Replica(
                id: replica.id, topic: replica.topic, highestEpoch: replica.highestEpoch,
                lastEpoch: replica.lastEpoch, endOffset: replica.endOffset)
        }
        return DirectoryReport(
            clusterID: clusterID, broker: broker, directoryID: "\(identity.directoryID)",
            storeRevision: identity.storeRevision, replicas: replicas)
    }

    /// Raises every epoch in the store above what the reports say, and makes the replicas that reach furthest the
    /// in-sync ones. `lost` names brokers whose directories are gone.
    package static func recover(
        _ store: any MetadataStore, reports: [DirectoryReport], lost: Set<BrokerID> = []
    ) async throws(BrokerError) -> Summary {
        do {
            let image = try await store.image()
            let plan = try RecoveryPlan(
                image: image, reports: reports, lost: lost, transactionKeysMax: store.transactionKeysMax)
            for transaction in plan.transactions {
                if case .conflict(let key) = try await store.commit(transaction) {
                    throw OperationRefusal("somebody changed the \(key) meanwhile: stop all brokers and try again")
                }
            }
            return Summary(
                brokers: image.brokers.count, partitions: image.partitions.count, findings: plan.findings)
        } catch {
            throw BrokerError(error, failure)
        }
    }

    /// Lets the broker on this directory start with the recovered store, whose revision may be below those that it has
    /// seen. Refused unless the store's epochs are above all that the directory has seen. Durable on return.
    package static func accept(directory: String, store: any MetadataStore) async throws(BrokerError) {
        do {
            let image = try await store.image()
            let identity = try OfflineIdentity(root: directory)
            if let reason = try report(identity, directory).reasonToRefuse(image) { throw OperationRefusal(reason) }
            try identity.update { $0.storeRevision = image.revision }
        } catch {
            throw BrokerError(error, failure)
        }
    }

    private static let failure = "the cluster is not recovered"
}
