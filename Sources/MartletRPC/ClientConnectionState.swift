import MartletCore
package import MartletProtocol
package import NIOCore

/// One connection's life at the client: which calls wait for an answer. Pure; `Call` is whatever stands for a waiting
/// call.
package struct ClientConnectionState<Call> {
    private enum Phase {
        case open
        /// The server takes no new calls here; those that wait are answered.
        case goingAway(String)
        case closed(RPCFailure)
    }

    private struct Waiting {
        var call: Call
        var deadline: NIODeadline
    }

    /// For messages: "127.0.0.1:7400".
    private let address: String
    private var phase = Phase.open
    private var calls: [UInt64: Waiting] = [:]
    /// What the server has said it takes.
    package var openCallsMax: Int

    package init(address: String, openCallsMax: Int) {
        self.address = address
        self.openCallsMax = openCallsMax
    }

    package var openCalls: Int { calls.count }

    /// The earliest moment at which ``expired(now:)`` has something to do.
    package var earliestDeadline: NIODeadline? {
        calls.values.lazy.map(\.deadline).min()
    }

    package enum StartAction: Equatable {
        case send
        case refuse(RPCFailure)
    }

    package mutating func start(_ id: UInt64, call: Call, deadline: NIODeadline) -> StartAction {
        let action = admit()
        if action == .send, calls.count >= openCallsMax {
            return .refuse(
                RPCFailure(
                    .resourceExhausted, error: .limitReached,
                    "\(calls.count) calls to \(address) wait for answers, the most the broker takes on one connection"))
        }
        if action == .send {
            calls[id] = Waiting(call: call, deadline: deadline)
        }
        return action
    }

    /// Whether something may be sent at all.
    package func admit() -> StartAction {
        switch phase {
        case .open:
            .send
        case .goingAway(let reason):
            .refuse(
                RPCFailure(
                    .unavailable, error: .brokerUnavailable, "the broker at \(address) takes no new calls: \(reason)"))
        case .closed(let failure):
            .refuse(failure)
        }
    }

    package func isWaiting(_ id: UInt64) -> Bool { calls[id] != nil }

    package enum EndAction {
        case complete(Call)
        /// The last waiting call of a connection that goes away.
        case completeAndClose(Call)
        /// Given up already: the answer and the Cancel have crossed.
        case ignore
    }

    /// A call is answered, or its caller gives up.
    package mutating func end(_ id: UInt64) -> EndAction {
        guard let waiting = calls.removeValue(forKey: id) else { return .ignore }
        if case .goingAway = phase, calls.isEmpty {
            return .completeAndClose(waiting.call)
        }
        return .complete(waiting.call)
    }

    /// The calls whose time is over, in order of call id; each is to be ended with ``end(_:)``.
    package func expired(now: NIODeadline) -> [UInt64] {
        calls.filter { $0.value.deadline <= now }.keys.sorted()
    }

    /// The server says that it takes no new calls. True: no call waits, close.
    package mutating func goAway(_ reason: String) -> Bool {
        if case .open = phase {
            phase = .goingAway(reason)
        }
        return calls.isEmpty
    }

    /// The connection is gone; returns the calls that failed with it.
    package mutating func closed(_ failure: RPCFailure) -> [Call] {
        if case .closed = phase { return [] }
        phase = .closed(failure)
        defer { calls = [:] }
        return calls.sorted { $0.key < $1.key }.map(\.value.call)
    }
}
