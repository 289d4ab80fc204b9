/// Why an operation on a whole cluster's metadata is refused, in words for an operator.
package struct OperationRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}

extension ClusterRecord {
    /// Stands in place of a feature level while a single broker's metadata is being copied: no broker starts on it.
    package static let beingAdopted = Int32.max
}

/// Brings the metadata of a single broker into the empty store of a cluster (RULES 23): what is to be done next, given
/// how far both are. Pure, so that an adoption that was interrupted anywhere goes on where it was.
///
/// Sessions and the controller are not copied: they belong to processes.
package struct AdoptionPlan: Sendable {
    package enum Step: Sendable, Equatable {
        /// Takes the empty store for this cluster.
        case begin(MetadataTransaction)
        /// Each is committed on its own, in any order.
        case copy([MetadataTransaction])
        /// To be committed once the former store is sealed: from then on brokers start on the new one.
        case finish(MetadataTransaction)
        case done
    }

    private let source: ClusterImage
    private let cluster: ClusterRecord

    /// - Parameter source: The single broker's.
    package init(source: ClusterImage) throws(OperationRefusal) {
        guard let cluster = source.cluster?.record else {
            throw OperationRefusal("there is nothing to adopt: no broker has ever run on this metadata")
        }
        self.source = source
        self.cluster = cluster
    }

    package func step(target: ClusterImage, transactionKeysMax: Int) throws(OperationRefusal) -> Step {
        guard let found = target.cluster else {
            guard target.recordCount == 0 else {
                throw OperationRefusal("the new store holds records, but of no cluster: it must be empty")
            }
            return .begin(mark(ClusterRecord.beingAdopted, ifRevision: 0))
        }
        guard found.id == cluster.id else {
            throw OperationRefusal(
                "the new store holds cluster \(found.id), this broker belongs to \(cluster.id): choose another name")
        }
        guard found.featureLevel == ClusterRecord.beingAdopted else { return .done }
        let missing = try missing(in: target)
        if missing.isEmpty { return .finish(mark(cluster.featureLevel, ifRevision: found.revision)) }
        let transactions = stride(from: 0, to: missing.count, by: transactionKeysMax).map { start in
            var transaction = MetadataTransaction()
            transaction.expect(.cluster, at: found.revision)
            for record in missing[start..<min(start + transactionKeysMax, missing.count)] {
                transaction.put(record, ifRevision: 0)
            }
            return transaction
        }
        return .copy(transactions)
    }

    private func mark(_ featureLevel: Int32, ifRevision revision: Revision) -> MetadataTransaction {
        var transaction = MetadataTransaction()
        transaction.put(
            .cluster(ClusterRecord(id: cluster.id, featureLevel: featureLevel)), ifRevision: revision)
        return transaction
    }

    /// What is still to be copied, in the order of an unchanging image.
    private func missing(in target: ClusterImage) throws(OperationRefusal) -> [MetadataRecord] {
        let copied = Self.records(target)
        let wanted = Self.records(source)
        for (key, record) in copied where wanted[key] != record {
            throw OperationRefusal(
                "the new store's record of \(key) is not the broker's: somebody else writes there; nothing was sealed")
        }
        return wanted.filter { copied[$0.key] == nil }.values.sorted { "\($0.key)" < "\($1.key)" }
    }

    private static func records(_ image: ClusterImage) -> [MetadataKey: MetadataRecord] {
        var records: [MetadataKey: MetadataRecord] = [:]
        image.forEachRecord { record, _ in
            switch record {
            case .cluster, .session, .controller: break
            case .broker, .topic, .partition, .deletion, .producerIDs, .defaults: records[record.key] = record
            }
        }
        return records
    }
}
