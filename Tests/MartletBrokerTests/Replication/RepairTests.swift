import Foundation
import HashTreeCollections
import MartletCore
import MartletMetadata
import Testing

@testable import MartletBroker
@testable import MartletStorage

/// Damaged batches are replaced by those of other replicas, or the whole replica is (RULES 8, 17).
@Suite("Damage in a cluster", .timeLimit(.minutes(2)))
struct RepairTests {
    private static let values = (0..<10).map { "value \($0)" }
    /// In the records, which the CRC covers; and in the leader epoch, by which copies of a batch are known for one.
    private static let inRecords = 66
    private static let inEpoch = 15

    /// Writes ``values`` in batches of their own, a few to a segment of the replica on `broker`.
    private func write(_ cluster: ClusterHarness, segmentsOn broker: BrokerID) async throws -> TopicID {
        let topic = try await cluster.createTopic()
        try cluster.partition(broker, topic).log.useSmallSegments()
        for value in Self.values { _ = try await cluster.produce([value], to: 1, topic).get() }
        return topic
    }

    @Test("a bit that flips on a disk is repaired from another replica", arguments: [1, 2] as [BrokerID])
    func bitFlip(on id: BrokerID) async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await write(cluster, segmentsOn: id)
            let log = try cluster.partition(id, topic).log
            try flip(Self.inRecords, of: 2, in: log)
            cluster.member(id).store.scrub()
            #expect(cluster.broker(id).replication.counters.snapshot.corruptionsFound == 1)
            try await cluster.eventually("it is repaired") { log.damages.isEmpty }
            #expect(try cluster.log(id, topic) == Self.values)
        }
    }

    @Test("a follower that cannot be repaired leaves the in-sync set, is copied anew, and joins again")
    func copiedAnew() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await write(cluster, segmentsOn: 2)
            let damaged = try cluster.partition(2, topic)
            let before = damaged.statement
            try flip(Self.inEpoch, of: 2, in: damaged.log)
            cluster.member(2).store.scrub()
            #expect(damaged.condition != .sound)
            try await cluster.eventually("another replica has taken its place") {
                let copy = try? cluster.partition(2, topic)
                return copy !== damaged && copy?.log.logEndOffset == 10
            }
            try await cluster.eventually("it is in sync") { try await cluster.inSync(topic).sorted() == [1, 2, 3] }
            #expect(try cluster.log(2, topic) == Self.values)
            let copy = try cluster.partition(2, topic)
            #expect(
                before.incarnation < damaged.statement.incarnation, "what it said before it was beyond repair is over")
            #expect(damaged.statement.incarnation < copy.statement.incarnation)
            try await cluster.eventually("it had left and has joined") {
                let changes = cluster.broker(1).replication.counters.snapshot
                return changes.inSyncShrinks == 1 && changes.inSyncExpands == 1
            }
            _ = try await cluster.produce(["more"], to: 1, topic).get()
            #expect(try cluster.log(2, topic) == Self.values + ["more"])
            #expect(cluster.broker(2).status().troubles.contains { $0.reason.contains("copied anew") })
        }
    }

    @Test("while too few replicas are left a damaged one waits for its leader, and serves nothing that is damaged")
    func waits() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await write(cluster, segmentsOn: 2)
            cluster.network.cut(1, 2)
            try flip(Self.inEpoch, of: 2, in: try cluster.partition(2, topic).log)
            cluster.member(2).store.scrub()
            #expect(try cluster.partition(2, topic).condition == .underRepair)
            #expect(throws: StorageError.self) { try cluster.log(2, topic) }
            // Nobody says that it may begin anew.
            #expect(try await cluster.inSync(topic) == [1, 2, 3])
            #expect(try cluster.partition(2, topic).log.logEndOffset == 10)
            cluster.network.heal()
            try await cluster.eventually("it is copied") {
                (try? cluster.log(2, topic)) == Self.values
            }
        }
    }

    @Test("what was found damaged before a kill -9 is known after it, and repaired, though nothing finds it again")
    func keptOverRestart() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await write(cluster, segmentsOn: 2)
            // Recovery begins behind what is damaged: it would be found there.
            try cluster.member(2).store.checkpoint()
            cluster.network.cut(1, 2)
            cluster.network.cut(2, 3)
            try flip(Self.inRecords, of: 2, in: try cluster.partition(2, topic).log)
            cluster.member(2).store.scrub()
            let disk = try await cluster.crash(2)
            try await cluster.start(2, in: disk)
            cluster.member(2).store.waitForRecovery()
            let damaged = try cluster.partition(2, topic)
            #expect(damaged.log.damages.map(\.offsets) == [2..<3])
            #expect(damaged.condition == .underRepair)
            #expect(throws: StorageError.self) { try cluster.log(2, topic) }
            cluster.network.heal()
            try await cluster.eventually("it has what the others have") {
                (try? cluster.log(2, topic)) == Self.values
            }
            #expect(damaged.condition == .sound)
            try await cluster.eventually("it is in sync") { try await cluster.inSync(topic).sorted() == [1, 2, 3] }
        }
    }

    @Test("a follower that is sent a damaged batch has its leader look at its disk, and repair it")
    func sentDamaged() async throws {
        try await ClusterHarness.with(lagMax: .seconds(1)) { cluster in
            let topic = try await cluster.createTopic()
            cluster.network.cut(1, 3)
            // The first waits until broker 3 is no longer in sync.
            for value in Self.values { _ = try await cluster.produce([value], to: 1, topic).get() }
            // In the segment that is being written, which no scrub reads.
            try flip(Self.inRecords, of: 9, in: try cluster.partition(1, topic).log)
            cluster.network.heal()
            try await cluster.eventually("broker 3 has everything") {
                (try? cluster.log(3, topic)) == Self.values
            }
            #expect(try cluster.log(1, topic) == Self.values)
            #expect(cluster.broker(1).replication.counters.snapshot.corruptionsFound == 1)
            #expect(cluster.broker(3).replication.counters.snapshot.corruptionsFound >= 1)
        }
    }
}

/// The same with controllers, which move leadership.
@Suite("Damaged leaders", .timeLimit(.minutes(2)))
struct DamagedLeaderTests {
    /// A topic of one partition with a few records in several segments, and who leads it.
    private func write(_ cluster: ControlledCluster) async throws -> (id: TopicIDPartition, leader: BrokerID) {
        let topic = try await cluster.createTopic("t", partitions: 1)
        let id = TopicIDPartition(topicID: topic, partition: 0)
        let leader = try await cluster.image { $0.controller != nil }.partitions[id]!.leader!.broker
        try await cluster.leads(leader, id)
        try cluster.partition(leader, id).log.useSmallSegments()
        for number in 0..<10 { _ = try await cluster.produce(["value \(number)"], to: leader, id).get() }
        return (id, leader)
    }

    @Test("a leader that cannot be repaired lets another lead, is copied anew, and is in sync again")
    func handsOver() async throws {
        try await ControlledCluster.with { cluster in
            let (id, leader) = try await write(cluster)
            let damaged = try cluster.partition(leader, id)
            try flip(15, of: 2, in: damaged.log)
            cluster[leader].store.scrub()
            let image = try await cluster.image { $0.partitions[id]?.leader.map { $0.broker != leader } ?? false }
            let next = try #require(image.partitions[id]?.leader?.broker)
            try await cluster.leads(next, id)
            _ = try await cluster.produce(["next"], to: next, id).get()
            while (try? cluster.partition(leader, id)).map({ $0 === damaged }) ?? true {
                try await Task.sleep(for: .milliseconds(2))
            }
            try await cluster.image { $0.partitions[id]?.inSyncReplicas.contains(leader) == true }
            let copy = try cluster.partition(leader, id)
            #expect(copy.log.logEndOffset == 11)
            #expect(!copy.log.hasDamage)
        }
    }

    @Test("a leader whose log goes offline leaves the in-sync set, and another leads", arguments: [true, false])
    func offline(isLeader: Bool) async throws {
        try await ControlledCluster.with { cluster in
            let (id, leader) = try await write(cluster)
            let victim = isLeader ? leader : (leader + 1) % 3
            try cluster.partition(victim, id).log.goOffline("the disk is broken")
            let image = try await cluster.image { image in
                guard let record = image.partitions[id], let leader = record.leader else { return false }
                return !record.inSyncReplicas.contains(victim) && leader.broker != victim
            }
            let next = try #require(image.partitions[id]?.leader?.broker)
            #expect(isLeader || next == leader)
            try await cluster.leads(next, id)
            _ = try await cluster.produce(["next"], to: next, id).get()
        }
    }

    @Test("the last replica in sync stays in the set when its log goes offline: nobody else has everything")
    func lastOffline() async throws {
        try await ControlledCluster.with(2) { cluster in
            let (id, leader) = try await write(cluster)
            await cluster.kill(1 - leader)
            try await cluster.image { $0.partitions[id]?.inSyncReplicas == [leader] }
            try cluster.partition(leader, id).log.goOffline("the disk is broken")
            let before = try await cluster.shared.image().partitions[id]
            await cluster[leader].control.withdraw([id])
            #expect(try await cluster.shared.image().partitions[id] == before)
        }
    }

    @Test("a log that is damaged beyond recovery at the start is set aside and copied from the leader")
    func damagedAtStart() async throws {
        try await ControlledCluster.with { cluster in
            let (id, leader) = try await write(cluster)
            let victim = (leader + 1) % 3
            // As a crash leaves it; then somebody cuts off what is known to have been synced.
            try cluster[victim].store.checkpoint()
            let left = try TemporaryDirectory(crashed: cluster.directory(of: victim))
            await cluster.kill(victim)
            try await cluster.image { $0.brokers[victim]?.isFenced == true }
            let folder = "\(left.path)/logs/\(id.topicID)/\(id.partition)"
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".log") }
            let file = open("\(folder)/\(try #require(names.min()))", O_RDWR)
            #expect(ftruncate(file, 70) == 0)
            close(file)
            cluster.use(left, for: victim)
            let broker = try await cluster.start(victim)
            try await cluster.image { $0.partitions[id]?.inSyncReplicas.count == 3 }
            #expect(try cluster.partition(victim, id).log.logEndOffset == 10)
            #expect(broker.control.setAside.map(\.id) == [id])
        }
    }
}

extension PartitionLog {
    fileprivate func useSmallSegments() {
        var settings = settings
        settings.segmentBytes = 300
        update(settings: settings)
    }
}

/// Flips a bit of the batch that holds `offset`, on the disk.
private func flip(_ byte: Int, of offset: Offset, in log: PartitionLog) throws {
    let read = try #require(try log.read(from: offset, maxBytes: 1, upTo: .max))
    let file = open(read.lease.path, O_RDWR)
    defer { close(file) }
    var value: UInt8 = 0
    #expect(pread(file, &value, 1, off_t(read.filePosition + byte)) == 1)
    value ^= 4
    #expect(pwrite(file, &value, 1, off_t(read.filePosition + byte)) == 1)
}

extension ControlledCluster {
    fileprivate func partition(_ broker: BrokerID, _ id: TopicIDPartition) throws -> Partition {
        try self[broker].table.replica(id.topicID, id.partition)
    }

    /// Returns once the broker knows that it leads.
    fileprivate func leads(_ broker: BrokerID, _ id: TopicIDPartition) async throws {
        while (try? partition(broker, id))?.leaderEpoch == nil { try await Task.sleep(for: .milliseconds(2)) }
    }

    fileprivate func produce(
        _ values: [String], to broker: BrokerID, _ id: TopicIDPartition
    ) async throws -> ProduceOutcome {
        try await self[broker].produce(values, id.topicID, id.partition)
    }
}
