internal import NIOCore

/// One timer on an event loop, set anew at will. All of it is used on that loop only.
struct LoopTimer: Sendable {
    private let loop: any EventLoop
    private let current: NIOLoopBoundBox<(scheduled: Scheduled<Void>, at: MonotonicTime)?>

    init(loop: any EventLoop) {
        self.loop = loop
        current = .makeBoxSendingValue(nil, eventLoop: loop)
    }

    /// Runs `body` at `moment`, and nothing that was set before; nil: nothing.
    func set(at moment: MonotonicTime?, now: MonotonicTime, _ body: @escaping @Sendable () -> Void) {
        if let current = current.value {
            if current.at == moment { return }
            current.scheduled.cancel()
            self.current.value = nil
        }
        guard let moment else { return }
        let delay = TimeAmount.nanoseconds(max((moment - now).wholeNanoseconds, 0))
        let scheduled = loop.scheduleTask(in: delay) {
            current.value = nil
            body()
        }
        current.value = (scheduled, moment)
    }
}
