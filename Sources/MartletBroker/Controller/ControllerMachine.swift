internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// Decides who leads which partition and where replicas go, while its broker is the controller; stands for election
/// while there is none. Pure: images, reports and the time in, transactions and dials out.
///
/// What it decides holds only by the store's word: every transaction compares the controller's own record and each key
/// it changes, so that neither a controller that was deposed nor one behind the times changes anything (RULES 22).
struct ControllerMachine {
    let me: PartitionLeader
    let settings: ControllerSettings
    private(set) var image = ClusterImage()
    private(set) var now: ControllerTime = 0
    var reign: Reign?
    var watch: DeathWatch
    private var hasImage = false
    /// The transaction by which this broker wants to become the controller, and where its outcome shows.
    var candidacy: (id: ControllerTransactionID, seenAt: Revision?)?
    /// When the record of the controller, as it is now, was first seen.
    private(set) var controllerSeenAt: ControllerTime = 0
    private var controllerSeen: Revision?
    var challenge: Challenge?
    private var nextTransaction: ControllerTransactionID = 1
    var actions: [ControllerAction] = []
    var tally = ControllerTally()

    init(_ me: PartitionLeader, settings: ControllerSettings) {
        self.me = me
        self.settings = settings
        watch = DeathWatch(me: me.broker, settings: settings)
    }

    var isController: Bool { reign != nil }

    /// When `timePassed` is due at the latest.
    var deadline: ControllerTime? {
        let greeting = watch.greetings.deadline
        guard let reign else { return greeting }
        let verdict = watch.nextVerdict(image, at: now, after: reign.dying.keys)
        return min(reign.nextTick, verdict ?? .max, greeting ?? .max)
    }

    mutating func handle(_ event: ControllerEvent, at time: ControllerTime) -> [ControllerAction] {
        now = max(now, time)
        actions = []
        switch event {
        case .imageLoaded(let image): load(image)
        case .updated(let image, let update): take(image, update)
        case .timePassed: break
        case .deathReported(let run): takeReport(run)
        case .dialled(let run, let result): watch.dialled(run, result, at: now)
        case .greeted(let run, let result): takeGreeting(run, result)
        case .settled(let id, let revision, let isCommitted): settle(id, revision, isCommitted)
        case .moveRequested(let leader, let partitions): takeMoveRequests(leader, partitions)
        case .reachKnown(let broker, let brokers):
            reign?.requests.answered(broker, brokers, at: now)
            challenge?.answered(broker, brokers)
        }
        guard hasImage else { return actions }
        followController()
        greet()
        if isController { rule() } else { stand() }
        return actions
    }

    mutating func makeTransaction() -> ControllerTransactionID {
        defer { nextTransaction += 1 }
        return nextTransaction
    }

    // MARK: The image

    private mutating func load(_ image: ClusterImage) {
        self.image = image
        hasImage = true
        watch.begin(at: now)
        for id in image.brokers.keys.sorted() { follow(id) }
        guard let old = reign else { return }
        // The same reign over what may be another world.
        var new = Reign(image, revision: old.revision, settings: settings, at: now)
        new.flights = old.flights
        new.locked = old.locked
        new.dying = old.dying
        new.requests = old.requests
        reign = new
        for id in image.brokers.keys.sorted() { restand(id) }
        landFlights()
    }

    private mutating func take(_ image: ClusterImage, _ update: MetadataUpdate) {
        let old = self.image
        self.image = image
        var brokers: Set<BrokerID> = []
        for change in update.changes {
            switch change.key {
            case .broker(let id), .session(let id): brokers.insert(id)
            case .partition(let id): takePartition(id, old.partitions[id]?.record)
            case .topic(let name): takeTopic(old.topics[name]?.id, image.topics[name]?.id)
            case .defaults: takeDefaults()
            case .cluster, .controller, .deletion, .producerIDs: break
            }
        }
        for id in brokers.sorted() {
            follow(id)
            restand(id)
        }
        landFlights()
    }

    private mutating func follow(_ id: BrokerID) {
        guard watch.follow(id, in: image, at: now), let record = image.brokers[id]?.record else { return }
        actions.append(.dial(record))
    }

    /// Looks at a broker's partitions again when it has become good for something else.
    private mutating func restand(_ id: BrokerID) {
        guard var reign = self.reign else { return }
        self.reign = nil
        defer { self.reign = reign }
        if let run = reign.dying[id] {
            let record = image.brokers[id]?.record
            if record?.startEpoch != run.startEpoch || record?.isFenced == true { reign.dying[id] = nil }
        }
        let standing = BrokerStanding(id, in: image, isDying: reign.dying[id] != nil)
        guard standing != reign.standings[id] else { return }
        reign.standings[id] = standing
        reign.work.enqueue(broker: id, in: image)
    }

    private mutating func takePartition(_ id: TopicIDPartition, _ old: PartitionRecord?) {
        guard isController else { return }
        guard let new = image.partitions[id]?.record else {
            if let old { reign?.forget(old) }
            return
        }
        reign?.work.replace(old, with: new)
        if new.targetReplicas.isEmpty { reign?.moving.remove(id) } else { reign?.moving.insert(id) }
        if let old { note(old, new) }
    }

    private mutating func note(_ old: PartitionRecord, _ new: PartitionRecord) {
        if new.leader != nil, new.leaderEpoch > old.leaderEpoch { tally.elections += 1 }
        if new.lastUncleanEpoch > old.lastUncleanEpoch, let leader = new.leader {
            tally.uncleanElections += 1
            actions.append(.note(.uncleanElection(new.id, leader: leader, epoch: new.leaderEpoch)))
        }
        if new.leader == nil, old.leader != nil {
            actions.append(.note(.lostLeader(new.id, inSyncReplicas: new.inSyncReplicas)))
        }
        if new.targetReplicas.isEmpty, !old.targetReplicas.isEmpty {
            actions.append(.note(.moveFinished(new.id, replicas: new.replicas)))
        }
    }

    private mutating func takeTopic(_ old: TopicID?, _ new: TopicID?) {
        for id in Set([old, new].compactMap { $0 }).sorted() {
            reign?.rules[id] = nil
            let partitions = reign?.work.partitions(of: id) ?? []
            reign?.work.enqueue(partitions)
        }
    }

    private mutating func takeDefaults() {
        guard isController else { return }
        reign?.rules = [:]
        reign?.work.enqueue(image.partitions.keys.sorted())
    }

    // MARK: Transactions

    private mutating func settle(_ id: ControllerTransactionID, _ revision: Revision, _ isCommitted: Bool) {
        if candidacy?.id == id {
            candidacy?.seenAt = revision
            return
        }
        guard reign?.flights[id] != nil else { return }
        reign?.flights[id]?.seenAt = revision
        if let limit = reign?.batchLimit {
            reign?.batchLimit = isCommitted ? min(limit * 2, settings.partitionsPerTransaction) : max(limit / 2, 1)
        }
        landFlights()
    }

    /// Takes up again what transactions were about, once the image shows what became of them.
    private mutating func landFlights() {
        guard let flights = reign?.flights, !flights.isEmpty else { return }
        for (id, flight) in flights.sorted(by: { $0.key < $1.key }) {
            guard let seenAt = flight.seenAt, seenAt <= image.revision else { continue }
            reign?.flights[id] = nil
            reign?.locked.subtract(flight.partitions)
            reign?.work.enqueue(flight.partitions)
            for broker in flight.fenced where reign?.dying.removeValue(forKey: broker) != nil { restand(broker) }
        }
    }

    // MARK: Becoming and ceasing to be the controller

    /// The store says who is the controller.
    private mutating func followController() {
        if controllerSeen != image.controller?.revision {
            controllerSeen = image.controller?.revision
            controllerSeenAt = now
            challenge = nil
        }
        if let candidacy, let seenAt = candidacy.seenAt, seenAt <= image.revision { self.candidacy = nil }
        let mine = ControllerRecord(broker: me.broker, startEpoch: me.startEpoch)
        let revision = image.controller.flatMap { $0.record == mine ? $0.revision : nil }
        guard revision != reign?.revision else { return }
        if reign != nil { actions.append(.note(.resigned)) }
        reign = nil
        guard let revision else { return }
        actions.append(.note(.elected(revision: revision)))
        watch.begin(at: now)
        reign = Reign(image, revision: revision, settings: settings, at: now)
    }

    /// RULES 21: whoever decides dials. Everybody decides about the controller.
    mutating func takeReport(_ run: PartitionLeader) {
        guard hasImage else { return }
        let controller = image.controller?.record
        let isController = controller.map { $0.broker == run.broker && $0.startEpoch == run.startEpoch } ?? true
        if self.isController || isController {
            guard watch.report(run, in: image), let record = image.brokers[run.broker]?.record else { return }
            actions.append(.dial(record))
        } else if let controller, let record = image.brokers[controller.broker]?.record {
            actions.append(.tellController(record, death: run))
        }
    }

    private mutating func takeMoveRequests(
        _ leader: PartitionLeader, _ partitions: [(id: TopicIDPartition, leaderEpoch: LeaderEpoch)]
    ) {
        for partition in partitions {
            reign?.requests.add(partition.id, leader: leader, epoch: partition.leaderEpoch, at: now)
        }
    }
}
