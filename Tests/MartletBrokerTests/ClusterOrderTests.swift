import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

@Suite("Operators' orders", .timeLimit(.minutes(5)))
struct ClusterOrderTests {
    @Test("a move adds replicas, waits for them and takes the others away; their directories are set aside")
    func reassign() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 1, replicas: 1)
            let id = TopicIDPartition(topicID: topic, partition: 0)
            let from = try await cluster.image { $0.controller != nil }.partitions[id]!.replicas[0]
            let to = (from + 1) % 3
            let move = ReassignmentMove(topic: "t", partition: 0, replicas: [], target: [to])
            #expect(await cluster[0].reassign([move])[0].error == nil)
            let image = try await cluster.image {
                $0.partitions[id]?.replicas == [to] && $0.partitions[id]?.leader != nil
            }
            #expect(image.partitions[id]?.leader?.broker == to)
            while cluster[from].control.setAside.isEmpty { await Task.yield() }
            #expect(cluster[from].table[id] == nil)
            let wrong = [
                ReassignmentMove(topic: "t", partition: 0, replicas: [], target: [7]),
                ReassignmentMove(topic: "t", partition: 0, replicas: [], target: [1, 1]),
                ReassignmentMove(topic: "t", partition: 9, replicas: [], target: [1]),
            ]
            let codes = await cluster[0].reassign(wrong).map { $0.error?.code }
            #expect(codes == [.brokerIDNotRegistered, .invalidReplicaAssignment, .unknownTopicOrPartition])
        }
    }

    @Test("a move that is called off leaves the replicas as they were")
    func cancel() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 1, replicas: 2)
            let id = TopicIDPartition(topicID: topic, partition: 0)
            let before = try await cluster.image { $0.controller != nil }.partitions[id]!.replicas
            let other = [0, 1, 2].first { !before.contains($0) }!
            // It never arrives.
            for id in before { cluster.network.cut(other, id) }
            let move = ReassignmentMove(topic: "t", partition: 0, replicas: [], target: [other, before[1]])
            #expect(await cluster[0].reassign([move])[0].error == nil)
            #expect(try await cluster.shared.image().partitions[id]?.replicas.count == 3)
            #expect(cluster[0].reassignments().map(\.former) == [before])
            let cancelled = try await cluster[0].cancelReassignment()
            #expect(cancelled == [ReassignmentMove(topic: "t", partition: 0, replicas: before, target: move.target)])
            #expect(try await cluster.shared.image().partitions[id]?.replicas == before)
            #expect(cluster[0].reassignments() == [])
            #expect(try await cluster[0].cancelReassignment() == [])
        }
    }

    @Test("a broker is removed only when it neither runs nor has replicas")
    func remove() async throws {
        try await ControlledCluster.with { cluster in
            _ = try await cluster.createTopic("t")
            try await cluster.image { $0.controller != nil }
            let running = await #expect(throws: BrokerError.self) { try await cluster[0].removeBroker(2) }
            #expect(running?.message.contains("is running") == true)
            await cluster.stop(2)
            try await cluster.image { $0.sessions[2] == nil }
            let holding = await #expect(throws: BrokerError.self) { try await cluster[0].removeBroker(2) }
            #expect(holding?.message.contains("replicas of 3 partitions") == true)
            _ = try await cluster[0].deleteTopics(["t"])[0].get()
            try await cluster[0].removeBroker(2)
            #expect(try await cluster.shared.image().brokers.keys.sorted() == [0, 1])
            #expect(try await cluster.image { $0.deletions.isEmpty }.brokers.count == 2)
            let unknown = await #expect(throws: BrokerError.self) { try await cluster[0].removeBroker(2) }
            #expect(unknown?.code == .brokerIDNotRegistered)
        }
    }

    @Test("a draining broker leads nothing, and gets no new replicas")
    func drain() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 6)
            try await cluster.image { $0.controller != nil }
            try await cluster[1].drain(0, true)
            let image = try await cluster.image { image in
                cluster.partitions(of: topic, in: image).allSatisfy { $0.leader?.broker != 0 }
            }
            #expect(image.brokers[0]?.isDraining == true)
            while cluster[0].control.image.brokers[0]?.isDraining != true { await Task.yield() }
            let other = try await cluster.createTopic("u", partitions: 2)
            let placed = cluster.partitions(of: other, in: try await cluster.shared.image())
            #expect(placed.allSatisfy { Set($0.replicas) == [1, 2] })
            #expect(cluster[0].describeCluster().brokers[0].stuckReplicas == 6)
            try await cluster[1].drain(0, false)
            #expect(try await cluster.shared.image().brokers[0]?.isDraining == false)
        }
    }

    @Test("what moves onto a draining broker is not stuck there: it is moved off once it has arrived")
    func drainOfTarget() async throws {
        try await ControlledCluster.with(4) { cluster in
            let topic = try await cluster.createTopic("t", partitions: 1, replicas: 2)
            let id = TopicIDPartition(topicID: topic, partition: 0)
            let image = try await cluster.image { $0.controller != nil }
            let former = image.partitions[id]!.replicas
            let others = [0, 1, 2, 3].filter { !former.contains($0) }
            // Its new replicas cannot copy, so that it stays on the move.
            for from in former { for to in others { cluster.network.cut(from, to) } }
            let move = ReassignmentMove(topic: "t", partition: 0, replicas: former, target: others)
            for result in await cluster[0].reassign([move]) { try result.get() }
            try await cluster[0].drain(others[0], true)
            let ordered = try await cluster.shared.image()
            while cluster[0].control.image.revision < ordered.revision { await Task.yield() }
            let broker = try #require(cluster[0].describeCluster().brokers.first { $0.id == others[0] })
            #expect(broker.replicas == 1 && broker.stuckReplicas == 0)
            cluster.network.heal()
            try await cluster.image { image in
                let record = image.partitions[id]!.record
                return record.targetReplicas.isEmpty && !record.replicas.contains(others[0])
            }
        }
    }

    @Test("copying is throttled by a setting of the whole cluster, which no topic takes for its own")
    func throttle() async throws {
        try await ControlledCluster.with(1) { cluster in
            let name = "replication.throttle.bytes.per.second"
            func shown() -> SettingDescription? { cluster[0].clusterDefaults().first { $0.name == name } }
            #expect(shown()?.value == "0" && shown()?.isDefault == true)
            try await cluster[0].alterClusterDefaults(set: [name: "5000"])
            #expect(shown()?.value == "5000" && shown()?.isDefault == false)
            #expect(cluster[0].replicationThrottle == 5_000)
            _ = try await cluster.createTopic("t", partitions: 1)
            for value in ["-1", "x", "1.5", ""] {
                let error = await #expect(throws: BrokerError.self) {
                    try await cluster[0].alterClusterDefaults(set: [name: value])
                }
                #expect(error?.code == .invalidConfig)
            }
            try await cluster[0].alterClusterDefaults(set: [:], reset: [name])
            #expect(cluster[0].replicationThrottle == nil)
            let unknown = await #expect(throws: BrokerError.self) {
                try await cluster[0].alterClusterDefaults(set: ["throttle": "1"])
            }
            #expect(unknown?.message.contains(name) == true)
        }
    }

    @Test("leaders are elected by order: preferred ones at once, unclean ones only where nothing else is left")
    func elect() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 1, replicas: 2)
            let id = TopicIDPartition(topicID: topic, partition: 0)
            let name = TopicPartition(topic: "t", partition: 0)
            let replicas = try await cluster.image { $0.controller != nil }.partitions[id]!.replicas
            let survivor = cluster[[0, 1, 2].first { !replicas.contains($0) }!]
            let none = try await survivor.electLeaders(.preferred, [name])
            #expect(none[0].1.error?.code == .electionNotNeeded)
            let needless = try await survivor.electLeaders(.unclean, [name])
            #expect(needless[0].1.error?.code == .electionNotNeeded)
            await #expect(throws: BrokerError.self) { try await survivor.electLeaders(.unclean, []) }
            // First one leaves the in-sync set, then the last member dies.
            await cluster.kill(replicas[1])
            try await cluster.image { $0.partitions[id]?.inSyncReplicas == [replicas[0]] }
            await cluster.kill(replicas[0])
            try await cluster.image { $0.partitions[id]?.leader == nil }
            try await cluster.start(replicas[1])
            let offline = try await cluster.image { $0.brokers[replicas[1]]?.isFenced == false }
            #expect(offline.partitions[id]?.leader == nil)
            while survivor.control.image.revision < offline.revision { await Task.yield() }
            #expect(survivor.describeCluster().troubled.map(\.leader) == [nil])
            let elected = try await survivor.electLeaders(.unclean, [name])
            #expect(try elected[0].1.get().broker == replicas[1])
            let record = try await cluster.shared.image().partitions[id]!
            #expect(record.lastUncleanEpoch == record.leaderEpoch)
            #expect(record.inSyncReplicas == [replicas[1]])
        }
    }

    @Test("defaults of the cluster hold where a topic has no value of its own, and reach its log")
    func defaults() async throws {
        try await ControlledCluster.with(1) { cluster in
            let topic = try await cluster.createTopic("t", partitions: 1)
            try await cluster[0].alterClusterDefaults(set: ["segment.ms": "12345"])
            #expect(try cluster[0].table.replica(topic, 0).log.settings.segmentAge == .milliseconds(12_345))
            #expect(cluster[0].clusterDefaults().first { $0.name == "segment.ms" }?.value == "12345")
            try await cluster[0].throttleReplication(1_000)
            #expect(cluster[0].replicationThrottle == 1_000)
            _ = try await cluster.createTopic("u")
            try await cluster[0].throttleReplication(nil)
            #expect(cluster[0].replicationThrottle == nil)
            for set in [["nope": "1"], ["segment.ms": "x"]] {
                await #expect(throws: BrokerError.self) { try await cluster[0].alterClusterDefaults(set: set) }
            }
            try await cluster[0].alterClusterDefaults(set: [:], reset: ["segment.ms"])
            #expect(try cluster[0].table.replica(topic, 0).log.settings.segmentAge == .seconds(604_800))
        }
    }
}
