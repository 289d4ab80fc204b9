import HashTreeCollections
import MartletCore
import MartletMetadata
import TestSeeds

@testable import MartletBroker

/// Brokers with their controllers over a modelled store, in a time of its own: messages are late, outcomes get lost,
/// processes die, pause and come back. Everything follows from the seed.
final class ControllerWorld {
    enum Process {
        case down
        /// Takes connections and does nothing else.
        case paused
        case up
    }

    final class Node {
        let id: BrokerID
        var process = Process.down
        var startEpoch: StartEpoch = 0
        var machine: ControllerMachine?
        /// How much of the store's history it has seen.
        var seen = 0
        var upSince: ControllerTime = 0
        /// What comes while it is paused.
        var held: [Event] = []
        /// When its session ends, unless it goes on.
        var sessionEnd: ControllerTime?

        init(id: BrokerID) { self.id = id }
    }

    indirect enum Event {
        case deliver(BrokerID, StartEpoch)
        case reload(BrokerID, StartEpoch)
        case timer(BrokerID, StartEpoch)
        case arrive(BrokerID, StartEpoch, ControllerTransactionID, MetadataTransaction, reign: Revision?)
        case settle(BrokerID, StartEpoch, ControllerTransactionID, Revision, isCommitted: Bool)
        case dialled(BrokerID, StartEpoch, PartitionLeader, DialResult)
        case reach(BrokerID, StartEpoch, BrokerID, [BrokerID])
        case report(BrokerID, PartitionLeader)
        case keepAlive(BrokerID, StartEpoch)
        case replicate
        case trouble
    }

    /// What a transaction is changed into on its way: a bug that somebody might have made.
    typealias Bug = (inout MetadataTransaction, ClusterImage) -> Void

    /// How long sessions last without a sign of life: the store's, whatever controllers think.
    static let sessionTimeout: ControllerTime = 6_000

    let settings: ControllerSettings
    var random: SeededGenerator
    var store = ModelStore()
    var nodes: [Node] = []
    var now: ControllerTime = 0
    var checks: WorldChecks
    var bug: Bug?
    /// Whether processes still die and messages get lost.
    var isQuiet = false
    var notes: [ControllerNote] = []
    private var events: [(at: ControllerTime, number: Int, event: Event)] = []
    private var eventNumber = 0
    let topicID = TopicID(high: 0, low: 7)

    init(seed: UInt64, brokers: Int32, settings: ControllerSettings, bug: Bug? = nil) {
        self.settings = settings
        self.bug = bug
        random = SeededGenerator(seed: seed)
        checks = WorldChecks()
        nodes = (0..<brokers).map(Node.init)
        for node in nodes { start(node) }
        schedule(.replicate, in: 200)
    }

    // MARK: Time

    func schedule(_ event: Event, in delay: ControllerTime) {
        eventNumber += 1
        let entry = (at: now + delay, number: eventNumber, event: event)
        // Later ones first: the next is the last.
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if (events[middle].at, events[middle].number) > (entry.at, entry.number) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        events.insert(entry, at: low)
    }

    func run(until end: ControllerTime) {
        while let next = events.last, next.at <= end {
            events.removeLast()
            now = next.at
            handle(next.event)
            if checks.failure != nil { return }
        }
        now = end
    }

    func delay(_ range: ClosedRange<ControllerTime>) -> ControllerTime { .random(in: range, using: &random) }
    func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &random) < probability }

    // MARK: Events

    private func handle(_ event: Event) {
        switch event {
        case .deliver(let id, let epoch): forNode(id, epoch, event) { self.deliver($0) }
        case .reload(let id, let epoch):
            forNode(id, epoch, event) { node in
                node.seen = self.store.history.count
                self.tell(node, .imageLoaded(self.store.image))
            }
        case .timer(let id, let epoch): forNode(id, epoch, event) { self.tell($0, .timePassed) }
        case .arrive(let id, let epoch, let transaction, let content, let reign):
            arrive(id, epoch, transaction, content, reign)
        case .settle(let id, let epoch, let transaction, let revision, let isCommitted):
            forNode(id, epoch, event) { self.tell($0, .settled(transaction, revision, isCommitted: isCommitted)) }
        case .dialled(let id, let epoch, let run, let result):
            forNode(id, epoch, event) { self.tell($0, .dialled(run, result)) }
        case .reach(let id, let epoch, let broker, let reached):
            forNode(id, epoch, event) { self.tell($0, .reachKnown(broker, reached)) }
        case .report(let id, let run):
            forNode(id, nodes[Int(id)].startEpoch, event) { self.tell($0, .deathReported(run)) }
        case .keepAlive(let id, let epoch): forNode(id, epoch, event) { self.keepAlive($0) }
        case .replicate:
            replicate()
            schedule(.replicate, in: delay(200...600))
        case .trouble: if !isQuiet { makeTrouble() }
        }
    }

    private func forNode(_ id: BrokerID, _ epoch: StartEpoch, _ event: Event, _ body: (Node) -> Void) {
        let node = nodes[Int(id)]
        guard node.startEpoch == epoch else { return }
        switch node.process {
        case .down: return
        case .paused: node.held.append(event)
        case .up: body(node)
        }
    }

    private func tell(_ node: Node, _ event: ControllerEvent) {
        guard let actions = node.machine?.handle(event, at: now) else { return }
        for action in actions { perform(action, of: node) }
        if let deadline = node.machine?.deadline {
            schedule(.timer(node.id, node.startEpoch), in: max(deadline - now, 1))
        }
    }

    private func deliver(_ node: Node) {
        guard node.seen < store.history.count else { return }
        if !isQuiet, chance(0.005) {
            // The feed breaks; everything is read anew.
            return schedule(.reload(node.id, node.startEpoch), in: delay(100...3_000))
        }
        let (update, image) = store.history[node.seen]
        node.seen += 1
        tell(node, .updated(image, update))
    }

    private func perform(_ action: ControllerAction, of node: Node) {
        switch action {
        case .commit(let id, var transaction):
            let reign = node.machine?.reign?.revision
            bug?(&transaction, store.image)
            schedule(.arrive(node.id, node.startEpoch, id, transaction, reign: reign), in: delay(1...isLate))
        case .dial(let broker):
            let run = PartitionLeader(broker: broker.id, startEpoch: broker.startEpoch)
            schedule(.dialled(node.id, node.startEpoch, run, result(ofDialling: run)), in: delay(1...20))
        case .askReach(let broker, let others):
            let reached = others.filter { nodes[Int($0)].process == .up }
            if nodes[Int(broker.id)].process == .up {
                schedule(.reach(node.id, node.startEpoch, broker.id, reached), in: delay(1...20))
            }
        case .tellController(let controller, let run):
            schedule(.report(controller.id, run), in: delay(1...20))
        case .compactHistory: break
        case .note(let note): notes.append(note)
        }
    }

    /// How late a message to the store may be, in milliseconds.
    private var isLate: ControllerTime { !isQuiet && chance(0.03) ? 4_000 : 15 }

    private func result(ofDialling run: PartitionLeader) -> DialResult {
        let node = nodes[Int(run.broker)]
        if node.process == .down { return .refused }
        return chance(0.1) ? .noAnswer : .accepted
    }

    // MARK: The store

    private func arrive(
        _ id: BrokerID, _ epoch: StartEpoch, _ transaction: ControllerTransactionID, _ content: MetadataTransaction,
        _ reign: Revision?
    ) {
        if !isQuiet, chance(0.02) {
            // Lost, or committed unheard, or committed late.
            if chance(0.5) {
                schedule(.arrive(id, epoch, 0, content, reign: reign), in: delay(1...3_000))
            }
            let revision = store.image.revision
            return schedule(.settle(id, epoch, transaction, revision, isCommitted: false), in: delay(1...500))
        }
        let before = store.image
        switch store.commit(content) {
        case .committed(let revision):
            checks.committed(content, by: reign, before: before, after: store.image, world: self)
            announce()
            schedule(.settle(id, epoch, transaction, revision, isCommitted: true), in: delay(1...15))
        case .conflict:
            let revision = store.image.revision
            schedule(.settle(id, epoch, transaction, revision, isCommitted: false), in: delay(1...15))
        }
    }

    /// Tells everybody that the store has changed, each in its time.
    func announce() {
        for node in nodes where node.process != .down {
            let behind = store.history.count - node.seen
            for _ in 0..<min(behind, 3) { schedule(.deliver(node.id, node.startEpoch), in: delay(1...20)) }
        }
    }

    // MARK: Processes

    func start(_ node: Node) {
        node.process = .up
        node.startEpoch = (store.image.brokers[node.id]?.startEpoch ?? 0) + 1
        node.upSince = now
        node.held = []
        var record = BrokerRecord(
            id: node.id, startEpoch: node.startEpoch, directoryID: "d", host: "h", port: 1, rack: "r\(node.id % 2)",
            isFenced: true)
        record.isDraining = store.image.brokers[node.id]?.isDraining ?? false
        store.put(.broker(record))
        openSession(node)
        node.machine = ControllerMachine(
            PartitionLeader(broker: node.id, startEpoch: node.startEpoch), settings: settings)
        schedule(.reload(node.id, node.startEpoch), in: delay(1...50))
        schedule(.keepAlive(node.id, node.startEpoch), in: delay(50...500))
        announce()
    }

    func openSession(_ node: Node) {
        if store.image.sessions[node.id] != nil { store.endSession(of: node.id) }
        store.put(.session(SessionRecord(broker: node.id, startEpoch: node.startEpoch)))
        node.sessionEnd = nil
        announce()
    }

    /// A broker that runs keeps its session, opens another when it has lost it, and lifts its fence.
    private func keepAlive(_ node: Node) {
        schedule(.keepAlive(node.id, node.startEpoch), in: 300)
        node.sessionEnd = nil
        guard let broker = store.image.brokers[node.id], broker.startEpoch == node.startEpoch else { return }
        if store.image.sessions[node.id]?.startEpoch != node.startEpoch { openSession(node) }
        guard broker.isFenced else { return }
        var record = broker.record
        record.isFenced = false
        store.put(.broker(record))
        announce()
    }

    func kill(_ node: Node) {
        let run = PartitionLeader(broker: node.id, startEpoch: node.startEpoch)
        node.process = .down
        node.machine = nil
        node.held = []
        node.sessionEnd = now + delay(1...Self.sessionTimeout)
        // Its peers' connections are reset; mostly they say so.
        for other in nodes where other.process == .up && chance(0.7) {
            schedule(.report(other.id, run), in: delay(1...50))
        }
    }

    func pause(_ node: Node) {
        node.process = .paused
        node.sessionEnd = now + Self.sessionTimeout
    }

    func resume(_ node: Node) {
        node.process = .up
        let held = node.held
        node.held = []
        for event in held { schedule(event, in: 1) }
    }

    func endDueSessions() {
        for node in nodes {
            guard let end = node.sessionEnd, end <= now else { continue }
            node.sessionEnd = nil
            guard store.image.sessions[node.id]?.startEpoch == node.startEpoch else { continue }
            checks.sessionEnded(node.id, at: now)
            store.endSession(of: node.id)
            announce()
        }
    }
}
