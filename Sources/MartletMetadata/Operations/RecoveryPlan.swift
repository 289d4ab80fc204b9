internal import HashTreeCollections
package import MartletCore

/// Makes a restored or rolled-back store fit to be used again (RULES 23), by what the data directories of all brokers
/// say. Pure; running what it plans twice does no harm.
///
/// What was decided after the backup is forgotten: so every epoch rises above all that the directories have seen, nobody
/// leads, and the in-sync replicas are those whose logs reach furthest. Topics made after the backup are unknown to the
/// store; brokers set their directories aside.
package struct RecoveryPlan: Sendable {
    /// Above every start epoch that a broker can have reached since the backup.
    private static let startEpochStep: StartEpoch = 1 << 20
    /// Above every producer id that can have been given out since the backup.
    private static let producerIDStep: ProducerID = 1 << 40

    /// Each on its own, in any order.
    package private(set) var transactions: [MetadataTransaction] = []
    /// What an operator should know: what may be lost, what is set aside.
    package private(set) var findings: [String] = []

    private let image: ClusterImage
    private let transactionKeysMax: Int
    private var reported: [TopicIDPartition: [BrokerID: DirectoryReport.Replica]] = [:]

    /// - Parameters:
    ///   - reports: Of every broker's directory.
    ///   - lost: Brokers whose directories are gone: nothing waits for their reports.
    package init(
        image: ClusterImage, reports: [DirectoryReport], lost: Set<BrokerID>, transactionKeysMax: Int
    ) throws(OperationRefusal) {
        self.image = image
        self.transactionKeysMax = transactionKeysMax
        try check(reports, lost)
        for report in reports {
            for replica in report.replicas { reported[replica.id, default: [:]][report.broker] = replica }
        }
        for (_, broker) in image.brokers.sorted(by: { $0.key < $1.key }) { raise(broker) }
        for (_, partition) in image.partitions.sorted(by: { $0.key < $1.key }) { raise(partition) }
        raiseProducerIDs()
        for (id, replicas) in reported.sorted(by: { $0.key < $1.key }) where image.partitions[id] == nil {
            let name = replicas.values.first { !$0.topic.isEmpty }?.topic ?? "\(id.topicID)"
            findings.append(
                "the store does not know \(name)-\(id.partition) (topic id \(id.topicID)): brokers "
                    + Self.list(replicas.keys.sorted()) + " will set its files aside")
        }
    }

    private func check(_ reports: [DirectoryReport], _ lost: Set<BrokerID>) throws(OperationRefusal) {
        guard let cluster = image.cluster?.record else {
            throw OperationRefusal("the store holds no cluster: restore it from a backup first")
        }
        guard image.sessions.isEmpty, image.controller == nil else {
            throw OperationRefusal(
                "brokers \(Self.list(image.sessions.keys.sorted())) still have sessions: stop all brokers, and wait for "
                    + "their session timeout")
        }
        var seen: Set<BrokerID> = []
        for report in reports {
            guard report.clusterID == cluster.id else {
                throw OperationRefusal(
                    "the directory of broker \(report.broker) belongs to cluster \(report.clusterID), the store to "
                        + cluster.id)
            }
            guard seen.insert(report.broker).inserted else {
                throw OperationRefusal("there are two reports of broker \(report.broker)")
            }
            if let broker = image.brokers[report.broker], broker.directoryID != report.directoryID {
                throw OperationRefusal(
                    "broker \(report.broker) is registered with another data directory than the one reported, "
                        + broker.directoryID)
            }
        }
        let missing = image.brokers.keys.filter { !seen.contains($0) && !lost.contains($0) }.sorted()
        guard missing.isEmpty else {
            throw OperationRefusal(
                "there is no report of the directories of brokers \(Self.list(missing)): they may have seen the highest "
                    + "epochs. Report them, or name them as lost")
        }
    }

    private mutating func raise(_ broker: Versioned<BrokerRecord>) {
        var record = broker.record
        record.startEpoch += Self.startEpochStep
        record.isFenced = true
        record.isStopping = false
        put(.broker(record), broker.revision)
    }

    private mutating func raise(_ partition: Versioned<PartitionRecord>) {
        var record = partition.record
        let logs = reported[record.id] ?? [:]
        let seen = logs.values.map { max($0.highestEpoch, $0.lastEpoch) }.max() ?? -1
        record.leader = nil
        record.leaderEpoch = max(record.leaderEpoch, seen) + 1
        // Whatever was acknowledged is in every log of the last in-sync set, which the store no longer knows: the log
        // that reaches furthest has it, as long as one of that set has reported.
        let candidates = record.replicas.compactMap { broker in logs[broker].map { (broker: broker, log: $0) } }
        let furthest = candidates.map { ($0.log.lastEpoch, $0.log.endOffset) }.max { $0 < $1 }
        if let furthest {
            record.inSyncReplicas = candidates.filter { ($0.log.lastEpoch, $0.log.endOffset) == furthest }
                .map(\.broker)
        }
        let silent = record.replicas.filter { logs[$0] == nil }
        if !silent.isEmpty {
            record.lastUncleanEpoch = record.leaderEpoch
            findings.append(
                "\(name(record.id)): brokers \(Self.list(silent)) have no log of it; records that only they had are lost"
            )
        }
        put(.partition(record), partition.revision)
    }

    private mutating func raiseProducerIDs() {
        let former = image.producerIDs
        put(
            .producerIDs(ProducerIDCounter(next: (former?.next ?? 0) + Self.producerIDStep)), former?.revision ?? 0)
    }

    private mutating func put(_ record: MetadataRecord, _ revision: Revision) {
        if transactions.last.map({ $0.changes.count == transactionKeysMax }) ?? true {
            var transaction = MetadataTransaction()
            // A broker that runs would elect, and decide by what is being changed.
            transaction.expect(.controller, at: 0)
            transactions.append(transaction)
        }
        transactions[transactions.count - 1].put(record, ifRevision: revision)
    }

    private func name(_ id: TopicIDPartition) -> String {
        "\(image.topic(id.topicID)?.name ?? "\(id.topicID)")-\(id.partition)"
    }

    private static func list(_ brokers: [BrokerID]) -> String {
        brokers.map { "\($0)" }.joined(separator: ", ")
    }
}

extension DirectoryReport {
    /// Whether the broker on this directory may go on with the store as `image` has it: every epoch there is above those
    /// that the directory has seen. Nil: it may; else the reason for an operator.
    package func reasonToRefuse(_ image: ClusterImage) -> String? {
        guard image.cluster?.id == clusterID else {
            return "the directory belongs to cluster \(clusterID), the store to \(image.cluster?.id ?? "none")"
        }
        for replica in replicas {
            guard let partition = image.partitions[replica.id] else { continue }
            let seen = max(replica.highestEpoch, replica.lastEpoch)
            guard partition.leaderEpoch > seen else {
                return
                    "the store is at epoch \(partition.leaderEpoch) of \(replica.topic)-\(replica.id.partition), the "
                    + "directory has seen \(seen): recover with a report of this directory first"
            }
        }
        return nil
    }
}
