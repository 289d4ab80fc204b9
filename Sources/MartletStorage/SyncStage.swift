internal import CMartletLog
internal import Logging
internal import MartletCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Group commit (DESIGN section 3): a thread takes the set of dirty logs, notes each end, syncs, and then publishes
/// what became durable. While one cycle runs, further dirt gathers for the next. An idle stage begins at once.
final class SyncStage: Sendable {
    private struct State {
        var dirty: [PartitionLog] = []
        /// Logs under `flush=interval`, each with the monotonic nanosecond at which it is due.
        var timed: [(due: Int64, log: PartitionLog)] = []
        var earliestDue = Int64.max
        var cyclesTaken: UInt64 = 0
        var isStopping = false
        var thread: StorageThread?
    }

    /// Up to this many files are synced one by one; beyond, with one `syncfs`.
    static let filesSyncedSingly = 8
    /// With more than this waiting in logs that are not part of the cycle, `syncfs` would make them wait for strangers'
    /// bytes.
    static let strangersBytesMax = 64 << 20

    private let io: LogIO
    private let clock: any StorageClock
    private let counters: StorageCounters
    private let directory: String
    private let state = Monitor(State())
    private let cyclesDone = Monitor(UInt64(0))
    private let pool: WorkerPool
    private let pressure: SyncPressure
    private let name: String
    private let usesFilesystemSync: Bool
    /// Held open for as long as the store lives, so that `syncfs` reports every write error since: one opened per call
    /// would miss those that came before.
    private let filesystem = Atomic<Int32>(-1)

    /// - Parameters:
    ///   - name: of its threads.
    ///   - width: most files that are synced at once.
    ///   - usesFilesystemSync: whether many logs may be synced by one `syncfs`, which also waits for strangers' bytes.
    init(
        name: String, width: Int, usesFilesystemSync: Bool, io: LogIO, directory: String, clock: any StorageClock,
        counters: StorageCounters,
        pressure: SyncPressure
    ) {
        self.name = name
        self.usesFilesystemSync = usesFilesystemSync
        self.io = io
        self.directory = directory
        self.clock = clock
        self.counters = counters
        self.pressure = pressure
        pool = WorkerPool(name: name, width: width)
    }

    // MARK: Any thread

    var backPressure: SyncPressure { pressure }

    /// Something in `log` waits to be made durable now.
    func enqueue(_ log: PartitionLog) {
        state.signal { $0.dirty.append(log) }
    }

    /// The same, at the latest after `delay` nanoseconds.
    func enqueue(_ log: PartitionLog, after delay: Int64) {
        let due = clock.elapsed.nanoseconds.addingReportingOverflow(delay)
        let dueOrNever = due.overflow ? Int64.max : due.partialValue
        state.signal { state in
            state.timed.append((dueOrNever, log))
            state.earliestDue = min(state.earliestDue, dueOrNever)
        }
    }

    /// Makes all of `logs` durable up to their ends, whatever their flush policy, some time.
    func enqueueFully(_ logs: [PartitionLog]) {
        let wanting = logs.filter { $0.wantFullSync() }
        if !wanting.isEmpty { state.signal { $0.dirty.append(contentsOf: wanting) } }
    }

    /// Makes all of `logs` durable up to their ends at the call, whatever their flush policy. Needs a running stage.
    func syncAndWait(_ logs: [PartitionLog]) {
        guard !logs.isEmpty else { return }
        let wanted = logs.map { (log: $0, end: $0.logEndOffset) }
        for log in logs { log.wantFullSync() }
        let cycle = state.signal { state in
            state.dirty.append(contentsOf: logs)
            return state.cyclesTaken + 1
        }
        cyclesDone.wait { (done) -> Monitor<UInt64>.Wait<Void> in
            guard done >= cycle else { return .untilChanged }
            // A log that the other stage had in hand is finished there, in the cycle that it is owed.
            let isDone = wanted.allSatisfy { log, end in
                log.syncedOffset >= min(end, log.logEndOffset) || log.isOutOfService
            }
            return isDone ? .done(()) : .untilChangedOrFor(nanoseconds: Self.otherStageNanoseconds)
        }
    }

    /// How often a log that the other stage works on is looked at: about what a sync takes.
    private static let otherStageNanoseconds: Int64 = 500_000

    /// Makes everything on the file system durable, whoever wrote it.
    func syncFilesystemNow() throws(StorageError) {
        let calls = io.table.pointee
        guard calls.syncfs(calls.context, filesystem.load(ordering: .relaxed)) != 0 else { return }
        throw StorageError(errno: errno, cannot: "sync the file system of \(directory)")
    }

    /// A clock that is moved by hand has moved.
    func clockMoved() {
        state.broadcast { _ in }
    }

    // MARK: The thread

    func start() {
        let calls = io.table.pointee
        let descriptor = calls.open(calls.context, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        filesystem.store(descriptor, ordering: .relaxed)
        state.withLock { $0.thread = StorageThread(name) { self.run() } }
    }

    /// Ends the thread after a last cycle over what is dirty.
    func stop() {
        let thread = state.broadcast { state in
            state.isStopping = true
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
        pool.stop()
        let descriptor = filesystem.exchange(-1, ordering: .relaxed)
        if descriptor >= 0 { io.close(descriptor) }
    }

    private func run() {
        while let logs = takeDirty() {
            runCycle(logs)
            cyclesDone.broadcast { $0 += 1 }
        }
    }

    private func takeDirty() -> [PartitionLog]? {
        state.wait { state in
            let now = state.timed.isEmpty ? 0 : clock.elapsed.nanoseconds
            if state.earliestDue <= now { Self.takeDue(&state, now) }
            if !state.dirty.isEmpty {
                state.cyclesTaken += 1
                defer { state.dirty = [] }
                return .done(state.dirty)
            }
            if state.isStopping { return .done(nil) }
            if state.timed.isEmpty || !clock.runsByItself { return .untilChanged }
            return .untilChangedOrFor(nanoseconds: state.earliestDue - now)
        }
    }

    private static func takeDue(_ state: inout State, _ now: Int64) {
        state.dirty.append(contentsOf: state.timed.lazy.filter { $0.due <= now }.map(\.log))
        state.timed.removeAll { $0.due <= now }
        state.earliestDue = state.timed.map(\.due).min() ?? .max
    }

    private func runCycle(_ logs: [PartitionLog]) {
        // A log may be here twice (dirty, and rolled): the second time it has nothing left to do.
        let works = logs.compactMap { $0.prepareSync() }
        defer { for work in works { work.log.endSyncCycle() } }
        counters.syncCycles.wrappingAdd(1, ordering: .relaxed)
        if works.count <= Self.filesSyncedSingly {
            pool.forEach(works.count) { self.perform(works[$0], $0) }
        } else {
            performMany(works)
        }
    }

    /// One log: seals what it rolled, syncs its active segment, publishes.
    private func perform(_ work: SyncWork, _ index: Int) {
        var outcome = sealAll(work)
        if outcome.failure == nil, let active = work.active {
            outcome.failure = measured { () throws(StorageError) in try active.sync() }
        }
        finish(work, outcome)
    }

    /// Many logs: sealing first, then one `syncfs` for all active segments, or writeback started on all and a wide
    /// pool.
    private func performMany(_ works: [SyncWork]) {
        let outcomes = Mutex([SyncOutcome](repeating: SyncOutcome(), count: works.count))
        let rolled = works.indices.filter { !works[$0].sealing.isEmpty }
        pool.forEach(rolled.count) { index in
            let outcome = self.sealAll(works[rolled[index]])
            outcomes.withLock { $0[rolled[index]] = outcome }
        }
        let sealed = outcomes.withLock { $0 }
        if usesFilesystemSync && syncFilesystem() {
            for (work, outcome) in zip(works, sealed) { finish(work, outcome) }
            return
        }
        for work in works { work.startWriteback() }
        pool.forEach(works.count) { index in
            var outcome = sealed[index]
            if outcome.failure == nil, let active = works[index].active {
                outcome.failure = self.measured { () throws(StorageError) in try active.sync() }
            }
            self.finish(works[index], outcome)
        }
    }

    /// False when `syncfs` is not to be used or failed: then each file is synced by itself, which also tells whose
    /// write failed.
    private func syncFilesystem() -> Bool {
        let descriptor = filesystem.load(ordering: .relaxed)
        guard descriptor >= 0, pressure.unaccountedBytes < Self.strangersBytesMax else { return false }
        let calls = io.table.pointee
        let start = clock.elapsed
        guard calls.syncfs(calls.context, descriptor) == 0 else { return false }
        counters.syncLatency.record(nanoseconds: (clock.elapsed - start).nanoseconds)
        counters.filesystemSyncs.wrappingAdd(1, ordering: .relaxed)
        return true
    }

    private func sealAll(_ work: SyncWork) -> SyncOutcome {
        var outcome = SyncOutcome()
        for (number, segment) in work.sealing where outcome.failure == nil {
            outcome.failure = measured { () throws(StorageError) in
                do throws(StorageError) {
                    try segment.seal()
                    outcome.sealed.append(number)
                } catch  where error.code == .noSpace {
                    // Its index found no room. The data is what counts; sealing is tried again in a later cycle.
                    try segment.sync()
                }
            }
        }
        return outcome
    }

    private func measured(_ body: () throws(StorageError) -> Void) -> StorageError? {
        let start = clock.elapsed
        do {
            try body()
        } catch {
            return error
        }
        counters.syncLatency.record(nanoseconds: (clock.elapsed - start).nanoseconds)
        counters.syncedFiles.wrappingAdd(1, ordering: .relaxed)
        return nil
    }

    private func finish(_ work: SyncWork, _ outcome: SyncOutcome) {
        pressure.synced(work.unsyncedBytes)
        pressure.syncedUnderOS(work.unsyncedBytesUnderOS)
        work.log.finishSync(work, outcome)
    }
}

/// What one log wants of a cycle, as noted at its beginning.
struct SyncWork: Sendable {
    let log: PartitionLog
    /// Rolled segments, oldest first, by their numbers.
    var sealing: [(number: UInt64, segment: Segment)]
    /// Nil when only sealing is due (`flush=os`).
    var active: Segment?
    /// Everything below is durable once this is done.
    var mark: LogMark
    /// Appended since the last cycle, under a policy that syncs and under `flush=os`.
    var unsyncedBytes = 0
    var unsyncedBytesUnderOS = 0

    func startWriteback() {
        active?.startWriteback(from: 0, to: mark.position)
    }
}

struct SyncOutcome: Sendable {
    var sealed: [UInt64] = []
    var failure: StorageError?
}
