import Synchronization

/// The longest time without an event, while it is watched. Any thread.
final class GapMeter: Sendable {
    private struct State {
        var last: ContinuousClock.Instant
        var longest = Duration.zero
        var count = 0
    }

    private let state = Mutex(State(last: .now))

    /// How many events there were since the beginning.
    var count: Int { state.withLock { $0.count } }

    func note() {
        let now = ContinuousClock.now
        state.withLock { state in
            state.longest = max(state.longest, now - state.last)
            state.last = now
            state.count += 1
        }
    }

    /// Begins anew: what was before does not count.
    func reset() {
        state.withLock { state in
            state.last = .now
            state.longest = .zero
        }
    }

    /// Up to the last event.
    var longest: Duration { state.withLock { $0.longest } }

    /// Waits until `more` events have come; false when they do not come in time.
    func wait(for more: Int, within limit: Duration) async throws -> Bool {
        let wanted = count + more
        let deadline = ContinuousClock.now + limit
        while count < wanted {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }
}
