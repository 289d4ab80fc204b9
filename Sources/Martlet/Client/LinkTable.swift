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
    }

    /// The broker has answered something: it works.
    mutating func noteAnswer(_ broker: BrokerID) {
        entries[broker]?.failures = 0
    }

    /// It could not be reached, or the connection is gone.
    mutating func disconnected(
        _ broker: BrokerID, now: MonotonicTime, backoff: Backoff, using random: inout RandomSource
    ) {
        var entry = entries[broker, default: Entry()]
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
