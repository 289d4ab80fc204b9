import MartletCore
package import MartletProtocol
package import NIOCore

/// One connection's life at the server: who may call what when. Pure: no I/O, no clock; `Call` is whatever stands for
/// an open call.
///
/// Three kinds of unexpected event are told apart: a peer that breaks the protocol loses the connection; a call that
/// cannot be taken is refused with a status; a race that the protocol allows (a Cancel that crosses the answer) is
/// ignored.
package struct ServerConnectionState<Call> {
    private enum Phase {
        /// Only Hello is taken.
        case greeting
        case serving
        /// GoAway is sent: open calls are answered, new ones refused.
        case draining
        case closed
    }

    private struct OpenCall {
        var call: Call
        var deadline: NIODeadline
    }

    package struct Settings: Sendable {
        package var openCallsMax: Int
        /// For a caller that names none.
        package var defaultTimeout: TimeAmount
        /// A longer wish is cut to this.
        package var timeoutMax: TimeAmount

        package init(openCallsMax: Int, defaultTimeout: TimeAmount, timeoutMax: TimeAmount) {
            self.openCallsMax = openCallsMax
            self.defaultTimeout = defaultTimeout
            self.timeoutMax = timeoutMax
        }
    }

    private let settings: Settings
    private var phase = Phase.greeting
    private var calls: [UInt64: OpenCall] = [:]

    package init(settings: Settings) {
        self.settings = settings
    }

    package var openCalls: Int { calls.count }

    /// The earliest moment at which ``expired(now:)`` has something to do.
    package var earliestDeadline: NIODeadline? {
        calls.values.lazy.map(\.deadline).min()
    }

    // MARK: requests

    package enum RequestAction: Equatable {
        /// Read the body, then answer Hello.
        case greet
        /// Read the body, then call the method; ``open(_:call:deadline:)`` first unless it is one-way.
        case dispatch(deadline: NIODeadline)
        /// Let the body pass and answer with this.
        case refuse(RPCFailure)
        /// Let the body pass; nobody waits for an answer.
        case drop
        /// The peer breaks the protocol.
        case close(String)
    }

    /// A request's head has come.
    package func request(_ id: UInt64, _ request: RpcRequest, now: NIODeadline) -> RequestAction {
        let action = admit(id, request, now: now)
        if case .refuse = action, request.oneWay {
            return .drop
        }
        return action
    }

    private func admit(_ id: UInt64, _ request: RpcRequest, now: NIODeadline) -> RequestAction {
        guard id != 0 else {
            return .close("a request has call id 0")
        }
        guard calls[id] == nil else {
            return .close("call id \(id) is open already")
        }
        switch phase {
        case .greeting:
            guard request.service == "Connection" && request.method == "Hello" else {
                return .refuse(RPCFailure(.failedPrecondition, "the first call on a connection is Connection.Hello"))
            }
            return request.oneWay ? .close("Hello takes an answer; it cannot be one-way") : .greet
        case .serving:
            // Refused rather than left unread: behind it may come the Cancel that makes room.
            guard calls.count < settings.openCallsMax else {
                return .refuse(
                    RPCFailure(
                        .resourceExhausted, error: .limitReached,
                        "this connection has \(calls.count) open calls, the most it may have; wait for answers first"))
            }
            return .dispatch(deadline: now + timeout(request.timeoutMs))
        case .draining:
            return .refuse(
                RPCFailure(.unavailable, "this broker is shutting down and did not run the call; try another or wait"))
        case .closed:
            return .drop
        }
    }

    private func timeout(_ wishedMs: UInt32) -> TimeAmount {
        wishedMs == 0 ? settings.defaultTimeout : min(.milliseconds(Int64(wishedMs)), settings.timeoutMax)
    }

    /// Hello was answered well.
    package mutating func greeted() {
        if phase == .greeting {
            phase = .serving
        }
    }

    /// Remembers a call until it is answered, cancelled, expired, or the connection closes.
    package mutating func open(_ id: UInt64, call: Call, deadline: NIODeadline) {
        calls[id] = OpenCall(call: call, deadline: deadline)
    }

    // MARK: ends of calls

    package enum AnswerAction: Equatable {
        case write
        /// The last open call of a draining connection: write, then close.
        case writeAndClose
        /// The caller has stopped waiting.
        case drop
    }

    package mutating func answered(_ id: UInt64) -> AnswerAction {
        guard calls.removeValue(forKey: id) != nil else { return .drop }
        return phase == .draining && calls.isEmpty ? .writeAndClose : .write
    }

    package enum CancelAction {
        case abandon(Call)
        /// The last open call of a draining connection.
        case abandonAndClose(Call)
        /// Answered already: the two have crossed.
        case ignore
    }

    package mutating func cancelled(_ id: UInt64) -> CancelAction {
        guard let open = calls.removeValue(forKey: id) else { return .ignore }
        return phase == .draining && calls.isEmpty ? .abandonAndClose(open.call) : .abandon(open.call)
    }

    /// The calls whose deadline has passed, in order of call id; each is to be answered with DEADLINE_EXCEEDED through
    /// ``answered(_:)``.
    package func expired(now: NIODeadline) -> [(id: UInt64, call: Call)] {
        calls.filter { $0.value.deadline <= now }
            .sorted { $0.key < $1.key }
            .map { (id: $0.key, call: $0.value.call) }
    }

    // MARK: ends of the connection

    package enum ShutdownAction: Equatable {
        /// Send GoAway and wait for the open calls.
        case goAway
        /// Send GoAway and close: no call is open.
        case goAwayAndClose
        case none
    }

    package mutating func shutdown() -> ShutdownAction {
        switch phase {
        case .greeting, .serving:
            phase = .draining
            return calls.isEmpty ? .goAwayAndClose : .goAway
        case .draining, .closed:
            return .none
        }
    }

    /// The connection is gone; returns the calls nobody waits for any more.
    package mutating func closed() -> [Call] {
        phase = .closed
        defer { calls = [:] }
        return calls.sorted { $0.key < $1.key }.map(\.value.call)
    }
}
