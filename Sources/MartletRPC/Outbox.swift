import MartletProtocol
import Synchronization

/// What callers on any thread want sent on one connection, in the order they asked. One wake-up of the event loop takes
/// all that has gathered, so a burst of calls costs one wake-up and one flush.
final class Outbox: Sendable {
    private struct State {
        var items: [Outgoing] = []
        var isWakeUpDue = false
        /// Why no calls are taken any more.
        var failure: RPCFailure?
        var isClosed = false
    }

    private let state = Mutex(State())

    enum PutAction {
        /// Have the loop call ``takeAll()``.
        case wakeUp
        /// The loop is on its way already.
        case done
        /// The connection is closed.
        case refuse(RPCFailure)
    }

    func put(_ item: Outgoing) -> PutAction {
        state.withLock { state in
            if let failure = state.failure, state.isClosed || !item.isCancel { return .refuse(failure) }
            state.items.append(item)
            if state.isWakeUpDue { return .done }
            state.isWakeUpDue = true
            return .wakeUp
        }
    }

    func takeAll() -> [Outgoing] {
        state.withLock { state in
            state.isWakeUpDue = false
            guard !state.items.isEmpty else { return [] }
            defer { state.items = [] }
            return state.items
        }
    }

    /// No new calls are taken any more; those under way can still be cancelled.
    func refuseCalls(_ failure: RPCFailure) {
        state.withLock { $0.failure = $0.failure ?? failure }
    }

    /// Nothing is taken any more. Returns what was not sent.
    func close(_ failure: RPCFailure) -> [Outgoing] {
        state.withLock { state in
            state.failure = failure
            state.isClosed = true
            defer { state.items = [] }
            return state.items
        }
    }

    /// Why no calls are taken any more, if so.
    var failure: RPCFailure? {
        state.withLock { $0.failure }
    }
}
