import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit
import Testing

@testable import MartletBroker

@Suite("Batches of in-sync changes")
struct InSyncBatchTests {
    /// Partitions led by broker 0 with brokers 1 and 2 in sync.
    private func cluster(partitions: Int32) -> TestCluster {
        let cluster = TestCluster()
        cluster.createTopic(partitions: partitions, leader: 0)
        return cluster
    }

    /// Broker 2 leaves each of these.
    private func changes(_ cluster: TestCluster, _ partitions: Range<PartitionIndex>) -> [InSyncChange] {
        partitions.map { index in
            let id = TestCluster.id(index)
            return InSyncChange(
                id: id, leader: ReplicaIdentity(broker: 0, startEpoch: 1), leaderEpoch: 0,
                ifRevision: cluster.store.image.partitions[id]!.revision, inSyncReplicas: [0, 1], added: [])
        }
    }

    private func batch(
        _ changes: [InSyncChange], _ cluster: TestCluster, waiting: [Int]? = nil, keysMax: Int = 100
    ) -> InSyncBatch {
        InSyncBatch(changes, waiting ?? Array(changes.indices), image: cluster.store.image, keysMax: keysMax)
    }

    @Test("as many changes as fit are one transaction, which names their leader's registration once")
    func full() throws {
        let cluster = cluster(partitions: 5)
        let changes = changes(cluster, 0..<5)
        let first = batch(changes, cluster, keysMax: 3)
        #expect(first.members == [0, 1, 2] && first.overtaken == [])
        #expect(first.transaction.changes.count == 3 && first.transaction.conditions.count == 4)
        try first.transaction.check(keysMax: 3)
        let second = batch(changes, cluster, waiting: [3, 4], keysMax: 3)
        #expect(second.members == [3, 4])
        guard case .committed = cluster.store.commit(second.transaction) else { return #expect(Bool(false)) }
        #expect(cluster.partition(3).inSyncReplicas == [0, 1] && cluster.partition(0).inSyncReplicas == [0, 1, 2])
    }

    @Test("a change that another has overtaken is left out of the transaction and the rest stays in it")
    func overtaken() {
        let cluster = cluster(partitions: 3)
        let changes = changes(cluster, 0..<3)
        cluster.change(1) { $0.leaderEpoch += 1 }
        let batch = batch(changes, cluster)
        #expect(batch.members == [0, 2] && batch.overtaken == [1])
    }

    @Test("two changes of one partition are never in one transaction")
    func twice() {
        let cluster = cluster(partitions: 1)
        let changes = changes(cluster, 0..<1) + changes(cluster, 0..<1)
        #expect(batch(changes, cluster).members == [0])
        #expect(batch(changes, cluster, waiting: [1]).members == [1])
    }

    @Test("a conflict concerns the changes that want the key, or else all")
    func conflict() throws {
        let cluster = cluster(partitions: 3)
        var changes = changes(cluster, 0..<3)
        changes[2].added = [ReplicaIdentity(broker: 2, startEpoch: 1)]
        let batch = batch(changes, cluster)
        #expect(batch.members(wanting: .partition(TestCluster.id(1))) == [1])
        #expect(batch.members(wanting: .broker(2)) == [2])
        #expect(batch.members(wanting: .broker(0)) == [0, 1, 2])
        #expect(batch.members(wanting: .controller) == [0, 1, 2])
    }

    @Test("a run of a broker that is over, or fenced, overtakes what it leads and joins")
    func registrations() {
        let cluster = cluster(partitions: 2)
        var changes = changes(cluster, 0..<2)
        changes[1].added = [ReplicaIdentity(broker: 2, startEpoch: 1)]
        cluster.change(2) { $0.isFenced = true }
        #expect(batch(changes, cluster).overtaken == [1])
        cluster.change(0) { $0.startEpoch += 1 }
        #expect(batch(changes, cluster).overtaken == [0, 1])
    }
}
