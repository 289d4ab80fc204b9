internal import Synchronization

/// Tells the checkpointing thread that there is something to write before its time. Any thread.
final class CheckpointSignal: Sendable {
    private let threshold: Int
    private let bytes = Atomic<Int>(0)
    private let state = Monitor(State())

    private struct State {
        var isWanted = false
        var isStopping = false
    }

    /// - Parameter bytes: a checkpoint is due after this many appended bytes.
    init(bytes: Int) {
        threshold = bytes
    }

    func appended(_ count: Int) {
        let now = bytes.wrappingAdd(count, ordering: .relaxed).newValue
        // Only the append that passes the threshold wakes the thread.
        if now >= threshold && now - count < threshold { request() }
    }

    /// Many may ask while the thread is at work or rests: the first of them wakes it.
    func request() {
        guard !state.withLock({ $0.isWanted }) else { return }
        state.broadcast { $0.isWanted = true }
    }

    func stop() {
        state.broadcast { $0.isStopping = true }
    }

    /// Lets so much time go by, or less when stopped. What is asked for meanwhile is done after it.
    func rest(_ duration: Duration) {
        let end = ContinuousClock.now + duration
        state.wait { state -> Monitor<State>.Wait<Void> in
            let rest = end - .now
            if state.isStopping || rest <= .zero { return .done(()) }
            return .untilChangedOrFor(nanoseconds: rest.nanoseconds)
        }
    }

    /// Waits for a request, at most that long (nil: for ever). False once stopped.
    func wait(nanoseconds: Int64?) -> Bool {
        var hasWaited = false
        let goesOn = state.wait { state -> Monitor<State>.Wait<Bool> in
            if state.isStopping { return .done(false) }
            if state.isWanted || hasWaited {
                state.isWanted = false
                return .done(true)
            }
            guard let nanoseconds else { return .untilChanged }
            hasWaited = true
            return .untilChangedOrFor(nanoseconds: nanoseconds)
        }
        bytes.store(0, ordering: .relaxed)
        return goesOn
    }
}
