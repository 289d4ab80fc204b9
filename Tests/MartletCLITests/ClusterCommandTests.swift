import Foundation
import MartletCore
import Testing

@testable import Martlet
@testable import MartletCLIKit

@Suite("martlet cluster")
struct ClusterCommandTests {
    private static let first = TopicPartition(topic: "orders", partition: 0)

    private static func replica(
        _ partition: TopicPartition = first, epoch: LeaderEpoch, end: Offset, start: Offset = 0, trouble: String? = nil
    ) -> ReplicaInfo {
        ReplicaInfo(
            topicPartition: partition, topicID: TopicID(high: 1, low: 2), role: .follower, leaderEpoch: epoch,
            lastEpoch: epoch, logStart: start, logEnd: end, durable: end, highWatermark: start, sizeBytes: 10,
            trouble: trouble, followers: [])
    }

    private static func overview(
        brokers: [ClusterBroker], troubled: [TroubledPartition] = [], isAvailable: Bool = true
    ) -> ClusterOverview {
        ClusterOverview(
            clusterID: "c1", isSingle: false, controller: 2, brokers: brokers, troubled: troubled,
            store: MetadataStoreStatus(
                kind: "etcd", isAvailable: isAvailable, revision: 7,
                members: [
                    .init(
                        name: "http://h:2379", isReachable: true, isLeader: true, version: "3.5", sizeBytes: 4096,
                        usedBytes: nil, troubles: ["NOSPACE is raised"])
                ], troubles: []),
            topics: 1, partitions: 3, partitionsMoving: 0, partitionsNotPreferred: 0, metadataRevision: 9,
            featureLevel: 1)
    }

    private static func broker(_ id: BrokerID, isAlive: Bool = true, isDraining: Bool = false) -> ClusterBroker {
        ClusterBroker(
            broker: BrokerInfo(id: id, address: BrokerAddress(host: "h\(id)")), rack: "r\(id)", startEpoch: 4,
            isAlive: isAlive, isFenced: false, isStopping: false, isDraining: isDraining, leaders: 1, replicas: 3,
            inSync: 3, stuckReplicas: 0)
    }

    @Test(
        "partitions are named TOPIC or TOPIC:PARTITION",
        arguments: [
            ("orders", "orders", nil), ("orders:3", "orders", 3), ("a.b-c:0", "a.b-c", 0),
        ] as [(String, String, Int32?)])
    func partitions(text: String, topic: String, partition: Int32?) throws {
        let argument = try #require(PartitionArgument(argument: text))
        #expect(argument.topic == topic)
        #expect(argument.partition == partition)
    }

    @Test("what names no partition is refused", arguments: ["", ":1", "orders:", "orders:-1", "orders:x"])
    func badPartitions(text: String) {
        #expect(PartitionArgument(argument: text) == nil)
    }

    @Test("lists of brokers and numbers of bytes are read, or refused whole")
    func listsAndBytes() {
        #expect(BrokerList(argument: "1,2,3")?.ids == [1, 2, 3])
        for bad in ["", "1,", "1,x", "-1"] { #expect(BrokerList(argument: bad) == nil, "\(bad)") }
        #expect(ByteCount(argument: "500")?.bytes == 500)
        #expect(ByteCount(argument: "20M")?.bytes == 20 << 20)
        for bad in ["", "0", "M", "-1K", "20T", "99999999999999999999G"] {
            #expect(ByteCount(argument: bad) == nil, "\(bad)")
        }
    }

    @Test("a plan that was printed as JSON is read back")
    func plan() throws {
        let moves = [
            PartitionMove(Self.first, replicas: [1, 2], target: [2, 3]),
            PartitionMove(TopicPartition(topic: "a\"b", partition: 7), replicas: [], target: [1]),
        ]
        let read = try ReassignmentPlan.parse(Data((moves.map(\.json).joined() + "\n").utf8), named: "plan")
        #expect(read.map(\.topicPartition) == moves.map(\.topicPartition))
        #expect(read.map(\.target) == moves.map(\.target))
    }

    @Test("a line of a plan that is none is told by its number")
    func badPlan() {
        let text = "\(PartitionMove(Self.first, target: [1]).json)\n{\"topic\":\"x\"}\n"
        #expect {
            _ = try ReassignmentPlan.parse(Data(text.utf8), named: "plan.json")
        } throws: { "\($0)".contains("plan.json, line 3") }
    }

    @Test("the replica with the newest epoch leads when none is in sync, the longest of those; nobody when none is up")
    func unclean() {
        let choice = UncleanChoice.choose(
            Self.first,
            among: [
                (1, Self.replica(epoch: 4, end: 900)), (2, Self.replica(epoch: 5, end: 100)),
                (3, Self.replica(epoch: 5, end: 101)),
            ])
        #expect(choice.broker == 3)
        #expect(choice.explanation.contains("broker 1 ends at 900 in epoch 4"))
        #expect(UncleanChoice.choose(Self.first, among: []).broker == nil)
    }

    @Test("what is left to copy is what the replicas that are waited for lack")
    func progress() {
        let progress = ReassignmentProgress(
            move: PartitionMove(Self.first, replicas: [1, 2], target: [1, 3, 4]), inSyncReplicas: [1, 2])
        let report = MoveReport.make(
            progress,
            replicas: [
                1: Self.replica(epoch: 1, end: 1000, start: 100), 3: Self.replica(epoch: 1, end: 400, start: 100),
                4: Self.replica(epoch: -1, end: 0, start: 0),
            ])
        #expect(progress.waitingFor == [3, 4])
        #expect(report.recordsLeft == 1600)
        #expect(MoveReport.make(progress, replicas: [1: Self.replica(epoch: 1, end: 9)]).recordsLeft == nil)
    }

    @Test("status tells brokers, the store and each replica of a partition in trouble, to people and to programs")
    func status() throws {
        let troubled = TroubledPartition(
            topicPartition: Self.first, topicID: TopicID(high: 1, low: 2), leader: nil, leaderEpoch: 5,
            replicas: [1, 3], inSyncReplicas: [3], targetReplicas: [], minInSync: 2, lastUncleanEpoch: nil)
        var survey = ClusterSurvey(
            overview: Self.overview(
                brokers: [Self.broker(1, isDraining: true), Self.broker(3, isAlive: false)], troubled: [troubled]))
        survey.replicas[Self.first] = [1: Self.replica(epoch: 4, end: 77)]
        let text = survey.text
        #expect(!survey.isHealthy)
        for part in [
            "Cluster c1, controller 2", "etcd, available", "NOSPACE is raised", "draining", "down", "1 offline",
            "orders-0 is OFFLINE", "broker 1: last epoch 4, end 77", "broker 3: does not answer",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        let json = try JSONSerialization.jsonObject(with: Data(survey.json.utf8)) as? [String: Any]
        let object = try #require(json)
        #expect(object["healthy"] as? Bool == false)
        #expect(object["partitions_offline"] as? Int == 1)
        #expect((object["brokers"] as? [[String: Any]])?.map { $0["state"] as? String } == ["draining", "down"])
    }

    @Test("status tells how many records a replica lacks of what its leader has")
    func lack() {
        let behind = TroubledPartition(
            topicPartition: Self.first, topicID: TopicID(high: 1, low: 2), leader: 1, leaderEpoch: 5,
            replicas: [1, 2, 3], inSyncReplicas: [1], targetReplicas: [], minInSync: 1, lastUncleanEpoch: nil)
        var survey = ClusterSurvey(overview: Self.overview(brokers: [Self.broker(1)], troubled: [behind]))
        survey.replicas[Self.first] = [
            1: Self.replica(epoch: 5, end: 1000, start: 100), 2: Self.replica(epoch: 5, end: 999),
            // What its leader has no more it does not get either.
            3: Self.replica(epoch: -1, end: 0),
        ]
        #expect(survey.recordsMissing(behind, 1) == 0)
        #expect(survey.recordsMissing(behind, 2) == 1)
        #expect(survey.recordsMissing(behind, 3) == 900)
        #expect(survey.recordsMissing(behind, 4) == nil)
        #expect(survey.text.contains("lacks 1 record\n"))
        #expect(survey.text.contains("lacks 900 records\n"))
        #expect(!survey.text.contains("lacks 0"))
    }

    @Test(
        "of thousands of partitions in trouble status tells some in full, the offline ones first, and counts the rest")
    func manyTroubles() {
        let troubled = (0..<PartitionIndex(50)).map { index in
            TroubledPartition(
                topicPartition: TopicPartition(topic: "t", partition: index), topicID: TopicID(high: 1, low: 2),
                leader: index == 49 ? nil : 1, leaderEpoch: 5, replicas: [1, 2], inSyncReplicas: [1],
                targetReplicas: [], minInSync: 1, lastUncleanEpoch: nil)
        }
        let text = ClusterSurvey(overview: Self.overview(brokers: [Self.broker(1)], troubled: troubled)).text
        #expect(text.contains("t-49 is OFFLINE"))
        #expect(text.contains("t-18 is led by 1"))
        #expect(!text.contains("t-19 is"))
        #expect(text.contains("and 30 more; --json tells all\n"))
    }

    @Test("a cluster is healthy when everything is up and in sync, and not when its store is away")
    func health() {
        #expect(ClusterSurvey(overview: Self.overview(brokers: [Self.broker(1)])).isHealthy)
        #expect(!ClusterSurvey(overview: Self.overview(brokers: [Self.broker(1)], isAvailable: false)).isHealthy)
        #expect(!ClusterSurvey(overview: Self.overview(brokers: [Self.broker(1, isAlive: false)])).isHealthy)
    }

    @Test("a full disk is no health, of a broker or of a cluster")
    func fullDisk() {
        var status = Self.status(.init(topicPartition: Self.first, reason: "aside", isNote: true))
        status.isDiskFull = true
        #expect(BrokerStatusCommand.text(status).contains("FULL: writes are refused"))
        #expect(BrokerStatusCommand.json(status).contains(#""disk_full":true"#))
        var survey = ClusterSurvey(overview: Self.overview(brokers: [Self.broker(1)]))
        survey.statuses[1] = status
        #expect(!survey.isHealthy)
        #expect(survey.text.contains("DISK FULL"))
        #expect(survey.json.contains(#""disk_full":true"#))
    }

    @Test("what was set aside is told with its remedy and changes no exit code, what is damaged does")
    func notes() {
        var survey = ClusterSurvey(overview: Self.overview(brokers: [Self.broker(1)]))
        var trouble = BrokerStatus.Trouble(
            topicPartition: Self.first, reason: "its replica has moved. When nobody misses it: rm -r '/d/aside/x-0'",
            isNote: true)
        survey.statuses[1] = Self.status(trouble)
        #expect(survey.isHealthy)
        #expect(survey.text.contains("note: broker 1, orders-0: its replica has moved"))
        #expect(BrokerStatusCommand.text(Self.status(trouble)).contains("note: orders-0: its replica has moved"))
        #expect(!BrokerStatusCommand.text(Self.status(trouble)).contains("offline"))
        #expect(BrokerStatusCommand.json(Self.status(trouble)).contains(#""offline":[],"notes":[{"topic":"orders""#))
        trouble.isNote = false
        survey.statuses[1] = Self.status(trouble)
        #expect(!survey.isHealthy)
        #expect(BrokerStatusCommand.text(Self.status(trouble)).contains("1 offline"))
    }

    private static func status(_ trouble: BrokerStatus.Trouble) -> BrokerStatus {
        BrokerStatus(
            broker: BrokerInfo(id: 1, address: BrokerAddress(host: "h", port: 7_400)), clusterID: "c1", version: "1",
            uptime: .seconds(1), dataDirectory: "/d", diskUsedBytes: 0, diskFreeBytes: 0, topics: 1, partitions: 1,
            partitionsRecovering: 0, connections: 0, memoryBudgetBytes: 1, memoryReservedBytes: 0, openFiles: 1,
            openFilesMax: 2, troubles: [trouble])
    }
}
