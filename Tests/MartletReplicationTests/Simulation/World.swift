import HashTreeCollections
import MartletBroker
import MartletCore
import MartletMetadata
import TestSeeds

/// Brokers, their disks, the network between them, a metadata store, a controller, producers and readers around one
/// partition, in virtual time. Everything random comes from the seed. The replicas run the broker's own state machines.
final class World {
    static let topic = TopicID(high: 7, low: 7)
    static let partition = TopicIDPartition(topicID: World.topic, partition: 0)
    static let sessionMs = 3_000
    static let lagMaxMs = 2_000
    static let fetchWaitMs = 300

    let seed: UInt64
    let options: WorldOptions
    var random: SeededGenerator
    var now = 0
    private var queue = EventQueue<() throws -> Void>()

    let syncs: Bool
    let minInSync: Int
    let brokers: [SimulatedBroker]
    var store = SimulatedStore()
    /// How much of the store's history each broker and the controller (-1) know.
    var seen: [BrokerID: Int] = [:]
    var controllerImage = ClusterImage()
    /// Directions in which nothing gets through. -1: the store.
    var cuts: Set<Link> = []
    var isTroubled = true
    var producers: [SimulatedProducer]
    var readers: [SimulatedReader]
    var nextID = 1

    var checks = Checks()
    var counts = WorldCounts()

    struct Link: Hashable {
        var from: BrokerID
        var to: BrokerID
    }

    init(seed: UInt64, options: WorldOptions) {
        self.seed = seed
        self.options = options
        var random = SeededGenerator(seed: seed)
        syncs = Int.random(in: 0..<4, using: &random) > 0
        minInSync = Int.random(in: 0..<4, using: &random) > 0 ? 2 : 1
        let syncs = self.syncs
        brokers = (1...3).map { SimulatedBroker(id: $0, syncs: syncs) }
        producers = (0..<2).map { SimulatedProducer(index: $0) }
        readers = (0..<2).map { _ in SimulatedReader() }
        self.random = random
    }

    func violation(_ rule: String) -> Violation {
        Violation(seed: seed, time: now, rule: rule)
    }

    func trace(_ what: @autoclosure () -> String) {
        if options.isTraced { print("\(now) \(what())") }
    }

    var time: Duration { .milliseconds(now) }

    // MARK: Chance and time

    func chance(_ permille: Int) -> Bool {
        Int.random(in: 0..<1_000, using: &random) < permille
    }

    /// Faults only while there is to be trouble.
    func fault(_ permille: Int) -> Bool {
        isTroubled && chance(permille)
    }

    func roll(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    func after(_ milliseconds: Int, _ event: @escaping () throws -> Void) {
        queue.add(event, at: now + milliseconds)
    }

    /// In this process of the broker, unless it ends before; later when it is paused.
    func after(_ milliseconds: Int, on broker: SimulatedBroker, _ event: @escaping () throws -> Void) {
        let run = broker.run
        after(milliseconds) { [unowned broker] in
            guard broker.run == run, broker.isUp else { return }
            if broker.isPaused { broker.held.append(event) } else { try event() }
        }
    }

    // MARK: The network

    func broker(_ id: BrokerID) -> SimulatedBroker { brokers[Int(id) - 1] }

    private func delay() -> Int {
        fault(30) ? roll(50...900) : roll(1...8)
    }

    /// Delivers late, never, or twice. A receiver that is down hears nothing; one that restarted does.
    func send(from: BrokerID, to: BrokerID, _ deliver: @escaping (SimulatedBroker) throws -> Void) {
        guard !cuts.contains(Link(from: from, to: to)), !fault(15) else { return }
        for _ in 0..<(fault(15) ? 2 : 1) {
            after(delay()) { [self] in
                let receiver = broker(to)
                guard receiver.isUp else { return }
                if receiver.isPaused {
                    let run = receiver.run
                    receiver.held.append { if receiver.run == run { try deliver(receiver) } }
                } else {
                    try deliver(receiver)
                }
            }
        }
    }

    /// A transaction's way to the store and back. Its answer may be lost, and it may be committed long after that.
    func commit(
        from broker: SimulatedBroker, _ transaction: MetadataTransaction,
        _ done: @escaping (InSyncOutcome) throws -> Void
    ) {
        let run = broker.run
        let isCut = cuts.contains(Link(from: broker.id, to: -1))
        if isCut || fault(60) {
            counts.unknownOutcomes += 1
            after(isCut ? 1_000 : roll(100...1_000), on: broker) { try done(.unknown) }
            if fault(500) {
                after(roll(1...2_500)) { [self] in
                    _ = store.commit(transaction)
                    try storeChanged()
                }
            }
            return
        }
        after(fault(50) ? roll(100...2_000) : delay()) { [self] in
            let outcome = store.commit(transaction)
            try storeChanged()
            guard broker.run == run else { return }
            after(delay(), on: broker) {
                switch outcome {
                case .committed(let revision): try done(.committed(revision))
                case .conflict: try done(.conflict)
                }
            }
        }
    }

    /// The store's feeds: in order, each in its own time.
    func feed(_ reader: BrokerID) throws {
        guard !cuts.contains(Link(from: reader, to: -1)) else { return }
        while seen[reader, default: 0] < store.updates.count {
            let update = store.updates[seen[reader, default: 0]]
            seen[reader, default: 0] += 1
            if reader == -1 {
                controllerImage.apply(update)
            } else {
                broker(reader).image.apply(update)
                try imageChanged(broker(reader))
            }
            if fault(100) { break }
        }
    }

    // MARK: Running

    /// Plays the history.
    /// - Throws: the first ``Violation``.
    func run() throws -> WorldCounts {
        // What is planned holds the world.
        defer {
            queue = EventQueue()
            for broker in brokers { broker.held = [] }
        }
        found()
        for broker in brokers { start(broker) }
        everyFewMs(5...60) { [self] in for broker in brokers where canRun(broker) { try feed(broker.id) } }
        everyFewMs(5...100) { [self] in try feed(-1) }
        everyFewMs(100...300) { [self] in try control() }
        everyFewMs(200...600) { [self] in for broker in brokers where canRun(broker) { try tick(broker) } }
        everyFewMs(300...900) { [self] in for broker in brokers where canRun(broker) { keepAlive(broker) } }
        for producer in producers.indices { everyFewMs(20...200) { [self] in produce(producer) } }
        for reader in readers.indices { everyFewMs(20...150) { [self] in try read(reader) } }
        everyFewMs(200...1_500) { [self] in makeTrouble() }
        try play(until: options.troubledMs)
        heal()
        let before = counts.acknowledged
        try play(until: options.troubledMs + options.healedMs)
        try checkRest(acknowledgedBefore: before)
        return counts
    }

    private func canRun(_ broker: SimulatedBroker) -> Bool { broker.isUp && !broker.isPaused }

    private func everyFewMs(_ range: ClosedRange<Int>, _ body: @escaping () throws -> Void) {
        after(roll(range)) { [self] in
            try body()
            everyFewMs(range, body)
        }
    }

    private func play(until end: Int) throws {
        while let next = queue.popFirst() {
            now = next.time
            try next.event()
            if now >= end { return }
        }
    }

    /// Founds the cluster: three registered brokers, and a partition on all of them.
    private func found() {
        let record = PartitionRecord(
            id: Self.partition, leader: nil, leaderEpoch: 0, replicas: [1, 2, 3], inSyncReplicas: [1, 2, 3])
        store.force([.put(.partition(record))])
    }
}
