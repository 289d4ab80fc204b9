package import MartletProtocol
package import NIOCore
import Synchronization

/// A connection to one broker that comes back: dials when first used, and again, with growing and jittered waits,
/// whenever it is lost. Any thread.
///
/// A call waits for the connection for as long as its own timeout lets it. A call that was sent is never sent again:
/// what it did is not known here, so its failure goes to the caller.
package final class ReconnectingConnection: RPCCaller {
    private typealias Waiter = @Sendable (Result<RPCConnection, RPCFailure>) -> Void

    private struct State {
        var machine: ReconnectState<RPCConnection, Waiter>
        var lookAgainAt = NIODeadline.distantFuture
    }

    private let host: String
    private let port: Int
    private let options: RPCConnectionOptions
    private let group: any EventLoopGroup
    private let loop: any EventLoop
    private let random: @Sendable () -> Double
    private let state: Mutex<State>

    package init(
        host: String, port: Int, options: RPCConnectionOptions = RPCConnectionOptions(), backoff: Backoff = Backoff(),
        group: any EventLoopGroup, random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.host = host
        self.port = port
        self.options = options
        self.group = group
        self.loop = group.next()
        self.random = random
        self.state = Mutex(State(machine: ReconnectState(backoff: backoff)))
    }

    /// The connection, dialled if need be. Fails with why it could not be had within `timeout`.
    package func connection(timeout: Duration) async throws(RPCFailure) -> RPCConnection {
        let result = await withCheckedContinuation { continuation in
            withConnection(deadline: loop.now + TimeAmount(timeout)) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Closes the connection; whoever waits for it is told, and nothing is dialled any more.
    package func close() {
        let action = state.withLock { $0.machine.close() }
        action.connection?.close()
        let failure = action.failure
        for waiter in action.failed {
            loop.execute { waiter(.failure(failure)) }
        }
    }

    /// Closes the connection that there is; calls that wait for an answer on it fail, and the next call dials anew. For callers that
    /// no longer believe in the other end.
    package func drop() {
        state.withLock { $0.machine.connection }?.close()
    }

    // MARK: calls

    package func start<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration,
        completion: @escaping @Sendable (Result<RPCReply<Response>, RPCFailure>) -> Void
    ) {
        let deadline = loop.now + TimeAmount(timeout)
        let loop = loop
        withConnection(deadline: deadline) { result in
            switch result {
            case .success(let connection):
                let left = Duration(deadline - loop.now)
                connection.start(method, request, attachment: attachment, timeout: left, completion: completion)
            case .failure(let failure):
                completion(.failure(failure))
            }
        }
    }

    package func call<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<Response> {
        let deadline = loop.now + TimeAmount(timeout)
        let connection = try await connection(timeout: timeout)
        return try await connection.call(
            method, request, attachment: attachment, timeout: Duration(deadline - loop.now))
    }

    package func sendOneWay<Request: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer],
        written: @escaping @Sendable (Result<Void, RPCFailure>) -> Void
    ) {
        withConnection(deadline: loop.now + options.connectTimeout) { result in
            switch result {
            case .success(let connection):
                connection.sendOneWay(method, request, attachment: attachment, written: written)
            case .failure(let failure):
                written(.failure(failure))
            }
        }
    }

    // MARK: the shell around ReconnectState

    private func withConnection(deadline: NIODeadline, _ waiter: @escaping Waiter) {
        let action = state.withLock { $0.machine.want(waiter, deadline: deadline) }
        switch action {
        case .use(let connection, let waiter):
            waiter(.success(connection))
        case .dial:
            dial()
            lookAgain(at: deadline)
        case .wait(let until):
            lookAgain(at: until)
        case .fail(let waiter, let failure):
            loop.execute { waiter(.failure(failure)) }
        }
    }

    private func dial() {
        // Dialling is rare: a task costs nothing here.
        Task {
            do throws(RPCFailure) {
                dialled(
                    try await RPCConnection.connect(host: host, port: port, options: options, group: group))
            } catch {
                let random = random()
                let action = state.withLock { $0.machine.failed(error, now: loop.now, random: random) }
                if case .wait(let until) = action {
                    lookAgain(at: until)
                }
            }
        }
    }

    private func dialled(_ connection: RPCConnection) {
        switch state.withLock({ $0.machine.connected(connection) }) {
        case .serve(let waiters):
            connection.unusable.whenComplete { [weak self] _ in self?.state.withLock { $0.machine.lost() } }
            for waiter in waiters {
                waiter(.success(connection))
            }
        case .drop:
            connection.close()
        }
    }

    private func lookAgain(at deadline: NIODeadline) {
        let isEarlier = state.withLock { state in
            guard deadline < state.lookAgainAt else { return false }
            state.lookAgainAt = deadline
            return true
        }
        guard isEarlier else { return }
        loop.scheduleTask(deadline: deadline) { self.timePassed() }
    }

    private func timePassed() {
        let now = loop.now
        let action = state.withLock { state in
            state.lookAgainAt = .distantFuture
            return state.machine.timePassed(now: now)
        }
        for waiter in action.failed {
            waiter(.failure(action.failure))
        }
        if action.dial {
            dial()
        }
        if let next = action.next {
            lookAgain(at: next)
        }
    }
}
