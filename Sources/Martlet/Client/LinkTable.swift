internal import MartletCore

/// To which brokers there are connections, and when to try again for the others. Pure; belongs to a machine.
struct LinkTable {
    private enum Link: Equatable {
        case down(retryAt: MonotonicTime?)
        case connecting
        case up
    }

    private struct Entry {
        var link = Link.down(retryAt: nil)
        var failures = 0
        /// Why it is down.
        var trouble: MartletError?
    }

    private var entries: [BrokerID: Entry] = [:]
    /// Connections that were asked for and are still to be made.
    private var wanted: [BrokerID] = []

    /// Whether the broker can be sent to. If not, a connection is asked for as soon as that makes sense.
    mutating func isUp(_ broker: BrokerID, now: MonotonicTime) -> Bool {
        switch entries[broker, default: Entry()].link {
        case .up:
            return true
        case .connecting:
            return false
        case .down(let retryAt):
            guard retryAt.map({ $0 <= now }) ?? true else { return false }
            entries[broker, default: Entry()].link = .connecting
            wanted.append(broker)
            return false
        }
    }

    /// The connections to be made; each is told once.
    mutating func takeWanted() -> [BrokerID] {
        defer { wanted = [] }
        return wanted
    }

    mutating func connected(_ broker: BrokerID) {
        entries[broker, default: Entry()].link = .up
        entries[broker]?.trouble = nil
    }

    /// The broker has answered something: it works.
    mutating func noteAnswer(_ broker: BrokerID) {
        entries[broker]?.failures = 0
    }

    /// Why there is no connection to it; nil when there is one, or nothing is known yet.
    func trouble(with broker: BrokerID) -> MartletError? { entries[broker]?.trouble }

    /// It could not be reached, or the connection is gone.
    mutating func disconnected(
        _ broker: BrokerID, because error: MartletError, now: MonotonicTime, backoff: Backoff,
        using random: inout RandomSource
    ) {
        var entry = entries[broker, default: Entry()]
        entry.trouble = error
        entry.failures += 1
        entry.link = .down(retryAt: now + backoff.delay(afterFailures: entry.failures, using: &random))
        entries[broker] = entry
    }

    func eachMoment(_ body: (MonotonicTime) -> Void) {
        for entry in entries.values {
            if case .down(let retryAt?) = entry.link { body(retryAt) }
        }
    }
}
