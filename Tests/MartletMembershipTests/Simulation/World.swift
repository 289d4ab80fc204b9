import MartletCore
import SimulationKit
import TestSeeds

@testable import Martlet
@testable import MartletBroker

/// Members with the real membership, the broker's real group, and the network between them, played from a seed.
///
/// For a while everything goes wrong that can: processes die, stand still, start anew with the same instance id, stop
/// polling, close; messages are lost, late and repeated, connections cut; the coordinator crashes and forgets what was not durable;
/// topics come, grow and go. Then the world heals, and everything must be read again by exactly one.
struct World {
    let seed: UInt64
    let options: WorldOptions
    var random: SeededGenerator
    var now: Int64 = 0
    var isChaos = true
    var counts = Tally<Seen>()
    private var queue = EventQueue<WorldEvent>()

    // The coordinator.
    var group: Group?
    var term = 0
    var log: [GroupRecord] = []
    /// How long the log was when each position of this run was appended.
    var lengths: [Int64: Int] = [:]
    var durableLength = 0
    var tokens: [GroupToken: (request: Request, process: Int)] = [:]
    var nextToken: GroupToken = 0
    /// When it is woken next, so that it is once.
    var coordinatorWakeAt: Int64 = .max
    var catalog: [String: TopicCatalog.Topic] = [:]

    var processes: [SimulatedProcess] = []
    /// By partition: behind the last record that anybody was handed out.
    var delivered: [TopicIDPartition: Offset] = [:]
    /// By partition: the highest offset that the coordinator has taken.
    var committed: [TopicIDPartition: Offset] = [:]

    init(seed: UInt64, options: WorldOptions) {
        self.seed = seed
        self.options = options
        random = SeededGenerator(seed: seed)
        for topic in 0..<options.topics { addTopic(topic) }
        for _ in 0..<options.members { addProcess() }
    }

    var time: MonotonicTime { MonotonicTime(nanoseconds: now * 1_000_000) }
    var context: GroupContext {
        GroupContext(now: now, wallTime: 1_700_000_000_000 + now, topics: TopicCatalog(catalog))
    }

    func violation(_ what: String) -> Violation { Violation(seed: seed, time: now, rule: what) }

    /// Plays the history to its end.
    mutating func run() throws -> Tally<Seen> {
        try startCoordinator()
        schedule(.fault, in: 300)
        try play(until: options.chaosMs)
        isChaos = false
        heal()
        try play(until: now + options.healingMs)
        let before = standing
        try play(until: now + options.quietMs)
        try checkRest(since: before)
        return counts
    }

    private mutating func play(until end: Int64) throws {
        while let (due, event) = queue.popFirst(upTo: end) {
            now = max(now, due)
            counts[.events] += 1
            guard counts[.events] < options.eventsMax else { throw violation("too much happens: \(event)") }
            try happen(event)
        }
        now = end
    }

    private mutating func happen(_ event: WorldEvent) throws {
        switch event {
        case .arrive(let request, let process, let term):
            if term == self.term, group != nil { try arrive(request, from: process) }
        case .answer(let answer, let request, let process):
            try whenAwake(process, event) { try $0.take(answer, to: request, process) }
        case .noAnswer(let request, let process):
            try whenAwake(process, event) { try $0.takeSilence(request, process) }
        case .findCoordinator(let process):
            try whenAwake(process, event) { try $0.findCoordinator(process) }
        case .wake(let process):
            processes[process].wakeAt = .max
            try whenAwake(process, event) { try $0.tell(process) { _, _ in } }
        case .poll(let process): try poll(process)
        case .durable(let position, let term):
            guard term == self.term, group != nil else { return }
            durableLength = max(durableLength, lengths[position] ?? 0)
            try tellGroup(.durable(position))
        case .coordinatorWake(let term):
            guard term == self.term else { return }
            coordinatorWakeAt = .max
            try tellGroup(.timePassed)
        case .restartCoordinator: try startCoordinator()
        case .fault: try makeFault()
        }
    }

    /// What comes to a process that stands still waits until it runs; what comes to a dead one is lost.
    private mutating func whenAwake(_ index: Int, _ event: WorldEvent, _ body: (inout World) throws -> Void) rethrows {
        let process = processes[index]
        guard process.isAlive else { return }
        if process.pausedUntil > now { return schedule(event, in: process.pausedUntil - now) }
        try body(&self)
    }

    // MARK: Time

    mutating func schedule(_ event: WorldEvent, in delay: Int64) {
        queue.add(event, at: now + max(delay, 0))
    }

    // MARK: The network

    func isCutOff(_ process: Int?) -> Bool { process.map { processes[$0].cutOffUntil > now } ?? false }

    /// On its way; while there is chaos perhaps lost, late or, towards the coordinator, twice.
    mutating func send(_ event: WorldEvent, mayRepeat: Bool = false) {
        guard isChaos else { return schedule(event, in: Int64.random(in: 0...3, using: &random)) }
        if isCutOff(event.process) || random.chance(3) {
            counts[.lostMessages] += 1
            return
        }
        let late: ClosedRange<Int64> = random.chance(10) ? 0...2_500 : 0...10
        schedule(event, in: Int64.random(in: late, using: &random))
        if mayRepeat, random.chance(3) { schedule(event, in: Int64.random(in: 0...2_500, using: &random)) }
    }
}
