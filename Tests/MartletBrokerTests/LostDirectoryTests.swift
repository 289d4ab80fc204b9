import Foundation
import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletStorage
import Testing

@testable import MartletBroker

/// What a start found to be lost is known to the next one, as long as the cluster was not told (RULES 12).
@Suite("A partition's directory is gone", .timeLimit(.minutes(2)))
struct LostDirectoryTests {
    @Test(
        "when a start ended before the cluster was told, the next one leaves the in-sync set, too",
        arguments: [true, false], ["batch", "os"])
    func twoStarts(isKilled: Bool, flush: String) async throws {
        try await ControlledCluster.with { cluster in
            let topic = try await cluster.createTopic("t", partitions: 1, replicas: 3, ["flush": flush])
            let id = TopicIDPartition(topicID: topic, partition: 0)
            let image = try await cluster.image { $0.controller != nil && $0.partitions[id]?.leader != nil }
            let leader = try #require(image.partitions[id]?.leader?.broker)
            let victim = (leader + 1) % 3
            while let error = try await cluster[leader].produce(["a"], topic).error {
                guard error.code.isRetriable else { throw error }
                await Task.yield()
            }
            // Nobody can shrink the set meanwhile, and the victim copies nothing.
            for other in 0...2 as ClosedRange<BrokerID> where other != victim { cluster.network.cut(victim, other) }
            cluster.shared.setReadOnly(true)
            let left = try TemporaryDirectory(crashed: cluster.directory(of: victim))
            await cluster.kill(victim)
            let path = "\(left.path)/logs/\(topic)/0"
            try FileManager.default.removeItem(atPath: path)
            cluster.use(left, for: victim)

            // The first start makes the directory anew, and waits for the store to take its registration.
            let first = Task { try await cluster.start(victim) }
            while !FileManager.default.fileExists(atPath: path) { try await Task.sleep(for: .milliseconds(2)) }
            let killed = try isKilled ? TemporaryDirectory(crashed: left) : nil
            first.cancel()
            await #expect(throws: (any Error).self) { try await first.value }
            if let killed { cluster.use(killed, for: victim) }

            #expect(try await cluster.shared.image().partitions[id]?.inSyncReplicas.contains(victim) == true)
            cluster.shared.setReadOnly(false)
            let broker = try await cluster.start(victim)
            let facts = try broker.table.replica(topic, 0).log.startFacts
            #expect(facts?.isLossless(sameDirectory: true) == false)
            // It has nothing, and nobody to copy from.
            let members = try await cluster.shared.image().partitions[id]?.inSyncReplicas ?? []
            #expect(!members.contains(victim) && members.contains(leader))
            cluster.network.heal()
            try await cluster.image { $0.partitions[id]?.inSyncReplicas.contains(victim) == true }
            #expect(try broker.table.replica(topic, 0).log.values() == ["a"])
        }
    }
}
