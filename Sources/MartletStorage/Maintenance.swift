internal import Logging
internal import MartletCore
internal import Synchronization

/// Retention, age rolls, expiry of producers, compaction, index repair and the closing of idle files: one thread, one
/// log after the other, every few seconds.
final class Maintenance: Sendable {
    private struct State {
        var isStopping = false
        var thread: StorageThread?
    }

    private let registry: LogRegistry
    private let environment: LogEnvironment
    private let scrubber: Scrubber
    private let interval: Duration
    private let compactionMemoryBytes: Int
    /// Active segments that may stay open while nothing is appended to them.
    private let openActiveMax: Int
    private let state = Monitor(State())

    init(
        registry: LogRegistry, environment: LogEnvironment, scrubber: Scrubber, interval: Duration,
        compactionMemoryBytes: Int, openActiveMax: Int
    ) {
        self.registry = registry
        self.environment = environment
        self.scrubber = scrubber
        self.interval = interval
        self.compactionMemoryBytes = compactionMemoryBytes
        self.openActiveMax = openActiveMax
    }

    func start() {
        state.withLock { $0.thread = StorageThread("martlet-maint") { self.run() } }
    }

    func stop() {
        let thread = state.broadcast { state in
            state.isStopping = true
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func run() {
        let nanoseconds = environment.clock.runsByItself ? interval.nanoseconds : nil
        while waitForNextRound(nanoseconds) { pass(now: environment.clock.wallTime) }
    }

    /// With a clock that is moved by hand rounds are run by whoever moves it.
    private func waitForNextRound(_ nanoseconds: Int64?) -> Bool {
        var hasWaited = false
        return state.wait { state -> Monitor<State>.Wait<Bool> in
            if state.isStopping { return .done(false) }
            guard let nanoseconds else { return .untilChanged }
            if hasWaited { return .done(true) }
            hasWaited = true
            return .untilChangedOrFor(nanoseconds: nanoseconds)
        }
    }

    /// One round over all logs.
    func pass(now: TimestampMs) {
        for segment in environment.takeSegmentsThatNeedIndex() { rebuildIndex(of: segment) }
        let logs = registry.logs
        var open = 0
        for log in logs where !isStopping {
            log.housekeeping.withLock { _ in
                attempt(log, "retention") { () throws(StorageError) in try log.maintain(now: now) }
                attempt(log, "compaction") { () throws(StorageError) in try compact(log, now) }
            }
            open += log.hasOpenActive ? 1 : 0
            if open > openActiveMax { attempt(log, "closing") { () throws(StorageError) in try log.closeWhenIdle() } }
            log.noteRound()
        }
    }

    /// A failure leaves the segment as it is: what is looked up in it is found, slowly.
    private func rebuildIndex(of segment: Segment) {
        do throws(StorageError) {
            try segment.rebuildIndex()
        } catch {
            environment.logger.error(
                "an index could not be built anew", metadata: ["file": "\(segment.path)", "error": "\(error.message)"])
        }
    }

    private func compact(_ log: PartitionLog, _ now: TimestampMs) throws(StorageError) {
        let settings = log.settings
        let time = environment.clock.elapsed
        guard settings.cleanup.contains(.compact), log.state == .online,
            log.compactionPause.withLock({ $0.isOver(time) })
        else { return }
        let compactor = Compactor(log: log, settings: settings, memoryBytes: compactionMemoryBytes, now: now)
        do throws(StorageError) {
            _ = try compactor.runIfDue()
            log.compactionPause.withLock { $0.succeeded() }
        } catch {
            if error.code == .inUse { return }
            log.compactionPause.withLock { $0.failed(time) }
            // What is damaged is left out from now on, and named.
            if error.code == .corrupt { scrubber.check(log) }
            throw error
        }
    }

    /// A failure is logged and tried again in the next round; a failed write ends the log's service where it happens.
    private func attempt(_ log: PartitionLog, _ what: String, _ body: () throws(StorageError) -> Void) {
        do throws(StorageError) {
            try body()
        } catch {
            if error.code == .noSpace { environment.reserve.release() }
            environment.logger.error(
                "\(what) failed", metadata: ["partition": "\(log.name)", "error": "\(error.message)"]
            )
        }
    }
}
