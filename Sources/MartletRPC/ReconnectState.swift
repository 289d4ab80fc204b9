import MartletCore
package import MartletProtocol
package import NIOCore

/// Keeps one connection up: when to dial, when to wait, who waits for it. Pure: no I/O, no clock, no random source.
///
/// It dials when somebody wants the connection and not before; a broker that nobody asks for is left in peace.
package struct ReconnectState<Connection, Waiter> {
    private enum Phase {
        case idle
        case dialling
        case connected(Connection)
        case backingOff(until: NIODeadline)
        case closed
    }

    private struct Waiting {
        var waiter: Waiter
        var deadline: NIODeadline
    }

    private let backoff: Backoff
    private var phase = Phase.idle
    private var waiting: [Waiting] = []
    private var failures = 0
    private var lastFailure: RPCFailure?

    package init(backoff: Backoff) {
        self.backoff = backoff
    }

    package enum WantAction {
        case use(Connection, Waiter)
        /// Dial; the waiter is kept.
        case dial
        /// The waiter is kept; look again with ``timePassed(now:)`` at this moment.
        case wait(until: NIODeadline)
        case fail(Waiter, RPCFailure)
    }

    /// Somebody wants the connection, and will wait until `deadline`.
    package mutating func want(_ waiter: Waiter, deadline: NIODeadline) -> WantAction {
        switch phase {
        case .connected(let connection):
            return .use(connection, waiter)
        case .idle:
            waiting.append(Waiting(waiter: waiter, deadline: deadline))
            phase = .dialling
            return .dial
        case .dialling:
            waiting.append(Waiting(waiter: waiter, deadline: deadline))
            return .wait(until: deadline)
        case .backingOff(let until):
            waiting.append(Waiting(waiter: waiter, deadline: deadline))
            return .wait(until: min(until, deadline))
        case .closed:
            return .fail(waiter, Self.closedFailure)
        }
    }

    package enum ConnectedAction {
        case serve([Waiter])
        /// Closed while dialling: nobody wants the connection.
        case drop
    }

    package mutating func connected(_ connection: Connection) -> ConnectedAction {
        guard case .dialling = phase else { return .drop }
        phase = .connected(connection)
        failures = 0
        lastFailure = nil
        defer { waiting = [] }
        return .serve(waiting.map(\.waiter))
    }

    package enum FailedAction {
        /// Look again with ``timePassed(now:)`` at this moment.
        case wait(until: NIODeadline)
        case none
    }

    /// A dial has failed. `random` is in 0..<1.
    package mutating func failed(_ failure: RPCFailure, now: NIODeadline, random: Double) -> FailedAction {
        guard case .dialling = phase else { return .none }
        failures += 1
        lastFailure = failure
        let until = now + backoff.delay(afterFailures: failures, random: random)
        phase = .backingOff(until: until)
        return .wait(until: ([until] + waiting.map(\.deadline)).min() ?? until)
    }

    /// The connection has ended; the next who wants one makes us dial at once.
    package mutating func lost() {
        if case .connected = phase {
            phase = .idle
        }
    }

    /// The connection, while there is one.
    package var connection: Connection? {
        if case .connected(let connection) = phase { connection } else { nil }
    }

    package struct TimeAction {
        /// Whose time is over.
        package var failed: [Waiter] = []
        package var failure: RPCFailure
        package var dial = false
        /// When to look again.
        package var next: NIODeadline?
    }

    package mutating func timePassed(now: NIODeadline) -> TimeAction {
        var action = TimeAction(failure: lastFailure ?? Self.tooSlowFailure)
        action.failed = waiting.filter { $0.deadline <= now }.map(\.waiter)
        waiting.removeAll { $0.deadline <= now }
        if case .backingOff(let until) = phase {
            if until <= now {
                phase = waiting.isEmpty ? .idle : .dialling
                action.dial = !waiting.isEmpty
            } else {
                action.next = until
            }
        }
        let earliest = waiting.map(\.deadline).min()
        action.next = [action.next, earliest].compactMap(\.self).min()
        return action
    }

    package struct CloseAction {
        package var connection: Connection?
        package var failed: [Waiter]
        package var failure: RPCFailure
    }

    package mutating func close() -> CloseAction {
        let connection = connection
        phase = .closed
        defer { waiting = [] }
        return CloseAction(connection: connection, failed: waiting.map(\.waiter), failure: Self.closedFailure)
    }

    private static var closedFailure: RPCFailure {
        RPCFailure(.cancelled, "this client has been closed")
    }

    private static var tooSlowFailure: RPCFailure {
        RPCFailure(.unavailable, error: .brokerUnavailable, "no connection to the broker within the call's timeout")
    }
}
