import MartletCore
import MartletMetadata
import SimulationKit
import Testing

@testable import MartletBroker

@Suite("Plans for one partition")
struct PartitionPlanTests {
    /// Brokers by a letter each: `l` live, `f` fenced, `c` coming (fenced, with a session), `s` stopping, `d` draining,
    /// `x` without a session and not declared dead.
    private func standings(_ states: String) -> [BrokerID: BrokerStanding] {
        var image = ClusterImage()
        for (index, state) in states.enumerated() {
            let record = BrokerRecord(
                id: BrokerID(index), startEpoch: 2, directoryID: "", host: "", port: 1, rack: "",
                isFenced: state == "f" || state == "c", isStopping: state == "s", isDraining: state == "d")
            var changes = [MetadataChange.put(.broker(record))]
            if state != "f", state != "x" {
                changes.append(.put(.session(SessionRecord(broker: BrokerID(index), startEpoch: 2))))
            }
            image.apply(MetadataUpdate(revision: image.revision + 1, changes: changes))
        }
        return image.standings
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var says: String
        var brokers: String
        var leader: BrokerID?
        var leaderRun: StartEpoch = 2
        var inSync: [BrokerID]
        var replicas: [BrokerID] = [0, 1, 2]
        var target: [BrokerID] = []
        var minInSync = 2
        var isUnclean = false
        /// Nil: nothing is to be done.
        var expected: Expected?

        struct Expected: Sendable {
            var leader: BrokerID?
            var inSync: [BrokerID]
            var epoch: LeaderEpoch = 6
            var replicas: [BrokerID] = [0, 1, 2]
        }

        var testDescription: String { says }
    }

    static let cases: [Case] = [
        Case(says: "all is well", brokers: "lll", leader: 0, inSync: [0, 1, 2]),
        Case(
            says: "a dead leader is replaced by the first live member", brokers: "fll", leader: 0, inSync: [0, 1, 2],
            expected: .init(leader: 1, inSync: [1, 2])),
        Case(
            says: "a dead follower leaves, at the same epoch", brokers: "llf", leader: 0, inSync: [0, 1, 2],
            expected: .init(leader: 0, inSync: [0, 1], epoch: 5)),
        Case(
            says: "members stay rather than leave fewer than min.insync.replicas", brokers: "fll", leader: 0,
            inSync: [0, 1], expected: .init(leader: 1, inSync: [0, 1])),
        Case(
            says: "the last member stays when it is dead", brokers: "fll", leader: 0, inSync: [0],
            expected: .init(leader: nil, inSync: [0])),
        Case(says: "and is waited for while it starts", brokers: "cll", leader: 0, leaderRun: 1, inSync: [0]),
        Case(
            says: "a new run leads again at a new epoch", brokers: "lll", leader: 0, leaderRun: 1, inSync: [0, 1, 2],
            expected: .init(leader: 0, inSync: [0, 1, 2])),
        Case(
            says: "a member that starts again is out where others are enough", brokers: "cll", leader: 0, leaderRun: 1,
            inSync: [0, 1, 2], expected: .init(leader: 1, inSync: [1, 2])),
        Case(says: "a leader without a session leads on", brokers: "xll", leader: 0, inSync: [0, 1, 2]),
        Case(
            says: "a member without a session is not elected", brokers: "fxl", leader: 0, inSync: [0, 1, 2],
            expected: .init(leader: 2, inSync: [1, 2])),
        Case(
            says: "a stopping leader hands over", brokers: "sll", leader: 0, inSync: [0, 1, 2],
            expected: .init(leader: 1, inSync: [0, 1, 2])),
        Case(says: "unless nobody else is in sync", brokers: "sll", leader: 0, inSync: [0]),
        Case(
            says: "a draining broker leads rather than a stopping one", brokers: "sdl", leader: 0, inSync: [0, 1],
            expected: .init(leader: 1, inSync: [0, 1])),
        Case(
            says: "nobody outside the in-sync set leads", brokers: "fll", leader: nil, inSync: [0], expected: nil),
        Case(
            says: "but where the topic's owner wants that", brokers: "fll", leader: 0, inSync: [0], isUnclean: true,
            expected: .init(leader: 1, inSync: [1])),
        Case(
            says: "not while a member may still be alive", brokers: "xll", leader: nil, inSync: [0], isUnclean: true,
            expected: nil),
        Case(
            says: "new replicas are added to the old ones", brokers: "llll", leader: 0, inSync: [0, 1, 2],
            target: [1, 2, 3], expected: .init(leader: 0, inSync: [0, 1, 2], epoch: 5, replicas: [0, 1, 2, 3])),
        Case(
            says: "once all are in sync the others go, the leader too", brokers: "llll", leader: 0,
            inSync: [0, 1, 2, 3], replicas: [0, 1, 2, 3], target: [3, 1, 2],
            expected: .init(leader: 3, inSync: [1, 2, 3], replicas: [3, 1, 2])),
        Case(
            says: "a replica that goes takes the leader epoch with it, though the leader stays", brokers: "llll",
            leader: 1, inSync: [0, 1, 2, 3], replicas: [0, 1, 2, 3], target: [3, 1, 2],
            expected: .init(leader: 1, inSync: [1, 2, 3], replicas: [3, 1, 2])),
        Case(
            says: "not while one of them is dead", brokers: "lllf", leader: 0, inSync: [0, 1, 3],
            replicas: [0, 1, 2, 3], target: [3, 1, 2],
            expected: .init(leader: 0, inSync: [0, 1], epoch: 5, replicas: [0, 1, 2, 3])),
    ]

    @Test("a partition's next record", arguments: cases)
    func next(_ example: Case) {
        let record = PartitionRecord(
            id: TestCluster.id(0),
            leader: example.leader.map { PartitionLeader(broker: $0, startEpoch: example.leaderRun) },
            leaderEpoch: 5, replicas: example.replicas, inSyncReplicas: example.inSync,
            targetReplicas: example.target, formerReplicas: example.target.isEmpty ? [] : [0, 1, 2])
        let plan = PartitionPlan(
            standings: standings(example.brokers),
            rules: ElectionRules(minInSyncReplicas: example.minInSync, allowsUnclean: example.isUnclean))
        let next = plan.next(record)
        #expect((next == nil) == (example.expected == nil))
        guard let next, let expected = example.expected else { return }
        #expect(next.leader == expected.leader.map { PartitionLeader(broker: $0, startEpoch: 2) })
        #expect(next.inSyncReplicas == expected.inSync)
        #expect(next.leaderEpoch == expected.epoch)
        #expect(next.replicas == expected.replicas)
        #expect(next.lastUncleanEpoch == (example.isUnclean ? 6 : -1))
        // Once written, nothing more is to be done.
        #expect(plan.next(next) == nil)
    }

    /// Its broker sets the directory aside. Were it to lead on in this epoch when the move is ordered again, it would
    /// begin with an empty log in an epoch that has records.
    @Test("a leader that came with a move leads no more when that is called off")
    func cancelledLeader() throws {
        let cluster = TestCluster(brokers: 4)
        cluster.createTopic(replicas: [0, 1, 2], leader: 3)
        cluster.change(0) { record in
            record = record.moving(to: [3, 1, 2])
            record.inSyncReplicas = [0, 1, 2, 3]
        }
        let planner = ClusterPlanner(image: cluster.store.image, settings: BrokerSettings())
        let cancelled = try #require(try planner.cancel("t", 0)?.0)
        #expect(cancelled.replicas == [0, 1, 2])
        #expect(cancelled.leader == nil)
        #expect(cancelled.leaderEpoch == cluster.partition().leaderEpoch + 1)
    }

    @Test("another target drops the replicas of the former one, and the epoch that they followed in")
    func movedTarget() {
        let cluster = TestCluster(brokers: 5)
        cluster.createTopic(replicas: [0, 1, 2], leader: 0)
        let moving = cluster.partition().moving(to: [3, 1, 2])
        #expect(moving.replicas == [0, 1, 2, 3])
        #expect(moving.leaderEpoch == cluster.partition().leaderEpoch)
        let elsewhere = moving.moving(to: [4, 1, 2])
        #expect(elsewhere.replicas == [0, 1, 2, 4])
        #expect(elsewhere.leader == moving.leader)
        #expect(elsewhere.leaderEpoch == moving.leaderEpoch + 1)
    }
}
