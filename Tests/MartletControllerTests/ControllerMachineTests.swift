import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit
import Testing

@testable import MartletBroker

@Suite("Controller")
struct ControllerMachineTests {
    // MARK: Election

    @Test("whoever finds no controller stands, and steps back when another is elected")
    func election() {
        let cluster = TestCluster()
        cluster.send(.imageLoaded(cluster.store.image))
        #expect(cluster.machine.isController)
        #expect(cluster.store.image.controller?.broker == 0)
        cluster.store.put(.controller(ControllerRecord(broker: 1, startEpoch: 1)))
        cluster.sync()
        #expect(!cluster.machine.isController)
        #expect(cluster.notes.last == .resigned)
    }

    @Test("a broker that is fenced, stopping or without a session does not stand")
    func unfit() {
        for change in [
            { $0.change(0) { $0.isFenced = true } }, { $0.change(0) { $0.isStopping = true } },
            { $0.store.endSession(of: 0) },
        ] as [(TestCluster) -> Void] {
            let cluster = TestCluster()
            change(cluster)
            cluster.send(.imageLoaded(cluster.store.image))
            #expect(!cluster.machine.isController)
        }
    }

    @Test("a transaction of a controller that was deposed meanwhile changes nothing")
    func fenced() {
        let cluster = TestCluster()
        cluster.createTopic(replicas: [1, 0, 2], leader: 1)
        cluster.begin()
        cluster.holdsTransactions = true
        cluster.change(1) { $0.isFenced = true }
        cluster.sync()
        #expect(cluster.held.count == 1)
        cluster.store.put(.controller(ControllerRecord(broker: 2, startEpoch: 1)))
        cluster.release()
        #expect(cluster.partition().leader == cluster.run(1))
    }

    @Test("a controller whose process is gone is replaced without waiting for its session")
    func deposition() {
        let cluster = TestCluster()
        cluster.createTopic(leader: 1)
        cluster.store.put(.controller(ControllerRecord(broker: 1, startEpoch: 1)))
        cluster.send(.imageLoaded(cluster.store.image))
        cluster.send(.deathReported(cluster.run(1)))
        #expect(cluster.dialled == [1])
        cluster.send(.dialled(cluster.run(1), .accepted))
        #expect(!cluster.machine.isController)
        cluster.send(.deathReported(cluster.run(1)))
        cluster.send(.dialled(cluster.run(1), .refused))
        #expect(cluster.machine.isController)
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
        #expect(cluster.partition().leader == cluster.run(0))
        #expect(cluster.partition().inSyncReplicas == [0, 2])
    }

    @Test("what another broker's controller should know is passed on")
    func passedOn() {
        let cluster = TestCluster()
        cluster.store.put(.controller(ControllerRecord(broker: 1, startEpoch: 1)))
        cluster.send(.imageLoaded(cluster.store.image))
        cluster.send(.deathReported(cluster.run(2)))
        let controller = cluster.store.image.brokers[1]!.record
        #expect(cluster.actions == [.tellController(controller, death: cluster.run(2))])
    }

    // MARK: Deaths

    @Test("a session that ends is waited for a little, then its broker is fenced and its leaderships move")
    func death() {
        let cluster = TestCluster()
        cluster.createTopic(partitions: 3, replicas: [1, 2, 0], leader: 1)
        cluster.begin()
        cluster.store.endSession(of: 1)
        cluster.sync()
        #expect(cluster.dialled == [1])
        cluster.pass(500)
        cluster.send(.dialled(cluster.run(1), .noAnswer))
        #expect(cluster.partition().leader == cluster.run(1))
        cluster.pass(200)
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
        for index in 0..<3 as Range<PartitionIndex> {
            #expect(cluster.partition(index).leader == cluster.run(2))
            #expect(cluster.partition(index).leaderEpoch == 1)
            #expect(cluster.partition(index).inSyncReplicas == [2, 0])
        }
        #expect(cluster.machine.tally.elections == 3 && cluster.machine.tally.deaths == 1)
        #expect(cluster.machine.tally.uncleanElections == 0)
        // The fence and the moves are one transaction.
        #expect(cluster.transactions.last?.changes.count == 4)
    }

    @Test("what a dead broker led goes before what it only followed")
    func ledFirst() {
        let cluster = TestCluster {
            $0.partitionsPerTransaction = 4; $0.transactionsInFlightMax = 1; $0.balanceDelay = 1_000_000
        }
        cluster.createTopic(partitions: 6, replicas: [0, 1, 2], leader: 0)
        for index in [1, 4, 5] as [PartitionIndex] { cluster.change(index) { $0.leader = cluster.run(1) } }
        cluster.begin()
        cluster.holdsTransactions = true
        cluster.store.endSession(of: 1)
        cluster.sync()
        cluster.pass(cluster.machine.settings.silentGrace)
        // Beside the fence.
        #expect(cluster.held.count == 1)
        let changed = cluster.held.first?.transaction.changes.compactMap { change in
            if case .put(.partition(let record)) = change { record.id.partition } else { nil }
        }
        #expect(changed == [1, 4, 5])
    }

    @Test("a broker that comes back within the wait keeps what it leads")
    func sessionAgain() {
        let cluster = TestCluster()
        cluster.createTopic(leader: 1)
        cluster.begin()
        cluster.store.endSession(of: 1)
        cluster.sync()
        cluster.send(.dialled(cluster.run(1), .accepted))
        cluster.pass(1_000)
        cluster.store.put(.session(SessionRecord(broker: 1, startEpoch: 1)))
        cluster.sync()
        cluster.pass(60_000)
        #expect(cluster.store.image.brokers[1]?.isFenced == false)
        #expect(cluster.partition().leaderEpoch == 1 || cluster.partition().leader?.broker == 0)
    }

    @Test("nobody is declared dead within a session timeout of an election or of a gap in the feed, but a stopped one")
    func quietTime() {
        let cluster = TestCluster()
        cluster.createTopic(leader: 1)
        cluster.store.endSession(of: 1)
        cluster.send(.imageLoaded(cluster.store.image))
        cluster.pass(5_900)
        #expect(cluster.store.image.brokers[1]?.isFenced == false)
        cluster.send(.imageLoaded(cluster.store.image))
        cluster.pass(5_900)
        #expect(cluster.store.image.brokers[1]?.isFenced == false)
        cluster.change(2) { $0.isStopping = true }
        cluster.store.endSession(of: 2)
        cluster.sync()
        #expect(cluster.store.image.brokers[2]?.isFenced == true)
        cluster.pass(200)
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
    }

    @Test("many sessions that end at once are the store's trouble: they get a session timeout to come back")
    func massExpiry() {
        let cluster = TestCluster(brokers: 5)
        cluster.createTopic(leader: 1)
        cluster.begin()
        for id in 1...3 as ClosedRange<BrokerID> { cluster.store.endSession(of: id) }
        cluster.sync()
        cluster.pass(5_000)
        #expect((1...3).allSatisfy { cluster.store.image.brokers[$0]?.isFenced == false })
        for id in 2...3 as ClosedRange<BrokerID> {
            cluster.store.put(.session(SessionRecord(broker: id, startEpoch: 1)))
        }
        cluster.sync()
        cluster.pass(1_100)
        #expect((1...3).map { cluster.store.image.brokers[$0]?.isFenced } == [true, false, false])
    }

    @Test("a death that a peer reports and a dial confirms counts at once; one that it does not, not at all")
    func reportedDeath() {
        let cluster = TestCluster()
        cluster.createTopic(leader: 1)
        cluster.begin()
        cluster.send(.deathReported(cluster.run(1)))
        cluster.send(.deathReported(cluster.run(1)))
        #expect(cluster.dialled == [1])
        cluster.send(.dialled(cluster.run(1), .noAnswer))
        cluster.pass(60_000)
        #expect(cluster.store.image.brokers[1]?.isFenced == false)
        cluster.send(.deathReported(cluster.run(1)))
        cluster.send(.dialled(cluster.run(1), .refused))
        #expect(cluster.store.image.brokers[1]?.isFenced == true)
        // Of a run that is over nothing is to be reported.
        cluster.register(1, startEpoch: 2)
        cluster.sync()
        let dials = cluster.dialled.count
        cluster.send(.deathReported(PartitionLeader(broker: 1, startEpoch: 1)))
        #expect(cluster.dialled.count == dials)
    }

    // MARK: Transactions

    @Test("a broker's death with ten thousand partitions is a hundred transactions, each partition once")
    func large() {
        let cluster = TestCluster()
        cluster.createTopic(partitions: 10_000, leader: 1)
        cluster.holdsTransactions = false
        cluster.begin()
        let before = cluster.transactions.count
        cluster.send(.deathReported(cluster.run(1)))
        cluster.send(.dialled(cluster.run(1), .refused))
        #expect(cluster.store.image.partitions.values.allSatisfy { $0.leader == cluster.run(0) && $0.leaderEpoch == 1 })
        let mine = cluster.transactions[before...]
        #expect(mine.count == 102)
        #expect(mine.allSatisfy { $0.changes.count <= 99 && $0.conditions.count <= 100 })
        #expect(mine.reduce(0) { $0 + $1.changes.count } == 10_001)
    }

    @Test("at most four transactions are on their way, and no partition is in two")
    func inFlight() {
        let cluster = TestCluster()
        cluster.createTopic(partitions: 1_000, leader: 1)
        cluster.begin()
        cluster.holdsTransactions = true
        cluster.change(1) { $0.isFenced = true }
        cluster.sync()
        cluster.pass(5_000)
        #expect(cluster.held.count == 4)
        let keys = cluster.held.flatMap { $0.transaction.changes.map(\.key) }
        #expect(Set(keys).count == keys.count)
        cluster.release()
        #expect(cluster.store.image.partitions.values.allSatisfy { $0.leader == cluster.run(0) })
    }

    @Test("after a conflict it decides anew from what is there")
    func conflict() {
        let cluster = TestCluster()
        cluster.createTopic(partitions: 4, leader: 1)
        cluster.begin()
        cluster.holdsTransactions = true
        cluster.change(1) { $0.isFenced = true }
        cluster.sync()
        // Meanwhile the leader, still unaware, takes broker 0 out.
        cluster.change(0) { $0.inSyncReplicas = [1, 2] }
        cluster.release()
        #expect(cluster.partition(0).leader == cluster.run(2))
        #expect((1..<4).allSatisfy { cluster.partition($0).leader == cluster.run(0) })
    }

    // MARK: Leaders

    @Test("leadership goes back to preferred replicas, after a while and so many a second")
    func balance() {
        let cluster = TestCluster()
        cluster.createTopic(partitions: 120, leader: 1)
        cluster.begin()
        func led(_ broker: BrokerID) -> Int {
            cluster.store.image.partitions.values.filter { $0.leader?.broker == broker }.count
        }
        #expect(led(0) == 50 || led(0) == 100)
        cluster.pass(3_000)
        #expect(led(0) == 120)
        // Not while the preferred one is about to go.
        cluster.change(0) { $0.isStopping = true }
        cluster.sync()
        #expect(led(0) == 0)
        cluster.pass(60_000)
        #expect(led(0) == 0)
    }

    @Test(
        "a leader that reaches too few gives its partition to one that reaches enough, and it stays there for a while")
    func moveRequest() {
        let cluster = TestCluster()
        cluster.createTopic(leader: 0)
        cluster.begin()
        let request = ControllerEvent.moveRequested(
            cluster.run(0), [(id: TestCluster.id(0), leaderEpoch: LeaderEpoch(0))])
        cluster.send(request)
        let asked = cluster.actions.compactMap {
            if case .askReach(of: let broker, to: _) = $0 { broker.id } else { nil }
        }
        #expect(asked == [1, 2])
        cluster.send(.reachKnown(1, [0]))
        #expect(cluster.partition().leader?.broker == 0)
        cluster.send(.reachKnown(2, [0, 1]))
        #expect(cluster.partition().leader == cluster.run(2))
        #expect(cluster.partition().leaderEpoch == 1)
        cluster.pass(9_000)
        #expect(cluster.partition().leader?.broker == 2)
        // The other way round it is too soon.
        cluster.send(.moveRequested(cluster.run(2), [(id: TestCluster.id(0), leaderEpoch: LeaderEpoch(1))]))
        #expect(cluster.partition().leader?.broker == 2)
        cluster.pass(20_000)
        #expect(cluster.partition().leader?.broker == 0)
    }

    @Test("nobody takes over who reaches too few himself, or says nothing")
    func nobodyReaches() {
        let cluster = TestCluster()
        cluster.createTopic(leader: 0)
        cluster.begin()
        cluster.send(.moveRequested(cluster.run(0), [(id: TestCluster.id(0), leaderEpoch: LeaderEpoch(0))]))
        cluster.send(.reachKnown(1, []))
        cluster.send(.reachKnown(2, nil))
        cluster.pass(30_000)
        #expect(cluster.partition().leaderEpoch == 0)
    }

    // MARK: Replicas

    @Test("a draining broker loses its leaderships at once and its replicas bit by bit")
    func drain() {
        let cluster = TestCluster(brokers: 4)
        cluster.createTopic(partitions: 30, leader: 0)
        cluster.begin()
        cluster.change(0) { $0.isDraining = true }
        cluster.sync()
        #expect(cluster.store.image.partitions.values.allSatisfy { $0.leader?.broker == 1 })
        cluster.pass(2_500)
        let moving = cluster.store.image.partitions.values.filter { !$0.targetReplicas.isEmpty }
        #expect(moving.count == 20)
        #expect(moving.allSatisfy { $0.targetReplicas == [3, 1, 2] && $0.replicas == [0, 1, 2, 3] })
        for _ in 0..<3 {
            for index in 0..<30 as Range<PartitionIndex> where !cluster.partition(index).targetReplicas.isEmpty {
                cluster.change(index) { $0.inSyncReplicas.append(3) }
            }
            cluster.sync()
            cluster.pass(2_500)
        }
        #expect(
            cluster.store.image.partitions.values.allSatisfy { $0.replicas == [3, 1, 2] && $0.formerReplicas == [] })
    }

    @Test("where nobody can take a draining broker's replicas, that is said once")
    func drainStuck() {
        let cluster = TestCluster()
        cluster.createTopic(partitions: 2, leader: 0)
        cluster.begin()
        cluster.change(0) { $0.isDraining = true }
        cluster.sync()
        cluster.pass(10_000)
        #expect(cluster.notes.filter { $0 == .cannotDrain(0, partitions: 2) }.count == 1)
        #expect(cluster.partition().targetReplicas == [])
    }

    @Test("the groups' topic grows to three replicas when there are three brokers")
    func growth() {
        let cluster = TestCluster(brokers: 2)
        cluster.createTopic(OffsetsTopic.name, partitions: 2, replicas: [0], leader: 0)
        cluster.begin()
        cluster.pass(2_000)
        #expect(cluster.partition(1).targetReplicas == [0, 1])
        for index in 0..<2 as Range<PartitionIndex> { cluster.change(index) { $0.inSyncReplicas.append(1) } }
        cluster.register(2)
        cluster.sync()
        cluster.pass(2_000)
        #expect(cluster.partition(1).targetReplicas == [0, 1, 2])
        #expect(cluster.partition(1).formerReplicas == [0, 1])
    }

    @Test("partitions of a topic that never came are removed after an hour, and not before")
    func orphans() {
        let cluster = TestCluster()
        cluster.store.put(
            .partition(
                PartitionRecord(
                    id: TestCluster.id(0), leader: nil, leaderEpoch: 0, replicas: [0], inSyncReplicas: [0])))
        cluster.begin()
        cluster.pass(3_500_000)
        #expect(cluster.store.image.partitions.count == 1)
        cluster.pass(200_000)
        #expect(cluster.store.image.partitions.isEmpty)
    }

    @Test("the store may forget what is older than the history that is kept")
    func history() {
        let cluster = TestCluster()
        cluster.begin()
        let first = cluster.store.image.revision
        cluster.createTopic(leader: 0)
        cluster.sync()
        cluster.pass(300_000)
        let compactions = cluster.actions.filter { if case .compactHistory = $0 { true } else { false } }
        #expect(compactions == [.compactHistory(before: first)])
    }
}
