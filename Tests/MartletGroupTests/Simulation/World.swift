import MartletCore
import SimulationKit
import TestSeeds

@testable import MartletBroker

/// One group, its coordinator, its log, its members and the network between them, played from a seed.
///
/// For a while everything goes wrong that can: members die, stand still, hang, join and leave; messages are lost, late
/// and repeated; the coordinator crashes; topics come, grow and go; clocks jump. Then the world heals and must come to
/// rest.
struct World {
    let seed: UInt64
    let options: WorldOptions
    var random: SeededGenerator
    var now: GroupTime = 0
    var wallTime: TimestampMs = 1_700_000_000_000
    private var queue = EventQueue<WorldEvent>()
    var isChaos = true
    var counts = Tally<Seen>()

    var group: Group?
    /// Counts the coordinator's runs: what was sent to a former one is lost with its connection.
    var connection = 0
    var log = SimulatedLog()
    var tokens: [GroupToken: (member: Int, call: Int, request: GroupRequest)] = [:]
    private var nextToken: GroupToken = 0
    private var wakeAt: GroupTime?

    var members: [SimulatedMember] = []
    private var nextCall = 0
    var catalog: [String: TopicCatalog.Topic] = [:] {
        didSet { topics = TopicCatalog(catalog) }
    }
    private var topics = TopicCatalog()
    var checks = WorldChecks()

    init(seed: UInt64, options: WorldOptions) {
        self.seed = seed
        self.options = options
        random = SeededGenerator(seed: seed)
        for topic in 0..<options.topics { addTopic(topic) }
        for _ in 0..<options.members { addMember() }
    }

    var context: GroupContext { GroupContext(now: now, wallTime: wallTime + now, topics: topics) }

    /// Plays the history to its end.
    mutating func run() throws -> Tally<Seen> {
        try startCoordinator()
        schedule(.fault, in: 500)
        try play(until: options.chaosMs)
        isChaos = false
        heal()
        try play(until: now + options.healingMs)
        try growTopic()
        try play(until: now + options.settlingMs)
        let moves = counts[.moves]
        let fences = counts[.fences]
        try play(until: now + options.quietMs)
        try checkRest(moves: counts[.moves] - moves, fences: counts[.fences] - fences)
        return counts
    }

    private mutating func play(until end: GroupTime) throws {
        while let (due, event) = queue.popFirst(upTo: end) {
            now = max(now, due)
            counts[.events] += 1
            try happen(event)
        }
        now = end
    }

    private mutating func happen(_ event: WorldEvent) throws {
        switch event {
        case .request(let request, let member, let call, let connection):
            guard connection == self.connection else { return }
            try arrive(request, from: member, call: call)
        case .answer(let answer, let member, let call, let request):
            if members[member].pausedUntil > now {
                schedule(event, in: members[member].pausedUntil - now)
            } else {
                try receive(answer, member, call, request)
            }
        case .poll(let member): poll(member)
        case .look(let member): look(member)
        case .sync(let count, let connection):
            guard connection == self.connection, group != nil else { return }
            log.sync(upTo: count)
            try checks.becomeDurable(log, self)
            try tell(.durable(Int64(count - base)))
        case .wake(let connection):
            guard connection == self.connection else { return }
            wakeAt = nil
            if options.plant != .neverLooksAtTheClock { try tell(.timePassed) }
        case .restart: try startCoordinator()
        case .fault: try makeFault()
        }
    }

    /// Each at a time of its own: what is sent later may come earlier.
    mutating func schedule(_ event: WorldEvent, in delay: GroupTime) {
        queue.add(event, at: now + delay)
    }

    func violation(_ what: String) -> Violation { Violation(seed: seed, time: now, rule: what) }

    // MARK: The coordinator

    /// Batches of earlier runs: positions count from there.
    private(set) var base = 0

    mutating func startCoordinator() throws {
        connection += 1
        wakeAt = nil
        var group = Group(name: "simulated")
        for record in try log.records(isCompacted: random.chance(50), upTo: log.count) { group.restore(record) }
        base = log.count
        let actions = group.finishRestoring(in: context)
        self.group = group
        checks.restart(log.count)
        try perform(actions)
    }

    mutating func crash() {
        guard group != nil else { return }
        counts[.crashes] += 1
        group = nil
        connection += 1
        let unsynced = log.count - log.durableCount
        log.crash(keeping: unsynced == 0 ? 0 : Int.random(in: 0...unsynced, using: &random))
        tokens = [:]
        schedule(.restart, in: GroupTime.random(in: 10...1_500, using: &random))
    }

    private mutating func arrive(_ request: GroupRequest, from member: Int, call: Int) throws {
        guard group != nil else { return }
        nextToken += 1
        let token = nextToken
        tokens[token] = (member, call, request)
        let request = planted(request)
        let event: GroupEvent =
            switch request {
            case .heartbeat(let heartbeat): .heartbeat(heartbeat, token)
            case .leave(let leave): .leave(leave, token)
            case .commit(let commit): .commit(commit, token)
            case .fetch(let partitions, _): .fetchOffsets(partitions, token)
            }
        let context = context
        let actions = group?.handle(event, in: context) ?? []
        if case .commit = request, let (_, _, original) = tokens[token], case .commit(let commit) = original {
            try checks.takeCommit(commit, actions, self)
        }
        try perform(actions)
    }

    mutating func tell(_ event: GroupEvent) throws {
        let context = context
        try perform(group?.handle(event, in: context) ?? [])
    }

    mutating func perform(_ actions: [GroupAction]) throws {
        for action in actions {
            switch action {
            case .append(let records, let position):
                guard Int(position) + base == log.count + 1 else {
                    throw violation("position \(position) at a log of \(log.count)")
                }
                log.append(
                    options.plant == .forgetsCurrentAssignments ? records.filter { !$0.isCurrentAssignment } : records)
                let slowest: GroupTime = isChaos && random.chance(20) ? 400 : 20
                schedule(
                    .sync(count: log.count, connection: connection),
                    in: GroupTime.random(in: 1...slowest, using: &random))
                if options.plant == .revealsBeforeDurable {
                    try tell(.durable(position))
                }
            case .answer(let token, let answer):
                guard let (member, call, request) = tokens.removeValue(forKey: token) else {
                    throw violation("token \(token) is answered twice")
                }
                try checks.reveal(answer, to: members[member], request, self)
                send(.answer(answer, to: member, call: call, about: request))
            }
        }
        if let next = group?.nextDeadline, wakeAt.map({ next < $0 }) ?? true {
            wakeAt = next
            schedule(.wake(connection: connection), in: max(0, next - now))
        }
    }

    // MARK: The network

    mutating func nextCallID() -> Int {
        nextCall += 1
        return nextCall
    }

    /// On its way; while there is chaos perhaps lost, late or twice.
    mutating func send(_ event: WorldEvent) {
        let isAnswer = if case .answer = event { true } else { false }
        guard isChaos else { return schedule(event, in: GroupTime.random(in: 0...3, using: &random)) }
        if random.chance(4) {
            counts[.lostMessages] += 1
            return
        }
        let late: ClosedRange<GroupTime> = random.chance(10) ? 0...2_500 : 0...10
        schedule(event, in: GroupTime.random(in: late, using: &random))
        if !isAnswer, random.chance(4) { schedule(event, in: GroupTime.random(in: 0...3_000, using: &random)) }
    }
}

extension GroupRecord {
    fileprivate var isCurrentAssignment: Bool {
        if case .current = key, value != nil { true } else { false }
    }
}
