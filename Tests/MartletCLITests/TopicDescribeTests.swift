import Foundation
import MartletCore
import Testing

@testable import Martlet
@testable import MartletCLIKit

@Suite("martlet topic describe")
struct TopicDescribeTests {
    private static func topic(replicas: [BrokerID], inSync: [BrokerID]) -> TopicInfo {
        TopicInfo(
            name: "orders", id: TopicID(high: 1, low: 2), isInternal: false,
            partitions: [
                PartitionInfo(
                    partition: 0, leader: 1, leaderEpoch: 7, replicas: replicas, inSyncReplicas: inSync,
                    sizes: PartitionInfo.Sizes(logStart: 0, highWatermark: 10, logEnd: 10, bytes: 512))
            ], settings: [])
    }

    /// A leader at offsets 100 to 1,000.
    private static func leader(epoch: LeaderEpoch = 7, followers: [ReplicaInfo.Follower]) -> ReplicaInfo {
        ReplicaInfo(
            topicPartition: TopicPartition(topic: "orders", partition: 0), topicID: TopicID(high: 1, low: 2),
            role: .leader, leaderEpoch: epoch, lastEpoch: epoch, logStart: 100, logEnd: 1000, durable: 1000,
            highWatermark: 990, sizeBytes: 2048, trouble: nil, followers: followers)
    }

    private static let followers = [
        ReplicaInfo.Follower(broker: 2, logEnd: 990, durable: 980, isInSync: true, lag: nil),
        ReplicaInfo.Follower(broker: 3, logEnd: 0, durable: 0, isInSync: false, lag: .seconds(14)),
    ]

    @Test("each partition's lag is that of the follower furthest behind, and who is not in sync is named")
    func lag() {
        let text = TopicDescribeCommand.text(
            Self.topic(replicas: [1, 2, 3], inSync: [1, 2]),
            TopicReplication([Self.leader(followers: Self.followers)]), explained: false)
        #expect(text.contains("START  END     SIZE  LAG\n"))
        // The leader's sizes, not those of the broker that answered.
        #expect(text.contains("  100  990  2.0 KiB  900\n"))
        #expect(
            text.contains(
                "\nPartition 0: broker 3 is not in sync: it lacks 900 records, and has not had all for 14.0 s\n"))
        #expect(!text.contains("broker 2"))
    }

    @Test("a follower that has not fetched from its leader, and a leader that does not answer, leave the lag open")
    func unknown() {
        let topic = Self.topic(replicas: [1, 2], inSync: [1])
        let silent = [ReplicaInfo.Follower(broker: 2, logEnd: nil, durable: nil, isInSync: false, lag: nil)]
        let text = TopicDescribeCommand.text(
            topic, TopicReplication([Self.leader(followers: silent)]), explained: false)
        #expect(text.contains("2.0 KiB    ?\n"))
        #expect(text.contains("broker 2 is not in sync, and has not fetched from this leader"))
        #expect(
            TopicDescribeCommand.text(topic, TopicReplication(), explained: false).contains("    0   10  512 B    ?\n"))
    }

    @Test("a follower that has everything and fell silent is told as that")
    func silent() {
        let silent = [ReplicaInfo.Follower(broker: 2, logEnd: 1000, durable: 1000, isInSync: false, lag: .seconds(7))]
        let text = TopicDescribeCommand.text(
            Self.topic(replicas: [1, 2], inSync: [1]), TopicReplication([Self.leader(followers: silent)]),
            explained: false)
        #expect(text.contains("broker 2 is not in sync: it lacks nothing, but has not asked for more for 7.0 s\n"))
    }

    @Test("where nothing is replicated there is no column for it")
    func single() {
        let text = TopicDescribeCommand.text(
            Self.topic(replicas: [1], inSync: [1]), TopicReplication(), explained: false)
        #expect(!text.contains("LAG"))
        #expect(text.contains("512 B\n"))
    }

    @Test("of two that say they lead the later one is believed")
    func deposed() {
        let replication = TopicReplication([
            Self.leader(epoch: 8, followers: []), Self.leader(epoch: 7, followers: Self.followers),
        ])
        #expect(replication.followers(of: Self.topic(replicas: [1, 2, 3], inSync: [1]).partitions[0]).isEmpty)
    }

    @Test("programs get each follower")
    func json() throws {
        let line = TopicDescribeCommand.json(
            Self.topic(replicas: [1, 2, 3], inSync: [1, 2]),
            TopicReplication([Self.leader(followers: Self.followers)]))
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        let partition = try #require((object?["partitions"] as? [[String: Any]])?.first)
        #expect(partition["log_end_offset"] as? Int == 1000)
        let followers = try #require(partition["followers"] as? [[String: Any]])
        #expect(followers.map { $0["broker"] as? Int } == [2, 3])
        #expect(followers.map { $0["records_missing"] as? Int } == [10, 900])
        #expect(followers.map { $0["in_sync"] as? Bool } == [true, false])
        #expect(followers[0]["behind_seconds"] is NSNull)
        #expect(followers[1]["behind_seconds"] as? Double == 14)
    }
}
