/// Which topics are to be asked about, and when: one question at a time, with back-off. Pure; belongs to a machine.
struct LookupSchedule {
    private enum Phase {
        case idle(notBefore: MonotonicTime?)
        case running
    }

    private let maxAge: Duration
    private let backoff: Backoff
    private var phase = Phase.idle(notBefore: nil)
    private var stale: Set<String> = []
    private var failures = 0
    private var lastQuestion: MonotonicTime?
    /// Why the last question had no answer; nil when it had one.
    private(set) var trouble: MartletError?

    init(maxAge: Duration, backoff: Backoff) {
        self.maxAge = maxAge
        self.backoff = backoff
    }

    /// What is known about the topic may be wrong.
    mutating func want(_ topic: String) {
        stale.insert(topic)
    }

    /// The topics to ask about now; `used` are all that the machine uses, asked about when `maxAge` has passed.
    mutating func takeDue(now: MonotonicTime, used: some Sequence<String>) -> [String] {
        guard case .idle(let notBefore) = phase, notBefore.map({ $0 <= now }) ?? true else { return [] }
        if let lastQuestion, now >= lastQuestion + maxAge { stale.formUnion(used) }
        guard !stale.isEmpty else { return [] }
        defer { stale = [] }
        phase = .running
        lastQuestion = now
        return stale.sorted()
    }

    /// There was an answer. What it leaves stale is asked about again, but not at once: leaders may be a moment away.
    mutating func answered(now: MonotonicTime) {
        failures = 0
        trouble = nil
        phase = .idle(notBefore: now + backoff.first)
    }

    /// Nobody could be asked.
    mutating func failed(because error: MartletError, now: MonotonicTime, using random: inout RandomSource) {
        failures += 1
        trouble = error
        phase = .idle(notBefore: now + backoff.delay(afterFailures: failures, using: &random))
    }

    func eachMoment(_ body: (MonotonicTime) -> Void) {
        if case .idle(let notBefore?) = phase { body(notBefore) }
        if let lastQuestion { body(lastQuestion + maxAge) }
    }
}
