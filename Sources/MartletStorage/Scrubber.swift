internal import MartletCore
internal import Synchronization

/// Reads sealed segments again and again at a bounded rate and checks every batch. What it finds the log takes note of.
final class Scrubber: Sendable {
    /// Between two rounds: thousands of logs without a sealed segment are not to be looked through all the time.
    private static let roundPause = Duration.seconds(2)

    private struct State {
        var isStopping = false
        var thread: StorageThread?
    }

    private let registry: LogRegistry
    private let environment: LogEnvironment
    private let bytesPerSecond: Int
    private let state = Monitor(State())

    init(registry: LogRegistry, environment: LogEnvironment, bytesPerSecond: Int) {
        self.registry = registry
        self.environment = environment
        self.bytesPerSecond = bytesPerSecond
    }

    func start() {
        guard bytesPerSecond > 0 else { return }
        state.withLock { $0.thread = StorageThread("martlet-scrub") { self.run() } }
    }

    func stop() {
        let thread = state.broadcast { state in
            state.isStopping = true
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    /// Round after round.
    private func run() {
        while pass(pause: pause) && pause(Self.roundPause) {}
    }

    /// Waits as long as reading that much may take. False once stopped.
    private func pause(_ bytes: Int) -> Bool {
        pause(.seconds(Double(bytes) / Double(bytesPerSecond)))
    }

    private func pause(_ time: Duration) -> Bool {
        var hasWaited = false
        return state.wait { state -> Monitor<State>.Wait<Bool> in
            if state.isStopping { return .done(false) }
            if hasWaited { return .done(true) }
            hasWaited = true
            return .untilChangedOrFor(nanoseconds: Int64(time / .nanoseconds(1)))
        }
    }

    /// Looks at every sealed segment of every log once; `pause` is called after each step and stops the pass by false.
    @discardableResult
    func pass(pause: (Int) -> Bool) -> Bool {
        registry.logs.allSatisfy { check($0, pause) }
    }

    /// Looks at every sealed segment of the log, at full speed unless `pause` takes its time.
    @discardableResult
    func check(_ log: PartitionLog, _ pause: (Int) -> Bool = { _ in true }) -> Bool {
        let infos = log.shared.withLock { $0.segments.infos }
        for (info, next) in zip(infos, infos.dropFirst()) where info.isSealed {
            guard scrub(info, endOffset: next.baseOffset, of: log, pause) else { return false }
        }
        return true
    }

    private func scrub(
        _ info: SegmentInfo, endOffset: Offset, of log: PartitionLog, _ pause: (Int) -> Bool
    ) -> Bool {
        guard log.holds(info.number) else { return true }
        return log.check(info, endOffset: endOffset) { bytes in
            environment.counters.scrubbedBytes.wrappingAdd(bytes, ordering: .relaxed)
            return pause(bytes)
        }
    }
}
