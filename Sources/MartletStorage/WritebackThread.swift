/// Asks the kernel to start writing what was appended, off the event loops: the hint may wait for a busy disk.
final class WritebackThread: Sendable {
    private struct Hint {
        let segment: Segment
        let from: UInt32
        let to: UInt32
        let isKept: Bool
    }

    /// Of a log that is not kept in memory, the end that is: what the disk has by the time that as much again was appended.
    static let cachedEndBytes: UInt32 = 64 << 20

    private struct State {
        var hints: [Hint] = []
        var isStopping = false
        var thread: StorageThread?
    }

    private let state = Monitor(State())

    func start() {
        state.withLock { $0.thread = StorageThread("martlet-wback") { self.run() } }
    }

    /// A hint that comes while many wait is dropped: the disk is behind anyway.
    ///
    /// - Parameter isKept: false: nobody is going to read this soon, so the memory of what lies ``cachedEndBytes`` before it
    ///   goes to what comes next.
    func hint(_ segment: Segment, from: UInt32, to: UInt32, isKept: Bool) {
        state.signal { state in
            guard state.thread != nil, state.hints.count < 1_024 else { return }
            state.hints.append(Hint(segment: segment, from: from, to: to, isKept: isKept))
        }
    }

    private func run() {
        while true {
            let hints: [Hint]? = state.wait { state in
                if state.isStopping { return .done(nil) }
                if state.hints.isEmpty { return .untilChanged }
                defer { state.hints.removeAll(keepingCapacity: true) }
                return .done(state.hints)
            }
            guard let hints else { return }
            for hint in hints { follow(hint) }
        }
    }

    private func follow(_ hint: Hint) {
        hint.segment.startWriteback(from: hint.from, to: hint.to)
        if hint.isKept || hint.to <= Self.cachedEndBytes { return }
        let end = hint.to - Self.cachedEndBytes
        let length = hint.to - hint.from
        hint.segment.uncache(from: end > length ? end - length : 0, to: end)
    }

    func stop() {
        let thread = state.broadcast { state in
            state.isStopping = true
            state.hints = []
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }
}
