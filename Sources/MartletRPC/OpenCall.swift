import MartletProtocol
import NIOCore
import Synchronization

/// The server's side of one call, as a service sees it. Any thread; what goes to the connection is sent on its loop.
final class OpenCall: ServerCallContext {
    private enum Phase {
        case open
        /// Nobody waits for the answer any more.
        case abandoned
        case answered
    }

    private struct State {
        var phase = Phase.open
        var onAbandoned: [@Sendable () -> Void] = []
    }

    let id: UInt64
    let eventLoop: any EventLoop
    let deadline: NIODeadline
    let isOneWay: Bool
    let peer: String
    private let connection: NIOLoopBound<ServerConnectionHandler>
    /// The memory of the request's body: held while the service may hold the attachment.
    private let share: BudgetShare?
    private let state = Mutex(State())

    init(
        id: UInt64, deadline: NIODeadline, isOneWay: Bool, peer: String,
        connection: NIOLoopBound<ServerConnectionHandler>, share: BudgetShare?
    ) {
        self.id = id
        self.eventLoop = connection.eventLoop
        self.deadline = deadline
        self.isOneWay = isOneWay
        self.peer = peer
        self.connection = connection
        self.share = share
    }

    func onAbandoned(_ body: @escaping @Sendable () -> Void) {
        let runNow = state.withLock { state in
            switch state.phase {
            case .open:
                state.onAbandoned.append(body)
                return false
            case .abandoned:
                return true
            case .answered:
                return false
            }
        }
        if runNow {
            eventLoop.execute(body)
        }
    }

    func answer(_ message: ByteBuffer, attachment: [AttachmentPart]) {
        guard takeAnswer() else { return }
        if eventLoop.inEventLoop {
            connection.value.answer(id, message, attachment)
        } else {
            eventLoop.execute { self.connection.value.answer(self.id, message, attachment) }
        }
    }

    func fail(_ failure: RPCFailure) {
        guard takeAnswer() else { return }
        if eventLoop.inEventLoop {
            connection.value.fail(id, failure)
        } else {
            eventLoop.execute { self.connection.value.fail(self.id, failure) }
        }
    }

    /// The service is done with the call. True if this is the first answer and somebody waits for it.
    private func takeAnswer() -> Bool {
        let before = state.withLock { state in
            let before = state.phase
            state.phase = .answered
            state.onAbandoned = []
            return before
        }
        share?.release()
        return before == .open && !isOneWay
    }

    // MARK: the connection's side, on its loop

    /// Nobody waits for the answer any more; tells the service once.
    func abandon() {
        let callbacks = state.withLock { state in
            guard state.phase == .open else { return [@Sendable () -> Void]() }
            state.phase = .abandoned
            defer { state.onAbandoned = [] }
            return state.onAbandoned
        }
        for callback in callbacks {
            callback()
        }
    }

    /// The body's memory has been freed although the call goes on.
    func releaseMemory() {
        share?.release()
    }
}
