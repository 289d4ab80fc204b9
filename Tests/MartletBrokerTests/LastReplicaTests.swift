import HashTreeCollections
import MartletCore
import MartletMetadata
import Testing

@testable import MartletBroker

/// KIP-966: the in-sync set shrinks as far as it may, and whoever is left in it then loses the end of its disk.
@Suite("The last replicas in sync (KIP-966)", .timeLimit(.minutes(5)))
struct LastReplicaTests {
    private let first = (0..<10).map { "first \($0)" }
    private let second = (0..<10).map { "second \($0)" }

    private struct Scene {
        var topic: TopicID
        var id: TopicIDPartition
        var leader: BrokerID
        var others: [BrokerID]
        /// What a power cut will leave of the leader's disk: nothing that was written later.
        var disk: TemporaryDirectory
    }

    /// One partition on three brokers, all of which have ``first``; none of it is synced.
    private func begin(_ cluster: ControlledCluster, _ settings: [String: String] = [:]) async throws -> Scene {
        let settings = settings.merging(["flush": "os"]) { own, _ in own }
        let topic = try await cluster.createTopic("t", partitions: 1, replicas: 3, settings)
        let id = TopicIDPartition(topicID: topic, partition: 0)
        let record = try #require(try await cluster.image { $0.controller != nil }.partitions[id])
        let leader = try #require(record.leader?.broker)
        try await produce(first, cluster, leader, topic)
        return Scene(
            topic: topic, id: id, leader: leader, others: record.replicas.filter { $0 != leader },
            disk: try TemporaryDirectory(crashed: cluster.directory(of: leader)))
    }

    /// Asks again while the broker has not heard yet that it leads.
    private func produce(
        _ values: [String], _ cluster: ControlledCluster, _ leader: BrokerID, _ topic: TopicID
    ) async throws {
        for value in values {
            while case let outcome = try await cluster[leader].produce([value], topic), let error = outcome.error {
                guard [.notLeaderOrFollower, .partitionRecovering].contains(error.code) else { throw error }
                await Task.yield()
            }
        }
    }

    private func loseTail(_ cluster: ControlledCluster, _ scene: Scene) async throws {
        await cluster.kill(scene.leader)
        cluster.use(scene.disk, for: scene.leader)
        try await cluster.start(scene.leader, bootID: "another")
    }

    private func expectLogs(_ cluster: ControlledCluster, _ scene: Scene, _ values: [String]) async throws {
        try await cluster.image { Set($0.partitions[scene.id]?.inSyncReplicas ?? []).count == 3 }
        for id in [scene.leader] + scene.others {
            #expect(try cluster[id].table.replica(scene.topic, 0).log.values() == values, "broker \(id)")
        }
    }

    @Test("the set keeps min.insync.replicas members: the other one has what was acknowledged, and leads")
    func keepsTwo() async throws {
        try await ControlledCluster.with { cluster in
            let scene = try await begin(cluster)
            await cluster.kill(scene.others[0])
            try await cluster.image {
                Set($0.partitions[scene.id]?.inSyncReplicas ?? []) == [scene.leader, scene.others[1]]
            }
            try await produce(second, cluster, scene.leader, scene.topic)
            await cluster.kill(scene.others[1])
            let alone = try await cluster.image { $0.brokers[scene.others[1]]?.isFenced == true }
            #expect(Set(alone.partitions[scene.id]?.inSyncReplicas ?? []) == [scene.leader, scene.others[1]])
            let refused = try await cluster[scene.leader].produce(["alone"], scene.topic, timeout: .milliseconds(200))
            #expect(refused.error?.code.isRetriable == true)

            try await loseTail(cluster, scene)
            let back = try await cluster.image { $0.brokers[scene.leader]?.isFenced == false }
            #expect(back.partitions[scene.id]?.inSyncReplicas == [scene.others[1]])
            // Its former run's leadership ends, and the next does not lead.
            try await cluster.image { $0.partitions[scene.id]?.leader == nil }
            try await cluster.start(scene.others[1])
            try await cluster.image { $0.partitions[scene.id]?.leader?.broker == scene.others[1] }
            try await cluster.start(scene.others[0])
            try await expectLogs(cluster, scene, first + second)
        }
    }

    @Test("with min.insync.replicas 1 nobody leads who lacks what was acknowledged, until an operator says so")
    func nobodyLeads() async throws {
        try await ControlledCluster.with { cluster in
            let scene = try await begin(cluster, ["min.insync.replicas": "1"])
            for other in scene.others { await cluster.kill(other) }
            try await cluster.image { $0.partitions[scene.id]?.inSyncReplicas == [scene.leader] }
            try await produce(second, cluster, scene.leader, scene.topic)

            try await loseTail(cluster, scene)
            for other in scene.others { try await cluster.start(other) }
            let back = try await cluster.image { image in
                image.brokers.values.allSatisfy { !$0.isFenced } && image.partitions[scene.id]?.leader == nil
            }
            #expect(back.partitions[scene.id]?.inSyncReplicas == [])
            let survivor = cluster[scene.others[0]]
            while survivor.control.image.revision < back.revision { await Task.yield() }
            #expect(survivor.describeCluster().troubled.map(\.leader) == [nil])

            let elected = try await survivor.electLeaders(.unclean, [TopicPartition(topic: "t", partition: 0)])
            _ = try elected[0].1.get()
            let record = try #require(try await cluster.shared.image().partitions[scene.id])
            #expect(record.lastUncleanEpoch == record.leaderEpoch)
            try await expectLogs(cluster, scene, first)
        }
    }
}
