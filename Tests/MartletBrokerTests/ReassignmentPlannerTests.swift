import HashTreeCollections
import MartletCore
import MartletMetadata
import Testing

@testable import MartletBroker

@Suite("Plans of moves")
struct ReassignmentPlannerTests {
    private func image(racks: [String], partitions: [[BrokerID]]) -> ClusterImage {
        var changes: [MetadataChange] = racks.enumerated().map { index, rack in
            .put(
                .broker(
                    BrokerRecord(
                        id: BrokerID(index), startEpoch: 1, directoryID: "", host: "h", port: 1, rack: rack,
                        isFenced: false)))
        }
        let topic = TopicID(high: 1, low: 1)
        for (index, replicas) in partitions.enumerated() {
            let id = TopicIDPartition(topicID: topic, partition: PartitionIndex(index))
            let leader = PartitionLeader(broker: replicas[0], startEpoch: 1)
            changes.append(
                .put(
                    .partition(
                        PartitionRecord(
                            id: id, leader: leader, leaderEpoch: 0, replicas: replicas, inSyncReplicas: replicas))))
        }
        let record = TopicRecord(name: "t", id: topic, partitionCount: Int32(partitions.count), settings: [:])
        changes.append(.put(.topic(record)))
        var image = ClusterImage()
        image.apply(MetadataUpdate(revision: 1, changes: changes))
        return image
    }

    private func moves(_ image: ClusterImage, _ request: ReassignmentRequest = ReassignmentRequest()) throws
        -> [ReassignmentMove]
    {
        var planner = try ReassignmentPlanner(image, request, needingSession: false)
        return planner.moves()
    }

    private func counts(_ image: ClusterImage, _ moves: [ReassignmentMove], _ brokers: Int) -> [Int] {
        var replicas = image.partitions.values.map(\.record).sorted { $0.id < $1.id }.map(\.replicas)
        for move in moves { replicas[Int(move.partition)] = move.target }
        return (0..<brokers).map { broker in replicas.filter { $0.contains(BrokerID(broker)) }.count }
    }

    @Test("what is even already stays")
    func nothing() throws {
        let image = image(racks: ["", "", ""], partitions: [[0, 1], [1, 2], [2, 0]])
        #expect(try moves(image) == [])
    }

    @Test("a new broker gets its share with as few moves as that takes")
    func newBroker() throws {
        let image = image(racks: ["", "", ""], partitions: Array(repeating: [0, 1], count: 12))
        let moves = try moves(image)
        #expect(counts(image, moves, 3) == [8, 8, 8])
        let copied = moves.filter { $0.target.contains(2) }
        #expect(copied.count == 8)
    }

    @Test("replicas of one partition go to different racks where there are some, and stay spread")
    func racks() throws {
        let crowded = image(racks: ["a", "a", "b", "b"], partitions: Array(repeating: [0, 2], count: 8))
        let moves = try moves(crowded)
        #expect(counts(crowded, moves, 4) == [4, 4, 4, 4])
        let rack: [BrokerID: String] = [0: "a", 1: "a", 2: "b", 3: "b"]
        #expect(moves.allSatisfy { Set($0.target.map { rack[$0] }).count == 2 })
    }

    @Test("a broker that is left out loses everything, and a factor is raised by additions alone")
    func requests() throws {
        let image = image(racks: ["", "", "", ""], partitions: [[0, 1], [1, 2], [2, 0], [3, 0]])
        let without = try moves(image, ReassignmentRequest(brokers: [1, 2, 3]))
        #expect(counts(image, without, 4)[0] == 0)
        let raised = try moves(image, ReassignmentRequest(replicationFactor: 3))
        #expect(raised.count == 4)
        #expect(raised.allSatisfy { move in move.target.count == 3 && move.replicas.allSatisfy(move.target.contains) })
        for request in [
            ReassignmentRequest(topics: ["nope"]), ReassignmentRequest(brokers: [9]),
            ReassignmentRequest(replicationFactor: 5),
        ] {
            #expect(throws: BrokerError.self) { try moves(image, request) }
        }
    }

    @Test("preferred leaders are evened out without copying anything")
    func leaders() throws {
        let image = image(racks: ["", "", ""], partitions: Array(repeating: [0, 1, 2], count: 9))
        let moves = try moves(image)
        #expect(moves.allSatisfy { Set($0.target) == [0, 1, 2] })
        #expect(moves.count == 6)
    }
}
