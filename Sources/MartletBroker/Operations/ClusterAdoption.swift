package import Logging
internal import MartletCore
package import MartletMetadata
internal import MartletStorage

/// `martlet cluster adopt`: takes a single broker's data directory into a cluster. The broker must be stopped. Copies its
/// metadata into the cluster's store, which must be empty, then seals the former store: from then on the broker starts
/// with the cluster's only. Interrupted anywhere it is run again, and goes on.
package struct ClusterAdoption: Sendable {
    /// What was done.
    package struct Summary: Sendable, Equatable {
        package var clusterID: String
        package var topics: Int
        package var partitions: Int
        /// It had been finished before; nothing was changed.
        package var wasDone: Bool
    }

    /// Another writer at work shows as conflicts: they are few, or something is wrong.
    private static let stepsMax = 20

    /// The broker's data directory.
    private let directory: String
    private let metadataDirectory: String
    private let target: any MetadataStore
    /// Where the metadata goes, for people: it stands in the sealed store's refusal.
    private let destination: String
    private let logger: Logger

    package init(
        directory: String, metadataDirectory: String, target: any MetadataStore, destination: String, logger: Logger
    ) {
        self.directory = directory
        self.metadataDirectory = metadataDirectory
        self.target = target
        self.destination = destination
        self.logger = logger
    }

    package func run() async throws(BrokerError) -> Summary {
        do {
            let identity = try OfflineIdentity(root: directory)
            let source = try EmbeddedStore(
                directory: metadataDirectory, for: .handingOver, logger: logger)
            do {
                let summary = try await copy(from: source, identity)
                await source.close()
                return summary
            } catch {
                await source.close()
                throw error
            }
        } catch {
            throw BrokerError(error, "the cluster is not adopted")
        }
    }

    private func copy(from source: EmbeddedStore, _ identity: OfflineIdentity) async throws -> Summary {
        let image = try await source.image()
        let plan = try AdoptionPlan(source: image)
        let clusterID = image.cluster?.id ?? ""
        guard identity.identity.clusterID == clusterID else {
            throw OperationRefusal(
                "the data directory belongs to cluster \(identity.identity.clusterID ?? "(none)"), the metadata in it to "
                    + clusterID)
        }
        var summary = Summary(
            clusterID: clusterID, topics: image.topics.count, partitions: image.partitions.count, wasDone: true)
        for _ in 0..<Self.stepsMax {
            let reached = try await target.image()
            switch try plan.step(target: reached, transactionKeysMax: target.transactionKeysMax) {
            case .begin(let transaction):
                _ = try await target.commit(transaction)
            case .copy(let transactions):
                for transaction in transactions { _ = try await target.commit(transaction) }
            case .finish(let transaction):
                try await source.seal(for: destination)
                // Revisions begin anew there; the directory must not take the new store for a rolled-back one.
                try identity.update { $0.storeRevision = reached.revision }
                if case .committed = try await target.commit(transaction) { summary.wasDone = false }
            case .done:
                guard await source.isSealed else {
                    throw OperationRefusal(
                        "cluster \(clusterID) was adopted already, from another copy of this directory")
                }
                return summary
            }
        }
        throw OperationRefusal("the new store changes all the time: is somebody else at work on it?")
    }
}
