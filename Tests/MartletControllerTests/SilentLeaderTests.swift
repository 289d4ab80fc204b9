import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit
import Testing

@testable import MartletBroker

/// A leader that has a session and answers nobody, seen by the controller, broker 0.
@Suite("Silent leader (RULES 20)")
struct SilentLeaderTests {
    /// Broker 1 leads, and is the preferred replica.
    private func cluster() -> TestCluster {
        let cluster = TestCluster()
        cluster.createTopic(replicas: [1, 0, 2], leader: 1, settings: ["min.insync.replicas": "2"])
        cluster.begin()
        return cluster
    }

    @Test("others lead once it was silent for a while, and it leads again when it answers")
    func relieved() {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(9_000)
        #expect(cluster.asked == [])
        cluster.pass(3_000)
        #expect(cluster.asked == [0, 2])
        cluster.send(.reachKnown(0, [2]))
        #expect(cluster.partition().leader == cluster.run(1))
        cluster.send(.reachKnown(2, [0]))
        #expect(cluster.partition().leader == cluster.run(0))
        #expect(cluster.partition().leaderEpoch == 1)
        #expect(cluster.notes.filter { $0 == .relieved(cluster.run(1)) }.count == 1)
        // The store reaches it: nothing is said of its life.
        #expect(cluster.store.image.brokers[1]?.isFenced == false)
        // It may be in sync for a while yet.
        cluster.pass(60_000)
        #expect(cluster.partition().leader == cluster.run(0))
        cluster.greetingResults[1] = nil
        cluster.pass(20_000)
        #expect(cluster.partition().leader == cluster.run(1))
    }

    @Test(
        "it leads on while a candidate reaches it, or no candidate reaches enough",
        arguments: [[0, 1, 2], [1], [], nil] as [[BrokerID]?])
    func stays(reached: [BrokerID]?) {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        for _ in 0..<30 {
            cluster.pass(1_000)
            cluster.send(.reachKnown(0, reached.map { $0.filter { $0 != 0 } }))
            cluster.send(.reachKnown(2, reached.map { $0.filter { $0 != 2 } }))
        }
        #expect(cluster.partition().leader == cluster.run(1))
        // Asked again now and then, not all the time.
        #expect((2...16).contains(cluster.asked.count))
    }

    @Test("alone with a replica that it does not reach, a broker cannot tell which of the two is cut off")
    func two() {
        let cluster = TestCluster(brokers: 2)
        cluster.createTopic(replicas: [1, 0], leader: 1, settings: ["min.insync.replicas": "1"])
        cluster.begin()
        cluster.greetingResults[1] = .noAnswer
        for _ in 0..<30 {
            cluster.pass(1_000)
            cluster.send(.reachKnown(0, []))
        }
        #expect(cluster.partition().leader == cluster.run(1))
    }

    @Test("what it asked itself stands, whoever reaches it")
    func asks() {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(9_500)
        cluster.send(.moveRequested(cluster.run(1), [(id: TestCluster.id(0), leaderEpoch: LeaderEpoch(0))]))
        cluster.pass(3_000)
        cluster.send(.reachKnown(0, [1, 2]))
        cluster.send(.reachKnown(2, [0, 1]))
        #expect(cluster.partition().leader == cluster.run(0))
        #expect(!cluster.notes.contains(.relieved(cluster.run(1))))
    }

    @Test("one whose session ends as well is dead, and nobody is asked")
    func dead() {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(7_000)
        cluster.store.endSession(of: 1)
        cluster.sync()
        cluster.send(.dialled(cluster.run(1), .noAnswer))
        cluster.pass(2_000)
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
        cluster.pass(10_000)
        #expect(cluster.asked == [])
        #expect(cluster.partition().leader == cluster.run(0))
    }
}
