import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

/// A controller over a store that answers at once, driven step by step.
final class TestCluster {
    static let topicID = TopicID(high: 0, low: 1)

    var store = ModelStore()
    var machine: ControllerMachine
    var now: ControllerTime = 0
    /// What the controller wants beside transactions.
    var actions: [ControllerAction] = []
    var transactions: [MetadataTransaction] = []
    /// While true, transactions go nowhere.
    var holdsTransactions = false
    /// What a greeting finds where it is not answered at once.
    var greetingResults: [BrokerID: DialResult] = [:]
    private var greetings: [(run: PartitionLeader, result: DialResult, at: ControllerTime)] = []
    private(set) var held: [(id: ControllerTransactionID, transaction: MetadataTransaction)] = []

    init(brokers: Int32 = 3, _ change: (inout ControllerSettings) -> Void = { _ in }) {
        var settings = ControllerSettings()
        change(&settings)
        machine = ControllerMachine(PartitionLeader(broker: 0, startEpoch: 1), settings: settings)
        for id in 0..<brokers { register(id) }
    }

    static func id(_ partition: PartitionIndex) -> TopicIDPartition {
        TopicIDPartition(topicID: topicID, partition: partition)
    }

    func partition(_ index: PartitionIndex = 0) -> PartitionRecord {
        store.image.partitions[Self.id(index)]!.record
    }

    func run(_ id: BrokerID) -> PartitionLeader {
        PartitionLeader(broker: id, startEpoch: store.image.brokers[id]?.startEpoch ?? 0)
    }

    // MARK: The store

    func register(_ id: BrokerID, startEpoch: StartEpoch = 1, isFenced: Bool = false, rack: String = "") {
        store.put(
            .broker(
                BrokerRecord(
                    id: id, startEpoch: startEpoch, directoryID: "d", host: "h\(id)", port: 1, rack: rack,
                    isFenced: isFenced)))
        store.put(.session(SessionRecord(broker: id, startEpoch: startEpoch)))
    }

    func change(_ id: BrokerID, _ change: (inout BrokerRecord) -> Void) {
        guard var record = store.image.brokers[id]?.record else { return }
        change(&record)
        store.put(.broker(record))
    }

    func change(_ index: PartitionIndex, _ change: (inout PartitionRecord) -> Void) {
        var record = partition(index)
        change(&record)
        store.put(.partition(record))
    }

    func createTopic(
        _ name: String = "t", partitions: Int32 = 1, replicas: [BrokerID] = [0, 1, 2], leader: BrokerID? = nil,
        settings: [String: String] = [:]
    ) {
        for index in 0..<partitions {
            store.put(
                .partition(
                    PartitionRecord(
                        id: Self.id(index), leader: leader.map(run), leaderEpoch: 0, replicas: replicas,
                        inSyncReplicas: replicas)))
        }
        store.put(.topic(TopicRecord(name: name, id: Self.topicID, partitionCount: partitions, settings: settings)))
    }

    // MARK: The controller

    /// Makes broker 0 the controller of what is in the store, past the time in which it is careful.
    func begin() {
        send(.imageLoaded(store.image))
        pass(machine.settings.sessionTimeout)
    }

    /// The controller hears of everything that the store holds, its own changes too, until nothing more happens.
    func sync() {
        while machine.image.revision < store.image.revision {
            let next = store.history.first { $0.update.revision > machine.image.revision }!
            send(.updated(next.image, next.update))
        }
    }

    func send(_ event: ControllerEvent) {
        for action in machine.handle(event, at: now) {
            switch action {
            case .commit(let id, let transaction):
                transactions.append(transaction)
                if holdsTransactions { held.append((id, transaction)) } else { commit(id, transaction) }
            case .greet(let broker): greet(broker)
            default: actions.append(action)
            }
        }
        sync()
    }

    /// A greeting without an answer takes a second to fail.
    private func greet(_ broker: BrokerRecord) {
        let result = greetingResults[broker.id] ?? .accepted
        let run = PartitionLeader(broker: broker.id, startEpoch: broker.startEpoch)
        greetings.append((run, result, now + (result == .noAnswer ? 1_000 : 1)))
    }

    private func commit(_ id: ControllerTransactionID, _ transaction: MetadataTransaction) {
        switch store.commit(transaction) {
        case .committed(let revision): send(.settled(id, revision, isCommitted: true))
        case .conflict: send(.settled(id, store.image.revision, isCommitted: false))
        }
    }

    func release() {
        holdsTransactions = false
        let waiting = held
        held = []
        for (id, transaction) in waiting { commit(id, transaction) }
    }

    /// Lets so much time pass, in steps as the controller wants them.
    func pass(_ time: ControllerTime) {
        let end = now + time
        while true {
            let outcome = greetings.map(\.at).min() ?? .max
            let deadline = machine.deadline ?? .max
            guard min(outcome, deadline) <= end else { break }
            if outcome <= deadline {
                now = max(outcome, now)
                finishGreetings()
            } else {
                now = max(deadline, now + 1)
                send(.timePassed)
            }
        }
        now = max(now, end)
        send(.timePassed)
    }

    private func finishGreetings() {
        let over = greetings.filter { $0.at <= now }
        greetings.removeAll { $0.at <= now }
        for greeting in over { send(.greeted(greeting.run, greeting.result)) }
    }

    var dialled: [BrokerID] {
        actions.compactMap { if case .dial(let broker) = $0 { broker.id } else { nil } }
    }

    /// Who was asked whom it reaches.
    var asked: [BrokerID] {
        actions.compactMap { if case .askReach(of: let broker, to: _) = $0 { broker.id } else { nil } }
    }

    var notes: [ControllerNote] { actions.compactMap { if case .note(let note) = $0 { note } else { nil } } }
}
