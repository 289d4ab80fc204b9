import HashTreeCollections
import MartletCore
import MartletMetadata
import Testing

@testable import MartletBroker

/// A leader whose followers no longer reach it, while the metadata store does: its session never ends.
@Suite("A leader cut off from its followers (RULES 20)", .timeLimit(.minutes(3)))
struct CutLeaderTests {
    /// Asks again while the broker cannot take it yet.
    private func produce(
        _ value: String, _ sequence: Int32, _ cluster: ControlledCluster, _ leader: BrokerID,
        _ partition: TopicIDPartition
    ) async throws {
        // It may not have heard of the topic yet.
        while (try? cluster[leader].table.replica(partition.topicID, partition.partition)) == nil {
            try await Task.sleep(for: .milliseconds(2))
        }
        while case let outcome = try await cluster[leader].produce(
            [value], partition.topicID, partition.partition, producer: (7, 0, sequence)), let error = outcome.error
        {
            guard error.code.isRetriable else { throw error }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test(
        "another one leads before long, writes go on, and the former leader joins again once it is reached",
        arguments: [false, true])
    func moves(isCutFromController: Bool) async throws {
        try await ControlledCluster.with(4, { $0.replicaLagMax = .seconds(1) }) { cluster in
            let controller = try #require(try await cluster.image { $0.controller != nil }.controller?.broker)
            let topic = try await cluster.createTopic("t", partitions: 4, replicas: 3)
            let image = try await cluster.shared.image()
            // One that the controller has no replica of: the leader then asks it over a link that holds, or cannot ask.
            let record = try #require(
                cluster.partitions(of: topic, in: image).first {
                    !$0.replicas.contains(controller)
                })
            let leader = try #require(record.leader?.broker)
            try await produce("before", 0, cluster, leader, record.id)
            let session = try #require(try await cluster.shared.image().sessions[leader]?.revision)

            let others = isCutFromController ? Array(image.brokers.keys) : record.replicas
            for other in others where other != leader { cluster.network.cut(leader, other) }
            let moved = try await cluster.image { image in
                image.partitions[record.id]?.leader.map { $0.broker != leader } == true
            }
            let now = try #require(moved.partitions[record.id]?.record)
            let next = try #require(now.leader?.broker)
            #expect(now.lastUncleanEpoch == -1 && record.replicas.contains(next))
            try await produce("during", 1, cluster, next, record.id)
            let after = try await cluster.shared.image()
            #expect(after.sessions[leader]?.revision == session)
            #expect(after.brokers[leader]?.isFenced == false)

            cluster.network.heal()
            try await cluster.image { Set($0.partitions[record.id]?.inSyncReplicas ?? []).count == 3 }
            for id in record.replicas {
                let values = try cluster[id].table.replica(topic, record.id.partition).log.values()
                #expect(values == ["before", "during"], "broker \(id)")
            }
        }
    }
}
