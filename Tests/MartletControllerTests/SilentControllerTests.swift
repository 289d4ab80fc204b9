import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit
import Testing

@testable import MartletBroker

/// A controller that has a session and answers nobody, seen by broker 0.
@Suite("Silent controller")
struct SilentControllerTests {
    /// Broker 1 is the controller, and has been for a while.
    private func cluster(brokers: Int32 = 3) -> TestCluster {
        let cluster = TestCluster(brokers: brokers)
        cluster.createTopic(leader: 1)
        cluster.store.put(.controller(ControllerRecord(broker: 1, startEpoch: 1)))
        cluster.send(.imageLoaded(cluster.store.image))
        cluster.pass(10_000)
        return cluster
    }

    // MARK: Replacing it

    @Test("it is replaced after a while, when another broker does not reach it either")
    func replaced() throws {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(2_400)
        #expect(cluster.asked == [])
        cluster.pass(1_200)
        #expect(cluster.asked == [2])
        #expect(!cluster.machine.isController)
        cluster.send(.reachKnown(2, [0]))
        #expect(cluster.machine.isController)
        #expect(cluster.notes.contains(.challenged(cluster.run(1))))
        // The store itself sees to it that the challenger has a session.
        let transaction = try #require(cluster.transactions.last)
        let session = try #require(cluster.store.image.sessions[0])
        #expect(transaction.conditions.contains { $0.key == .session(0) && $0.revision == session.revision })
        // It may only be slow: nothing is said of its life.
        #expect(cluster.store.image.brokers[1]?.isFenced == false)
        #expect(cluster.partition().leader == cluster.run(1))
    }

    @Test("a broker that lost its session meanwhile does not take its place")
    func sessionLost() {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(3_600)
        cluster.holdsTransactions = true
        cluster.send(.reachKnown(2, [0]))
        #expect(cluster.held.count == 1)
        cluster.store.endSession(of: 0)
        cluster.release()
        #expect(!cluster.machine.isController)
        #expect(cluster.store.image.controller?.broker == 1)
    }

    @Test(
        "it stays while another broker reaches it, does not reach the challenger, or says nothing",
        arguments: [[0, 1], [1], [], nil] as [[BrokerID]?])
    func stays(reached: [BrokerID]?) {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        for _ in 0..<30 {
            cluster.pass(1_000)
            cluster.send(.reachKnown(2, reached))
        }
        #expect(!cluster.machine.isController)
        // Asked again now and then, not all the time.
        #expect((5...10).contains(cluster.asked.count))
    }

    @Test("of five brokers three have to agree, of two both would: then its session decides")
    func majority() {
        let five = cluster(brokers: 5)
        five.greetingResults[1] = .noAnswer
        five.pass(3_600)
        #expect(five.asked == [2, 3, 4])
        five.send(.reachKnown(2, [0, 3]))
        five.send(.reachKnown(4, [0, 1, 3]))
        #expect(!five.machine.isController)
        five.send(.reachKnown(3, [0, 2]))
        #expect(five.machine.isController)

        let two = cluster(brokers: 2)
        two.greetingResults[1] = .noAnswer
        two.pass(60_000)
        #expect(!two.machine.isController)
        two.store.endSession(of: 1)
        two.sync()
        #expect(two.machine.isController)
    }

    @Test("an answer on the way to a majority ends the challenge")
    func answersAgain() {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(3_600)
        #expect(cluster.asked == [2])
        cluster.greetingResults[1] = nil
        cluster.pass(2_000)
        cluster.send(.reachKnown(2, [0]))
        #expect(!cluster.machine.isController)
    }

    @Test("a controller elected less than a session timeout ago is not challenged")
    func rate() {
        let cluster = cluster()
        cluster.greetingResults = [1: .noAnswer, 2: .noAnswer]
        cluster.store.put(.controller(ControllerRecord(broker: 2, startEpoch: 1)))
        cluster.sync()
        cluster.pass(5_900)
        #expect(cluster.asked == [])
        cluster.pass(1_200)
        #expect(cluster.asked == [1])
    }

    @Test("while this broker stood still itself, nobody was silent")
    func standstill() {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(500)
        cluster.greetingResults[1] = nil
        // Neither the greeting on its way nor the time until the next counts.
        cluster.now += 20_000
        cluster.send(.timePassed)
        cluster.pass(1)
        #expect(cluster.asked == [])
        cluster.pass(5_000)
        #expect(cluster.asked == [] && !cluster.machine.isController)
    }

    @Test("a refused greeting is a report of its death: a dial decides")
    func refused() {
        let cluster = cluster()
        cluster.greetingResults[1] = .refused
        cluster.pass(600)
        #expect(cluster.dialled == [1])
        cluster.send(.dialled(cluster.run(1), .refused))
        #expect(cluster.machine.isController)
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
    }

    // MARK: Its death

    @Test("it is dead once its session has ended and it was silent for a session timeout, whoever was controller then")
    func dead() {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(3_600)
        cluster.send(.reachKnown(2, [0]))
        #expect(cluster.machine.isController)
        cluster.store.endSession(of: 1)
        cluster.sync()
        cluster.send(.dialled(cluster.run(1), .noAnswer))
        cluster.pass(2_300)
        #expect(cluster.store.image.brokers[1]?.isFenced == false)
        // Six seconds after the first greeting that it did not answer, at most half a second after the last it did.
        cluster.pass(700)
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
        #expect(cluster.partition().leader == cluster.run(0))
    }

    @Test("others, whose sessions end with an election, get the whole quiet time")
    func othersWait() {
        let cluster = cluster(brokers: 5)
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(6_000)
        cluster.store.endSession(of: 1)
        cluster.store.endSession(of: 2)
        cluster.sync()
        #expect(cluster.machine.isController)
        cluster.pass(1_500)
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
        cluster.pass(4_000)
        #expect(cluster.store.image.brokers[2]?.isFenced == false)
        cluster.pass(600)
        #expect(cluster.store.image.brokers[2]?.isFenced == true)
    }

    @Test("sessions that end at once with its own are the store's trouble, however silent it was")
    func massExpiry() {
        let cluster = cluster(brokers: 4)
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(6_000)
        for id in 1...3 as ClosedRange<BrokerID> { cluster.store.endSession(of: id) }
        cluster.sync()
        cluster.pass(5_900)
        #expect((1...3).allSatisfy { cluster.store.image.brokers[$0]?.isFenced == false })
        cluster.pass(200)
        #expect((1...3).allSatisfy { cluster.store.image.brokers[$0]?.isFenced == true })
    }

    @Test("one that answers a greeting after all has the quiet time like any other")
    func answersOnce() {
        let cluster = cluster()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(5_000)
        cluster.greetingResults[1] = nil
        cluster.pass(1_500)
        cluster.store.endSession(of: 1)
        cluster.sync()
        cluster.greetingResults[1] = .noAnswer
        cluster.pass(5_900)
        #expect(cluster.store.image.brokers[1]?.isFenced == false)
        cluster.pass(200)
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
    }
}
