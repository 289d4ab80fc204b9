import Foundation
import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletStorage
import Synchronization
import Testing

@testable import MartletBroker

@Suite("Replication")
struct ReplicationTests {
    @Test("with acks=all a write is answered once all in-sync replicas have it, byte for byte")
    func acknowledged() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            for number in 0..<20 {
                let batch = try await cluster.produce(["\(number)", "and more"], to: 1, topic).get()
                #expect(batch.baseOffset == Offset(2 * number))
                for broker in 2...3 as ClosedRange<BrokerID> {
                    #expect(try cluster.partition(broker, topic).log.durableOffset >= Offset(2 * number + 2))
                }
            }
            let expected = (0..<20).flatMap { ["\($0)", "and more"] }
            for broker in 1...3 as ClosedRange<BrokerID> { #expect(try cluster.log(broker, topic) == expected) }
            #expect(try await cluster.read(1, topic) == expected)
            // Followers hear of it with a later fetch.
            try await cluster.eventually("the high watermark is known everywhere") {
                try (1...3 as ClosedRange<BrokerID>).allSatisfy {
                    try cluster.partition($0, topic).log.highWatermark == 40
                }
            }
            #expect(cluster.broker(1).replicationStatus().underReplicated == 0)
            #expect(cluster.broker(2).replicationStatus().counters.bytesIn > 0)
        }
    }

    @Test("a follower sends clients to the leader")
    func notLeader() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            let error = try await cluster.produce(["a"], to: 2, topic).error
            #expect(error?.code == .notLeaderOrFollower)
            #expect(error?.leader == LeaderHint(brokerID: 1, leaderEpoch: 0))
            let read = await #expect(throws: BrokerError.self) { try await cluster.read(3, topic) }
            #expect(read?.leader?.brokerID == 1)
        }
    }

    @Test("a killed leader's successor has all that was acknowledged; the dead one comes back, cuts and catches up")
    func failover() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a", "b"], to: 1, topic).get()
            // What only the leader has.
            cluster.network.cut(1, 2)
            cluster.network.cut(1, 3)
            _ = try await cluster.produce(["lost"], to: 1, topic, acks: .leader).get()
            let disk = try await cluster.crash(1)
            cluster.network.heal()
            try await cluster.elect(2, topic, inSync: [2, 3])
            _ = try await cluster.produce(["c"], to: 2, topic).get()
            try await cluster.start(1, in: disk)
            try await cluster.eventually("broker 1 is in sync again") {
                try await cluster.inSync(topic).sorted() == [1, 2, 3]
            }
            _ = try await cluster.produce(["d"], to: 2, topic).get()
            for broker in 1...3 as ClosedRange<BrokerID> {
                #expect(try cluster.log(broker, topic) == ["a", "b", "c", "d"])
            }
            #expect(cluster.broker(1).replication.counters.snapshot.truncations == 1)
        }
    }

    @Test("leaderships that move twice, faster than logs are copied, leave one history (KIP-279)")
    func twice() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            for (leader, value) in [(2, "x"), (3, "y"), (1, "z")] as [(BrokerID, String)] {
                for other in 1...3 as ClosedRange<BrokerID> where other != leader { cluster.network.cut(leader, other) }
                try await cluster.elect(leader, topic)
                _ = try await cluster.produce([value], to: leader, topic, acks: .leader).get()
            }
            try await cluster.elect(3, topic)
            cluster.network.heal()
            _ = try await cluster.produce(["b"], to: 3, topic).get()
            for broker in 1...3 as ClosedRange<BrokerID> {
                #expect(try cluster.log(broker, topic) == ["a", "y", "b"])
            }
        }
    }

    @Test("who does not keep up leaves the in-sync set, writes go on, and it joins again once it has caught up")
    func shrinkAndGrow() async throws {
        try await ClusterHarness.with(lagMax: .seconds(1)) { cluster in
            let topic = try await cluster.createTopic()
            cluster.network.cut(1, 3)
            let written = try await cluster.produce(["a"], to: 1, topic).get()
            #expect(written.baseOffset == 0)
            #expect(try await cluster.inSync(topic) == [1, 2])
            #expect(cluster.broker(1).replicationStatus().underReplicated == 1)
            cluster.network.heal()
            try await cluster.eventually("broker 3 is in sync") { try await cluster.inSync(topic) == [1, 2, 3] }
            #expect(try cluster.log(3, topic) == ["a"])
            try await cluster.eventually("both changes are counted") {
                let counters = cluster.broker(1).replication.counters.snapshot
                return counters.inSyncShrinks == 1 && counters.inSyncExpands == 1
            }
        }
    }

    @Test("a replica that is far behind comes in sync beside producers that never stop, a piece at a time")
    func catchUp() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            cluster.network.cut(1, 3)
            let value = String(repeating: "x", count: 100_000)
            _ = try await cluster.produce([value], to: 1, topic, acks: .leader).get()
            // Before that broker 3 would have all that counts, and be taken back.
            try await cluster.eventually("the leader knows that broker 2 has it") {
                try cluster.partition(1, topic).replicaStatus(at: cluster.clock.elapsed).followers
                    .contains { $0.broker == 2 && $0.durableOffset == 1 }
            }
            try await cluster.change(topic) { $0.inSyncReplicas = [1, 2] }
            for _ in 0..<80 { _ = try await cluster.produce([value], to: 1, topic).get() }
            let producing = Task {
                var count = 0
                while !Task.isCancelled {
                    _ = try await cluster.produce([value], to: 1, topic).get()
                    count += 1
                }
                return count
            }
            try await cluster.eventually("the leader has live traffic") { cluster.broker(1).liveTraffic.isThere }
            #expect(cluster.network.bulkFetchBytes.isEmpty)
            cluster.network.heal()
            try await cluster.eventually("broker 3 is in sync again") {
                try await cluster.inSync(topic).sorted() == [1, 2, 3]
            }
            producing.cancel()
            #expect(try await producing.value > 0)
            let fetches = cluster.network.bulkFetchBytes
            // 8 MB in pieces of 1 MiB: the partition's bound.
            #expect(fetches.count >= 7)
            // Where producers got no time for a tenth of a second there is no live traffic to make room for.
            #expect(fetches.filter { $0 <= 2 << 20 }.count > fetches.count / 2)
            let expected = try cluster.partition(1, topic).log.logEndOffset
            try await cluster.eventually("all have all") {
                try (2...3 as ClosedRange<BrokerID>).allSatisfy {
                    try cluster.partition($0, topic).log.logEndOffset == expected
                }
            }
            #expect(try cluster.log(3, topic) == cluster.log(1, topic))
        }
    }

    @Test("below min.insync.replicas nothing is acknowledged, nothing is shown, and the set does not shrink")
    func belowMinimum() async throws {
        let lagMax = Duration.seconds(600)
        try await ClusterHarness.with(lagMax: lagMax) { cluster in
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            cluster.network.cut(1, 2)
            cluster.network.cut(1, 3)
            cluster.clock.skip(lagMax)
            try await cluster.eventually("writes are refused") {
                try await cluster.produce(["refused"], to: 1, topic, timeout: .milliseconds(50)).error?.code
                    == .notEnoughReplicas
            }
            try await cluster.eventually("one has left") { try await cluster.inSync(topic).count == 2 }
            _ = try await cluster.produce(["hidden"], to: 1, topic, acks: .leader).get()
            #expect(try await cluster.read(1, topic) == ["a"])
            #expect(cluster.broker(1).replicationStatus().underMinInSync == 1)
            #expect(try await cluster.inSync(topic).count == 2)
            cluster.network.heal()
            try await cluster.eventually("writes are taken") {
                try await cluster.produce(["b"], to: 1, topic).error == nil
            }
            let all = try await cluster.read(1, topic)
            #expect(all.first == "a" && all.contains("hidden") && all.last == "b")
        }
    }

    @Test("whoever waits for a replica when the leadership moves hears that the outcome is unknown, and who leads")
    func waiters() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            cluster.network.cut(1, 2)
            cluster.network.cut(1, 3)
            async let produced = cluster.produce(["a"], to: 1, topic)
            try await cluster.eventually("it waits") { cluster.broker(1).counters.snapshot.producesWaiting == 1 }
            try await cluster.elect(2, topic, inSync: [2, 3])
            let error = try await produced.error
            #expect(error?.code == .leaderChangedAfterAppend && error?.leader?.brokerID == 2)
        }
    }

    @Test("a new leader tells nobody the latest offset before its followers have what it began with")
    func latest() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            cluster.network.cut(2, 1)
            cluster.network.cut(2, 3)
            try await cluster.elect(2, topic)
            _ = try await cluster.produce(["b"], to: 2, topic, acks: .leader).get()
            let item = ListOffsetsItem(topicID: topic, partition: 0, leaderEpoch: -1, spec: .latest)
            if try cluster.partition(2, topic).log.highWatermark < 1 {
                #expect(await cluster.broker(2).listOffsets([item])[0].error?.code == .offsetNotAvailable)
            }
            cluster.network.heal()
            try await cluster.eventually("the latest offset is known") {
                await cluster.broker(2).listOffsets([item])[0]
                    == .success(
                        ListedOffset(offset: 2, timestamp: -1, leaderEpoch: 1))
            }
        }
    }

    @Test("a follower that is below the leader's log start begins there")
    func belowStart() async throws {
        try await ClusterHarness.with(lagMax: .seconds(1)) { cluster in
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a", "b"], to: 1, topic).get()
            cluster.network.cut(1, 3)
            _ = try await cluster.produce(["c", "d"], to: 1, topic).get()
            let item = DeleteRecordsItem(topicID: topic, partition: 0, before: 4)
            #expect(try await cluster.broker(1).deleteRecords([item])[0].get() == 4)
            cluster.network.heal()
            _ = try await cluster.produce(["e"], to: 1, topic).get()
            try await cluster.eventually("broker 3 has the same") {
                try cluster.log(3, topic) == ["e"] && cluster.partition(2, topic).log.logStartOffset == 4
            }
            #expect(cluster.broker(3).replication.counters.snapshot.resets == 1)
            try await cluster.eventually("broker 3 is in sync") { try await cluster.inSync(topic) == [1, 2, 3] }
        }
    }

    @Test("an older run of a broker is not heard, and a fenced one joins no in-sync set (KIP-841)")
    func fencedReplica() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            // Broker 3 counts as fenced, and another run of it has registered, whatever it does itself.
            let run = cluster.member(3).run
            let registered = try #require(try await cluster.metadata.image().brokers[3])
            var record = registered.record
            record.isFenced = true
            var transaction = MetadataTransaction()
            transaction.put(.broker(record), ifRevision: registered.revision)
            _ = try await cluster.metadata.commit(transaction)
            try await cluster.change(topic) { $0.inSyncReplicas = [1, 2] }
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            try await cluster.eventually("broker 3 has it") { try cluster.log(3, topic) == ["a"] }
            let partition = try cluster.partition(1, topic)
            try await cluster.eventually("its joining was proposed") {
                partition.state.withLock { $0.leader?.nextProposal ?? .zero } > .zero
            }
            #expect(try await cluster.inSync(topic) == [1, 2])
            record.isFenced = false
            record.startEpoch += 1
            transaction = MetadataTransaction()
            transaction.put(
                .broker(record), ifRevision: try #require(try await cluster.metadata.image().brokers[3]).revision)
            _ = try await cluster.metadata.commit(transaction)
            try await cluster.eventually("its fetches are refused") {
                cluster.broker(1).replication.refusal(of: run)?.code == .staleBrokerEpoch
            }
            #expect(try await cluster.inSync(topic) == [1, 2])
        }
    }

    @Test(
        "past its session, or before the news of a gap in it, a leader alone answers only acks=all (RULES 19)",
        arguments: [TestSession.over, .openedAnew])
    func unproven(session: TestSession) async throws {
        try await ClusterHarness.with { cluster in
            let disk = try await cluster.crash(1)
            try await cluster.start(1, in: disk, session: session)
            let topic = try await cluster.createTopic()
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            #expect(try await cluster.produce(["b"], to: 1, topic, acks: .leader).error == nil)
            cluster.network.cut(1, 2)
            try await cluster.eventually("acks=1 is refused") {
                // It is in the log by then.
                try await cluster.produce(["c"], to: 1, topic, acks: .leader).error?.code == .leaderChangedAfterAppend
            }
            await #expect(throws: BrokerError.self) { try await cluster.read(1, topic) }
            let item = ListOffsetsItem(topicID: topic, partition: 0, leaderEpoch: -1, spec: .latest)
            #expect(await cluster.broker(1).listOffsets([item])[0].error?.code == .notLeaderOrFollower)
        }
    }

    @Test("hundreds of partitions are copied together, and busy ones apart from those that are quiet")
    func many() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic(partitions: 200)
            for index in 0..<200 as Range<PartitionIndex> where index % 10 == 0 {
                _ = try await cluster.produce(["\(index)"], to: 1, topic, index).get()
            }
            // Those that the image brings while a request is under way are asked for in another one.
            #expect(cluster.network.fetchItems.max() ?? 0 > 40)
            try await cluster.eventually("a busy partition is asked for without the quiet ones") {
                let before = cluster.network.fetchItems.count
                _ = try await cluster.produce(["busy"], to: 1, topic, 7).get()
                return cluster.network.fetchItems[before...].contains(1)
            }
        }
    }
}

@Suite("Replication throttle")
struct ReplicationThrottleTests {
    @Test("no more than its rate is let through, but for one fetch; without a rate everything")
    func rate() {
        let throttle = ReplicationThrottle(bytesPerSecond: 1_000)
        #expect(throttle.pause(at: .zero) == nil)
        throttle.take(3_000)
        #expect(throttle.pause(at: .zero) == .milliseconds(2_001))
        #expect(throttle.pause(at: .seconds(1)) != nil)
        #expect(throttle.pause(at: .milliseconds(2_001)) == nil)
        throttle.take(500)
        throttle.set(nil)
        #expect(throttle.pause(at: .milliseconds(2_001)) == nil)
    }
}
