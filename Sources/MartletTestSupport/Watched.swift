internal import Synchronization

/// A value that threads change and tasks wait on: how tests wait for an event itself, and never for a while.
package final class Watched<Value: Sendable>: Sendable {
    private struct Waiter: Sendable {
        /// Resumes its task and returns true once it has seen what it waits for.
        let offer: @Sendable (borrowing Value) -> Bool
        let giveUp: @Sendable () -> Void
    }

    private struct State: Sendable {
        var value: Value
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
    }

    private let state: Mutex<State>

    package init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    package var value: Value { state.withLock { $0.value } }

    /// Changes the value, and wakes the tasks whose condition holds now.
    package func update<Result>(_ body: (inout Value) -> sending Result) -> sending Result {
        state.withLock { state in
            let result = body(&state.value)
            state.waiters = state.waiters.filter { !$0.value.offer(state.value) }
            return result
        }
    }

    /// Waits until `condition` returns something. Nil: it did not within `limit`, or the task was cancelled.
    ///
    /// `condition` runs under the value's lock: it looks, and calls nothing.
    package func wait<Found: Sendable>(
        within limit: Duration, until condition: @escaping @Sendable (borrowing Value) -> Found?
    ) async -> Found? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let timer = Task {
            try? await Task.sleep(for: limit)
            giveUp(id)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Found?, Never>) in
                state.withLock { state in
                    if let found = condition(state.value) {
                        continuation.resume(returning: found)
                    } else if Task.isCancelled {
                        continuation.resume(returning: nil)
                    } else {
                        state.waiters[id] = Waiter(
                            offer: { value in
                                guard let found = condition(value) else { return false }
                                continuation.resume(returning: found)
                                return true
                            }, giveUp: { continuation.resume(returning: nil) })
                    }
                }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func giveUp(_ id: Int) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.giveUp()
    }
}
