import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit
import TestSeeds

@testable import MartletBroker

/// Brokers, their disks, the network between them, a metadata store, operators, producers and readers around the
/// partitions of a topic, in virtual time. Everything random comes from the seed. Replicas and controllers are the
/// broker's own state machines; this world does what their shells do.
final class World {
    static let topicID = TopicID(high: 7, low: 7)
    static let topic = "t"
    static let sessionMs: WorldTime = 3_000
    static let controllerSilenceMs: WorldTime = 1_200
    static let lagMaxMs: WorldTime = 2_000
    static let fetchWaitMs: WorldTime = 300

    let seed: UInt64
    let options: WorldOptions
    var random: SeededGenerator
    var now: WorldTime = 0
    private var queue = EventQueue<() throws -> Void>()

    let syncs: Bool
    let minInSync: Int
    let replicationFactor: Int
    /// Operators give partitions to replicas outside the in-sync set when nobody else is left.
    let allowsUnclean: Bool
    let controllerSettings: ControllerSettings
    let brokers: [SimulatedBroker]
    let partitions: [TopicIDPartition]

    var store = ModelStore()
    /// When the store ends the sessions of runs, unless they go on.
    var sessionEnds: [PartitionLeader: WorldTime] = [:]
    /// Nobody gets an answer from the store before.
    var storeIsDownUntil: WorldTime = 0
    /// Directions in which nothing gets through.
    var cuts: Set<Link> = []
    var isTroubled = false
    var producers: [SimulatedProducer]
    var readers: [SimulatedReader]
    var nextID = 1

    /// By partition.
    var checks: [PartitionChecks]
    var controllerChecks = ControllerChecks()
    var counts = Tally<Seen>()

    init(seed: UInt64, options: WorldOptions) {
        self.seed = seed
        self.options = options
        var random = SeededGenerator(seed: seed)
        syncs = random.chance(75)
        let syncs = self.syncs
        allowsUnclean = random.chance(20)
        let ids = 1...BrokerID.random(in: 3...5, using: &random)
        replicationFactor = random.chance(80) ? 3 : 2
        minInSync = random.chance(75) ? min(2, replicationFactor) : 1
        let partitions = (0..<PartitionIndex.random(in: 1...3, using: &random)).map {
            TopicIDPartition(topicID: Self.topicID, partition: $0)
        }
        self.partitions = partitions
        brokers = ids.map { id in
            let broker = SimulatedBroker(id: id)
            broker.replicas = partitions.map { SimulatedReplica($0, on: broker, syncs: syncs) }
            return broker
        }
        controllerSettings = Self.controllerSettings(options.plant)
        producers = (0...partitions.count).map { SimulatedProducer(partition: $0 % partitions.count) }
        readers = partitions.indices.map { SimulatedReader(partition: $0) }
        checks = partitions.map { PartitionChecks($0) }
        self.random = random
    }

    /// As for a cluster with short sessions, in which every death takes several transactions.
    private static func controllerSettings(_ plant: Plant?) -> ControllerSettings {
        var settings = ControllerSettings()
        settings.sessionTimeout = sessionMs
        settings.controllerSilence = controllerSilenceMs
        settings.leaderSilence = lagMaxMs
        settings.answeringGrace = 1_000
        settings.partitionsPerTransaction = 1
        settings.transactionsInFlightMax = 2
        settings.balanceDelay = 1_500
        settings.moveBackoff = 2_000
        settings.moveBackoffMax = 4_000
        if plant == .countsOwnStandstill { settings.greetingLimit = .max }
        if plant == .controllerIsHasty {
            settings.sessionTimeout = 0
            settings.silentGrace = 0
            settings.answeringGrace = 0
        }
        return settings
    }

    func violation(_ rule: String) -> Violation {
        Violation(seed: seed, time: now, rule: rule)
    }

    func trace(_ what: @autoclosure () -> String) {
        if options.isTraced { print("\(now) \(what())") }
    }

    // MARK: Chance and time

    func chance(_ permille: Int) -> Bool {
        Int.random(in: 0..<1_000, using: &random) < permille
    }

    /// Faults only while there is to be trouble.
    func fault(_ permille: Int) -> Bool {
        isTroubled && chance(permille)
    }

    func roll(_ range: ClosedRange<WorldTime>) -> WorldTime {
        WorldTime.random(in: range, using: &random)
    }

    func after(_ milliseconds: WorldTime, _ event: @escaping () throws -> Void) {
        queue.add(event, at: now + milliseconds)
    }

    /// In this process of the broker, unless it ends before; later when it is paused.
    func after(_ milliseconds: WorldTime, on broker: SimulatedBroker, _ event: @escaping () throws -> Void) {
        let run = broker.run
        after(milliseconds) { [self, unowned broker] in
            guard broker.run == run else { return }
            try whenAwake(broker, event)
        }
    }

    /// Now, or when the process goes on.
    func whenAwake(_ broker: SimulatedBroker, _ event: @escaping () throws -> Void) throws {
        if broker.isPaused { broker.held.append(event) } else { try event() }
    }

    /// What the broker's clock shows.
    func time(_ broker: SimulatedBroker) -> Duration { .milliseconds(broker.clock(at: now)) }

    // MARK: The network

    func broker(_ id: BrokerID) -> SimulatedBroker { brokers[Int(id) - 1] }

    func replica(_ partition: Int, on id: BrokerID) -> SimulatedReplica { broker(id).replicas[partition] }

    func delay() -> WorldTime {
        fault(30) ? roll(50...900) : roll(1...8)
    }

    /// Delivers late, never, or twice. A receiver that is down hears nothing; one that restarted does.
    func send(from: BrokerID, to: BrokerID, _ deliver: @escaping (SimulatedBroker) throws -> Void) {
        guard !cuts.contains(Link(from: from, to: to)), !fault(15) else { return }
        for _ in 0..<(fault(15) ? 2 : 1) {
            after(delay()) { [self] in
                let receiver = broker(to)
                guard receiver.isServing else { return }
                let run = receiver.run
                try whenAwake(receiver) { if receiver.run == run { try deliver(receiver) } }
            }
        }
    }

    // MARK: Running

    /// Plays the history.
    /// - Throws: the first ``Violation``.
    func run() throws -> Tally<Seen> {
        // What is planned holds the world.
        defer {
            queue = EventQueue()
            for broker in brokers { broker.held = [] }
        }
        for broker in brokers { start(broker) }
        everyFewMs(5...60) { [self] in for broker in brokers where isActive(broker) { try feed(broker) } }
        everyFewMs(50...200) { [self] in try endDueSessions() }
        everyFewMs(150...400) { [self] in for broker in brokers where isActive(broker) { try tick(broker) } }
        everyFewMs(300...900) { [self] in
            for broker in brokers where broker.isUp && !broker.isPaused { keepAlive(broker) }
        }
        try play(until: 1_500)
        try createTopic()
        for producer in producers.indices { everyFewMs(20...200) { [self] in produce(producer) } }
        for reader in readers.indices { everyFewMs(20...150) { [self] in try read(reader) } }
        try play(until: 3_000)
        isTroubled = true
        everyFewMs(200...1_500) { [self] in try makeTrouble() }
        everyFewMs(500...4_000) { [self] in try giveOrder() }
        everyFewMs(500...5_000) { [self] in try harmDisk() }
        try play(until: options.troubledMs)
        try heal()
        let before = checks.map(\.acknowledgements)
        try play(until: options.troubledMs + options.healedMs)
        try checkRest(acknowledgedBefore: before)
        return counts
    }

    private func isActive(_ broker: SimulatedBroker) -> Bool { broker.isServing && !broker.isPaused }

    private func everyFewMs(_ range: ClosedRange<WorldTime>, _ body: @escaping () throws -> Void) {
        after(roll(range)) { [self] in
            try body()
            everyFewMs(range, body)
        }
    }

    private func play(until end: WorldTime) throws {
        while let next = queue.popFirst(upTo: end) {
            now = next.time
            try next.event()
        }
        now = end
    }

    /// One topic, led from the start as `CreateTopics` has it.
    private func createTopic() throws {
        var placement = ReplicaPlacement(over: store.image, needingSession: true)
        guard placement.count == brokers.count else { throw violation("not all brokers have come up") }
        var transaction = MetadataTransaction()
        for id in partitions {
            let replicas = placement.place(factor: replicationFactor)
            let leader = replicas.first.flatMap { store.image.standings[$0]?.run }
            transaction.put(
                .partition(
                    PartitionRecord(
                        id: id, leader: leader, leaderEpoch: 0, replicas: replicas, inSyncReplicas: replicas)),
                ifRevision: 0)
        }
        let settings = [
            TopicSettings.minInSyncReplicasName: "\(minInSync)",
            TopicSettings.uncleanElectionName: "\(allowsUnclean && chance(500))",
        ]
        transaction.put(
            .topic(
                TopicRecord(
                    name: Self.topic, id: Self.topicID, partitionCount: Int32(partitions.count), settings: settings)),
            ifRevision: 0)
        guard case .committed = try apply(transaction, by: .order) else { throw violation("there is no topic") }
    }
}
