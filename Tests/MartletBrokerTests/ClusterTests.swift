import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

@Suite("Brokers of a cluster", .timeLimit(.minutes(5)))
struct ClusterTests {
    @Test("three brokers found one cluster, elect one controller, and share what is created")
    func begin() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 6)
            let image = try await cluster.image { $0.controller != nil }
            let partitions = cluster.partitions(of: topic, in: image)
            #expect(partitions.count == 6)
            #expect(partitions.allSatisfy { $0.replicas.count == 3 && Set($0.inSyncReplicas) == [0, 1, 2] })
            #expect([0, 1, 2].map { id in partitions.filter { $0.leader?.broker == id }.count } == [2, 2, 2])
            #expect(image.brokers.values.allSatisfy { !$0.isFenced })
            // Each leads its own, and says of the others who does.
            let mine = partitions[0].leader!.broker
            while cluster[mine].control.image.revision < image.revision { await Task.yield() }
            #expect(try cluster[mine].table.replica(topic, 0).leaderEpoch == partitions[0].leaderEpoch)
            #expect(
                cluster[0].describeCluster().brokers.allSatisfy { $0.isAlive && $0.replicas == 6 && $0.leaders == 2 })
            #expect(cluster[0].describeCluster().troubled == [])
        }
    }

    @Test("a broker that dies is noticed by its peers: its partitions are led by others at once, at the next epoch")
    func death() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 6)
            let controller = try await cluster.image { $0.controller != nil }.controller!.broker
            // The controller too.
            for victim in [(controller + 1) % 3, controller] where victim != 0 {
                let before = try await cluster.shared.image()
                await cluster.kill(victim)
                let image = try await cluster.image { image in
                    cluster.partitions(of: topic, in: image).allSatisfy {
                        $0.leader != nil && $0.leader?.broker != victim
                    }
                }
                #expect(image.brokers[victim]?.isFenced == true)
                for partition in cluster.partitions(of: topic, in: image) {
                    let old = before.partitions[partition.id]!
                    let moved = old.leader != partition.leader
                    #expect(partition.leaderEpoch == old.leaderEpoch + (moved ? 1 : 0))
                    #expect(old.inSyncReplicas.contains(partition.leader!.broker))
                }
                try await cluster.start(victim)
            }
        }
    }

    @Test("a clean stop hands leadership over first; nobody waits for the stopped broker any more")
    func cleanStop() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 6)
            try await cluster.image { $0.controller != nil }
            await cluster[1].handOver()
            // It still serves, and leads nothing.
            #expect(cluster[1].isServing)
            let image = try await cluster.shared.image()
            #expect(cluster.partitions(of: topic, in: image).allSatisfy { $0.leader != nil && $0.leader?.broker != 1 })
            #expect(cluster.partitions(of: topic, in: image).allSatisfy { !$0.inSyncReplicas.contains(1) })
            #expect(image.brokers[1]?.isStopping == true)
            await cluster.stop(1)
            try await cluster.image { $0.sessions[1] == nil }
            // The next run takes part again.
            try await cluster.start(1)
            #expect(try await cluster.shared.image().brokers[1]?.isStopping == false)
        }
    }

    @Test("the last broker in sync stops without waiting for others that could not lead")
    func lastStops() async throws {
        try await ControlledCluster.with(1) { cluster in
            _ = try await cluster.createTopic("t")
            try await cluster.image { $0.controller != nil }
            await cluster.stop(0)
            #expect(try await cluster.shared.image().sessions.isEmpty)
        }
    }

    @Test("a lost session changes nothing: the broker opens another and keeps what it leads")
    func lostSession() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 6)
            let controller = try await cluster.image { $0.controller != nil }.controller!.broker
            let before = try await cluster.shared.image()
            let other = (controller + 1) % 3
            try await cluster.shared.endSession(of: other)
            let image = try await cluster.image { $0.sessions[other] != nil }
            #expect(image.brokers[other]?.startEpoch == before.brokers[other]?.startEpoch)
            #expect(cluster.partitions(of: topic, in: image) == cluster.partitions(of: topic, in: before))
            // The controller's own: whoever is the next, leaders stay.
            try await cluster.shared.endSession(of: controller)
            let later = try await cluster.image { $0.sessions[controller] != nil && $0.controller != nil }
            #expect(cluster.partitions(of: topic, in: later) == cluster.partitions(of: topic, in: before))
        }
    }

    @Test("a broker whose place another process has taken has no role any more, whatever the metadata says of it")
    func displaced() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 3)
            try await cluster.image { $0.controller != nil }
            let known = try #require(try await cluster.shared.image().brokers[1])
            var other = known.record
            other.startEpoch += 1
            other.port = 9
            var transaction = MetadataTransaction()
            transaction.put(.broker(other), ifRevision: known.revision)
            _ = try await cluster.shared.commit(transaction)
            let reason = await cluster[1].untilDisplaced()
            #expect(reason?.message.contains("127.0.0.1:9") == true, "\(String(describing: reason))")
            let moved = try await cluster.image { image in
                cluster.partitions(of: topic, in: image).allSatisfy { ![nil, 1].contains($0.leader?.broker) }
            }
            for record in cluster.partitions(of: topic, in: moved) {
                let replica = try cluster[1].table.replica(topic, record.id.partition)
                #expect(replica.leaderEpoch == nil && !replica.isFollowing)
            }
        }
    }

    @Test("a broker that was wrongly declared dead lifts its fence")
    func wronglyDead() async throws {
        try await ControlledCluster.with { cluster in
            try await cluster.image { $0.controller != nil }
            let broker = try await cluster.shared.image().brokers[1]!
            var record = broker.record
            record.isFenced = true
            var transaction = MetadataTransaction()
            transaction.put(.broker(record), ifRevision: broker.revision)
            let fenced = try await cluster.shared.commit(transaction)
            try await cluster.image { $0.brokers[1]?.isFenced == false }
            #expect(fenced != .conflict(.broker(1)))
        }
    }

    @Test("a broker that may have lost records leaves the in-sync sets before it counts again, also as the last one")
    func lossyStart() async throws {
        try await ControlledCluster.with { cluster in
            let lossy = try await cluster.createTopic("lossy", partitions: 3, replicas: 2, ["flush": "os"])
            let lossless = try await cluster.createTopic("lossless", partitions: 3, replicas: 2)
            let image = try await cluster.image { $0.controller != nil }
            // Each topic has a partition on brokers 1 and 2.
            let ids = [lossy, lossless].map { topic in
                cluster.partitions(of: topic, in: image).first { Set($0.replicas) == [1, 2] }!.id
            }
            await cluster.kill(1)
            try await cluster.image { image in ids.allSatisfy { image.partitions[$0]?.inSyncReplicas == [2] } }
            // What a power cut leaves: another boot, no clean mark.
            let crashed = try TemporaryDirectory(crashed: cluster.directory(of: 2))
            await cluster.kill(2)
            try await cluster.image { image in ids.allSatisfy { image.partitions[$0]?.leader == nil } }
            cluster.use(crashed, for: 2)
            try await cluster.start(2, bootID: "another")
            let later = try await cluster.image { $0.partitions[ids[1]]?.leader?.broker == 2 }
            #expect(later.partitions[ids[1]]?.inSyncReplicas == [2])
            #expect(later.partitions[ids[0]]?.inSyncReplicas == [])
            #expect(later.partitions[ids[0]]?.leader == nil)
            #expect(later.partitions[ids[0]]?.lastUncleanEpoch == -1)
        }
    }

    @Test("a copy of a directory that was in use counts as lossy, though everything in it had been synced")
    func copiedDirectory() async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 1, replicas: 3)
            let id = TopicIDPartition(topicID: topic, partition: 0)
            let image = try await cluster.image { $0.controller != nil && $0.partitions[id]?.leader != nil }
            let leader = try #require(image.partitions[id]?.leader?.broker)
            let victim = (leader + 1) % 3
            // What it lacks it cannot copy.
            for other in 0...2 as ClosedRange<BrokerID> where other != victim { cluster.network.cut(victim, other) }
            let copy = try TemporaryDirectory(copying: cluster.directory(of: victim))
            await cluster.kill(victim)
            cluster.use(copy, for: victim)
            let facts = try await cluster.start(victim).table.replica(topic, 0).log.startFacts
            #expect(facts?.isLossless(sameDirectory: true) == false)
            let members = try await cluster.shared.image().partitions[id]?.inSyncReplicas ?? []
            #expect(!members.contains(victim) && members.contains(leader))
        }
    }

    @Test("a data directory of another broker, cluster or a store behind its directory is refused")
    func refusals() async throws {
        try await ControlledCluster.with(2) { cluster in
            _ = try await cluster.createTopic("t", replicas: 2)
            try await cluster.image { $0.controller != nil }
            // Two brokers with one id.
            let other = try TemporaryDirectory()
            let own = try cluster.directory(of: 1)
            cluster.use(other, for: 1)
            let taken = await #expect(throws: BrokerError.self) { try await cluster.start(1) }
            #expect(taken?.message.contains("another data directory") == true)
            cluster.use(own, for: 1)
            // Another cluster's prefix.
            let copied = try TemporaryDirectory(copying: own)
            try await ControlledCluster.with(1) { elsewhere in
                elsewhere.use(copied, for: 1)
                let foreign = await #expect(throws: BrokerError.self) { try await elsewhere.start(1) }
                #expect(foreign?.code == .inconsistentClusterID)
            }
        }
    }

    @Test("topics of one call are created together, each with its own answer")
    func manyTopics() async throws {
        try await ControlledCluster.with { cluster in
            try await cluster.image { $0.controller != nil }
            let before = cluster.shared.commitCount
            var topics = (0..<40).map { NewTopic(name: "t\($0)", partitions: 4) }
            topics.append(NewTopic(name: "t3", partitions: 1))
            topics.append(NewTopic(name: "a/b", partitions: 1))
            topics.append(NewTopic(name: "much", partitions: 1, replicationFactor: 4))
            let results = await cluster[0].createTopics(topics)
            #expect(results.prefix(40).allSatisfy { (try? $0.get()) != nil })
            #expect(
                results.suffix(3).map(\.error?.code) == [.topicAlreadyExists, .invalidTopic, .invalidReplicationFactor])
            // 200 records, 100 a transaction.
            #expect(cluster.shared.commitCount - before <= 4)
            #expect(try await cluster.shared.image().partitions.count == 160)
        }
    }

    @Test("a topic has min.insync.replicas 2 when it has three replicas, and cannot want more than it has")
    func minInSync() async throws {
        try await ControlledCluster.with { cluster in
            _ = try await cluster.createTopic("t")
            #expect(try cluster[0].describeTopics(["t"]) == "2")
            _ = try await cluster.createTopic("two", replicas: 2)
            #expect(try cluster[0].describeTopics(["two"]) == "1")
            let error = await #expect(throws: BrokerError.self) {
                try await cluster.createTopic("u", replicas: 2, ["min.insync.replicas": "3"])
            }
            #expect(error?.code == .invalidConfig)
            let refused = await #expect(throws: BrokerError.self) {
                try await cluster[0].alterClusterDefaults(set: ["min.insync.replicas": "3"])
            }
            #expect(refused?.message.contains("topic two has 2 replicas") == true)
        }
    }
}

extension Broker {
    /// The effective min.insync.replicas of one topic.
    fileprivate func describeTopics(_ names: [String]) throws -> String? {
        let description = TopicDescriber(image: control.image, settings: settings, table: table)
            .describe(TopicQuery(names: names, withSettings: true))
        return try description.topics[0].result.get().settings.first { $0.name == "min.insync.replicas" }?.value
    }
}
