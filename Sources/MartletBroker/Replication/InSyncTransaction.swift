internal import HashTreeCollections
internal import MartletCore
package import MartletMetadata

extension InSyncChange {
    /// The transaction that makes the change, or nothing at all (RULES 14). Nil when `image` says already that it
    /// cannot be committed, or is too old to know.
    package func transaction(_ image: ClusterImage) -> MetadataTransaction? {
        guard let partition = image.partitions[id], partition.revision == ifRevision,
            partition.leaderEpoch == leaderEpoch,
            partition.leader == PartitionLeader(broker: leader.broker, startEpoch: leader.startEpoch)
        else { return nil }
        var record = partition.record
        record.inSyncReplicas =
            record.replicas.filter(inSyncReplicas.contains)
            + inSyncReplicas.filter { !record.replicas.contains($0) }
        var transaction = MetadataTransaction()
        transaction.put(.partition(record), ifRevision: ifRevision)
        for replica in [leader] + added {
            guard let broker = image.brokers[replica.broker], broker.startEpoch == replica.startEpoch, !broker.isFenced
            else { return nil }
            transaction.conditions.append(.init(key: .broker(replica.broker), revision: broker.revision))
        }
        return transaction
    }
}
