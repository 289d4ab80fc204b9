internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata
internal import MartletStorage

/// Works out what a starting broker may do and writes first: a pure function of the image and the data directory's
/// identity.
struct StartPlanner {
    /// What this version reads and writes.
    static let featureLevel: Int32 = 1

    let image: ClusterImage
    let settings: BrokerSettings
    let identity: DirectoryIdentity

    /// RULES 3: refuses metadata and a data directory that do not belong together.
    func check() throws(BrokerError) {
        if let brokerID = identity.brokerID, brokerID != settings.brokerID {
            throw refusal(
                "the data directory belongs to broker \(brokerID), this is broker \(settings.brokerID); each has its own "
                    + "directory: check --data and --id")
        }
        if let clusterID = identity.clusterID {
            guard let cluster = image.cluster else {
                throw refusal(
                    "the data directory belongs to cluster \(clusterID), the metadata store is empty; \(Self.check)")
            }
            guard cluster.id == clusterID else {
                throw refusal(
                    "the data directory belongs to cluster \(clusterID), the metadata store to \(cluster.id); "
                        + Self.check)
            }
        }
        guard image.revision >= identity.storeRevision else {
            throw refusal(
                "the metadata store is at revision \(image.revision), the data directory has seen "
                    + "\(identity.storeRevision): the store was rolled back or replaced; `martlet cluster recover` takes "
                    + "up one that was restored from a backup")
        }
        if image.cluster?.featureLevel == ClusterRecord.beingAdopted {
            throw refusal("the cluster is being adopted: run `martlet cluster adopt` again, which finishes it")
        }
        if let level = image.cluster?.featureLevel, level > Self.featureLevel {
            throw refusal(
                "the cluster is at feature level \(level), this broker knows \(Self.featureLevel): it takes a newer version"
            )
        }
        if let registered = image.brokers[settings.brokerID], registered.directoryID != "\(identity.directoryID)" {
            throw refusal(
                "broker \(settings.brokerID) is registered with another data directory, \(registered.directoryID), this one "
                    + "is \(identity.directoryID): start it on its own, or under a number that is free. If that disk is "
                    + "gone for good, move its replicas away (`martlet cluster drain`) and forget it "
                    + "(`martlet cluster remove`)")
        }
        if let registered = image.brokers[settings.brokerID], registered.runs > identity.runs {
            throw refusal(
                "the data directory knows of \(identity.runs) runs of broker \(settings.brokerID), the metadata store of "
                    + "\(registered.runs): this is a copy or a backup, and records that were acknowledged since are not in "
                    + "it. Start the broker on the directory that it ran on last, at \(registered.host):"
                    + "\(registered.port). If that one is gone for good, move its replicas away "
                    + "(`martlet cluster drain`), forget it (`martlet cluster remove`), and start with an empty directory"
            )
        }
    }

    private static let check = "check --data, --etcd and --cluster"

    private func refusal(_ reason: String) -> BrokerError {
        BrokerError(.inconsistentClusterID, "the broker does not start: \(reason)")
    }

    /// The next run of this broker.
    var startEpoch: StartEpoch { (image.brokers[settings.brokerID]?.startEpoch ?? 0) + 1 }

    /// Counts this one, too. The directory notes it before the store does.
    var runs: Int64 { max(image.brokers[settings.brokerID]?.runs ?? 0, identity.runs) + 1 }

    /// Registers this run, and founds the cluster when there is none.
    func registration(
        clusterID: String, host: String, port: UInt16, isFenced: Bool = false
    ) -> MetadataTransaction {
        var transaction = MetadataTransaction()
        if image.cluster == nil {
            let cluster = ClusterRecord(id: clusterID, featureLevel: Self.featureLevel)
            transaction.put(.cluster(cluster), ifRevision: 0)
        }
        let broker = BrokerRecord(
            id: settings.brokerID, startEpoch: startEpoch, directoryID: "\(identity.directoryID)", host: host,
            port: port, rack: settings.rack, isFenced: isFenced,
            isDraining: image.brokers[settings.brokerID]?.isDraining ?? false, runs: runs)
        transaction.put(.broker(broker), ifRevision: image.revision(of: .broker(settings.brokerID)))
        return transaction
    }

    /// RULES 2: a new leader epoch for every partition that only this broker has, in its new run. Partitions of a
    /// topic that was never finished creating are removed.
    func takeover(startEpoch: StartEpoch, transactionKeysMax: Int) -> [MetadataTransaction] {
        var transactions: [MetadataTransaction] = []
        for partition in image.partitions.values where partition.replicas == [settings.brokerID] {
            if transactions.last.map({ $0.changes.count == transactionKeysMax }) ?? true {
                transactions.append(MetadataTransaction())
            }
            let isUnfinished = image.topic(partition.record.id.topicID).map {
                $0.partitionCount <= partition.record.id.partition
            }
            if isUnfinished ?? true {
                transactions[transactions.count - 1].remove(
                    .partition(partition.record.id), ifRevision: partition.revision)
                continue
            }
            var record = partition.record
            record.leader = PartitionLeader(broker: settings.brokerID, startEpoch: startEpoch)
            record.leaderEpoch += 1
            transactions[transactions.count - 1].put(.partition(record), ifRevision: partition.revision)
        }
        return transactions
    }

    /// RULES 12: takes this broker out of the in-sync sets of partitions of which it may lack acknowledged records. Its
    /// place as the sole assigned replica stays: nobody else has more.
    func withdrawal(from lossy: Set<TopicIDPartition>, transactionKeysMax: Int) -> [MetadataTransaction] {
        var transactions: [MetadataTransaction] = []
        for id in lossy.sorted() {
            guard let partition = image.partitions[id], partition.replicas != [settings.brokerID],
                partition.inSyncReplicas.contains(settings.brokerID)
            else { continue }
            if transactions.last.map({ $0.changes.count == transactionKeysMax }) ?? true {
                transactions.append(MetadataTransaction())
            }
            var record = partition.record
            record.inSyncReplicas.removeAll { $0 == settings.brokerID }
            transactions[transactions.count - 1].put(.partition(record), ifRevision: partition.revision)
        }
        return transactions
    }
}
