import NIOCore

/// A connection's only timer. It is armed for the earliest thing due and not moved when that is done early: it fires,
/// its owner looks, and arms it for what is due next. So thousands of calls a second touch the event loop's heap a few
/// times at most.
struct ConnectionTimer {
    private var scheduled: Scheduled<Void>?
    private var firesAt = NIODeadline.distantFuture

    /// Sees to it that `fire` runs at `deadline` or before.
    mutating func arm(_ deadline: NIODeadline, on loop: any EventLoop, fire: @escaping @Sendable () -> Void) {
        guard deadline < firesAt else { return }
        scheduled?.cancel()
        firesAt = deadline
        scheduled = loop.scheduleTask(deadline: deadline, fire)
    }

    /// To be called first by what `fire` runs.
    mutating func fired() {
        scheduled = nil
        firesAt = .distantFuture
    }

    mutating func cancel() {
        scheduled?.cancel()
        fired()
    }
}
