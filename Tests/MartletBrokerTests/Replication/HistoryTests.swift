import Foundation
import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

/// What tells replicas where their logs part: leader epochs, not high watermarks (KIP-101).
@Suite("Histories of leader epochs", .timeLimit(.minutes(5)))
struct HistoryTests {
    private static let all = 1...3 as ClosedRange<BrokerID>

    /// Returns once all three are in sync and have `values`, in the same epochs.
    private func expectAll(_ cluster: ClusterHarness, _ topic: TopicID, _ values: [String]) async throws {
        try await cluster.eventually("all are in sync") { try await cluster.inSync(topic).sorted() == Array(Self.all) }
        try await cluster.eventually("all have as much") {
            try Self.all.allSatisfy { try cluster.partition($0, topic).log.logEndOffset == Offset(values.count) }
        }
        let history = try cluster.partition(1, topic).log.epochHistory
        for broker in Self.all {
            #expect(try cluster.log(broker, topic) == values, "broker \(broker)")
            #expect(try cluster.partition(broker, topic).log.epochHistory == history, "broker \(broker)")
        }
    }

    @Test("a follower that starts with an old high watermark cuts nothing by it, and may lead at once (KIP-101)")
    func oldHighWatermark() async throws {
        // Followers hear of a high watermark with the next records only.
        try await ClusterHarness.with(fetchWait: .seconds(500)) { cluster in
            let topic = try await cluster.createTopic()
            for value in ["a", "b"] { _ = try await cluster.produce([value], to: 1, topic).get() }
            let disk = try await cluster.crash(2)
            // It hears nothing from the leader, which dies before it does.
            cluster.network.cut(1, 2)
            try await cluster.start(2, in: disk)
            try await cluster.eventually("broker 2 follows") { try cluster.partition(2, topic).isFollowing }
            #expect(try cluster.partition(2, topic).log.highWatermark < 2)
            let former = try await cluster.crash(1)
            cluster.network.heal()
            try await cluster.elect(2, topic, inSync: [2, 3])
            #expect(try await cluster.produce(["c"], to: 2, topic).get().baseOffset == 2)
            try await cluster.start(1, in: former)
            try await expectAll(cluster, topic, ["a", "b", "c"])
        }
    }

    @Test("logs of the same length that part below a high watermark are one again (KIP-101)")
    func sameLength() async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic("t", ["flush": "os"])
            _ = try await cluster.produce(["a"], to: 1, topic).get()
            cluster.network.cut(3, 1)
            cluster.network.cut(3, 2)
            // What a power cut leaves of broker 2: nothing that comes later.
            let behind = try TemporaryDirectory(crashed: cluster.member(2).directory)
            _ = try await cluster.produce(["b"], to: 1, topic, acks: .leader).get()
            // Before that broker 3 would have all that counts, and be taken back.
            try await cluster.eventually("the leader knows that broker 2 has it") {
                try cluster.partition(1, topic).replicaStatus(at: cluster.clock.elapsed).followers
                    .contains { $0.broker == 2 && $0.durableOffset == 2 }
            }
            try await cluster.change(topic) { $0.inSyncReplicas = [1, 2] }
            try await cluster.eventually("it counts") { try cluster.partition(1, topic).log.highWatermark == 2 }
            try cluster.member(1).store.checkpoint()
            let ahead = try await cluster.crash(1)
            _ = try await cluster.crash(2)

            try await cluster.start(2, in: behind)
            try await cluster.change(topic) { $0.lastUncleanEpoch = $0.leaderEpoch + 1 }
            try await cluster.elect(2, topic, inSync: [2])
            #expect(try await cluster.produce(["c"], to: 2, topic, acks: .leader).get().baseOffset == 1)
            cluster.network.heal()
            try await cluster.start(1, in: ahead)
            try await cluster.eventually("broker 1 is in sync") { try await cluster.inSync(topic).contains(1) }
            _ = try await cluster.produce(["d"], to: 2, topic).get()
            try await expectAll(cluster, topic, ["a", "c", "d"])
        }
    }

    /// What becomes of the file while its broker is down.
    enum Loss: CaseIterable {
        case removed, emptied, shortened, flipped

        func strike(_ path: String) throws {
            let url = URL(fileURLWithPath: path)
            var bytes = try Data(contentsOf: url)
            switch self {
            case .removed: return try FileManager.default.removeItem(at: url)
            case .emptied: bytes = Data()
            case .shortened: bytes.removeLast(bytes.count / 3)
            case .flipped: bytes[bytes.count / 2] ^= 0x10
            }
            try bytes.write(to: url)
        }
    }

    @Test(
        "a broker whose file of epochs is lost or damaged knows them again: it cuts what it must, and leads by them",
        arguments: Loss.allCases, [true, false])
    func lostFile(_ loss: Loss, isClean: Bool) async throws {
        try await ClusterHarness.with { cluster in
            let topic = try await cluster.createTopic()
            for (leader, value) in [(1, "0"), (2, "1"), (1, "2")] as [(BrokerID, String)] {
                if value != "0" { try await cluster.elect(leader, topic) }
                _ = try await cluster.produce([value], to: leader, topic).get()
            }
            // What only broker 1 has, while broker 3 leads.
            for other in 2...3 as ClosedRange<BrokerID> { cluster.network.cut(1, other) }
            _ = try await cluster.produce(["stale"], to: 1, topic, acks: .leader).get()
            try await cluster.elect(3, topic, inSync: [2, 3])
            _ = try await cluster.produce(["3"], to: 3, topic).get()
            try cluster.member(1).store.checkpoint()
            let disk = isClean ? await cluster.stop(1) : try await cluster.crash(1)
            try loss.strike("\(disk.path)/logs/\(topic)/0/epochs")
            cluster.network.heal()
            try await cluster.start(1, in: disk)
            try await expectAll(cluster, topic, ["0", "1", "2", "3"])

            // Now broker 1 tells another one where to cut.
            try await cluster.elect(2, topic)
            for other in [1, 3] as [BrokerID] { cluster.network.cut(2, other) }
            _ = try await cluster.produce(["stale"], to: 2, topic, acks: .leader).get()
            try await cluster.elect(1, topic, inSync: [1, 3])
            _ = try await cluster.produce(["5"], to: 1, topic).get()
            cluster.network.heal()
            try await expectAll(cluster, topic, ["0", "1", "2", "3", "5"])
        }
    }
}
