internal import Synchronization

/// A value that arrives once and that any number of tasks wait for. Any thread.
final class Eventual<Value: Sendable>: Sendable {
    private enum State {
        case pending([UInt64: CheckedContinuation<Value?, Never>], nextKey: UInt64)
        case arrived(Value)
    }

    private let state = Mutex(State.pending([:], nextKey: 0))

    /// Nil until it has arrived.
    var current: Value? {
        state.withLock { state in
            switch state {
            case .pending: nil
            case .arrived(let value): value
            }
        }
    }

    /// The first call counts; later ones change nothing.
    func fulfil(_ value: Value) {
        let waiting = state.withLock { state -> [CheckedContinuation<Value?, Never>] in
            guard case .pending(let continuations, _) = state else { return [] }
            state = .arrived(value)
            return Array(continuations.values)
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    /// Waits for it. Cancelling the task ends the wait, not what is waited for.
    ///
    /// - Throws: ``MartletError/Code/cancelled``, and nothing else.
    nonisolated(nonsending) func value() async throws(MartletError) -> Value {
        if let current { return current }
        let key = state.withLock { state -> UInt64 in
            guard case .pending(let continuations, let key) = state else { return 0 }
            state = .pending(continuations, nextKey: key + 1)
            return key
        }
        let value = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in register(continuation, key: key) }
        } onCancel: {
            abandon(key: key)
        }
        guard let value else { throw MartletError(.cancelled, "the task that waited was cancelled") }
        return value
    }

    private func register(_ continuation: CheckedContinuation<Value?, Never>, key: UInt64) {
        let immediate = state.withLock { state -> Value?? in
            switch state {
            case .arrived(let value):
                return .some(value)
            case .pending(var continuations, let nextKey):
                // Checked under the lock that `abandon` takes, so that a cancellation is never missed.
                if Task.isCancelled { return .some(nil) }
                continuations[key] = continuation
                state = .pending(continuations, nextKey: nextKey)
                return nil
            }
        }
        if let immediate { continuation.resume(returning: immediate) }
    }

    private func abandon(key: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            guard case .pending(var continuations, let nextKey) = state else { return nil }
            let found = continuations.removeValue(forKey: key)
            state = .pending(continuations, nextKey: nextKey)
            return found
        }
        continuation?.resume(returning: nil)
    }
}
