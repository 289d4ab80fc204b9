internal import Synchronization

/// A bound on the bytes that are copied for replicas that are behind, so that those in sync keep their share. A bucket
/// that holds a second's worth, and may be overdrawn by one fetch. Any thread.
final class ReplicationThrottle: Sendable {
    private struct State {
        var bytesPerSecond: Int64?
        var level: Double
        var filled: Duration = .zero
    }

    private let state: Mutex<State>

    init(bytesPerSecond: Int64?) {
        state = Mutex(State(bytesPerSecond: bytesPerSecond, level: Double(bytesPerSecond ?? 0)))
    }

    func set(_ bytesPerSecond: Int64?) {
        state.withLock { state in
            state.bytesPerSecond = bytesPerSecond
            state.level = min(state.level, Double(bytesPerSecond ?? 0))
        }
    }

    /// Nil: bytes may be copied. Else: when it is worth asking again.
    func pause(at now: Duration) -> Duration? {
        state.withLock { state in
            guard let rate = state.bytesPerSecond else { return nil }
            if now > state.filled {
                let grown = (now - state.filled) / .seconds(1) * Double(rate)
                state.level = min(Double(rate), state.level + grown)
                state.filled = now
            }
            guard state.level <= 0 else { return nil }
            return now + max(.milliseconds(10), .seconds(1 - state.level) / Double(rate))
        }
    }

    func take(_ bytes: Int) {
        state.withLock { state in
            if state.bytesPerSecond != nil { state.level -= Double(bytes) }
        }
    }
}
