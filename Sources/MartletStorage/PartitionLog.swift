internal import Logging
package import MartletCore
internal import Synchronization

/// One partition's log on this broker. Every method may be called on any thread; those that wait for a disk say so.
///
/// Three locks, taken in this order and never the other way round: `writer` (one append at a time, held across its
/// write), `shared` (what readers and the sync stage see, held for a few instructions), and the leaves: settings,
/// observer, state.
package final class PartitionLog: Sendable {
    package enum State: Sendable, Equatable {
        case recovering
        case online
        case offline(reason: String)
    }

    package let id: TopicIDPartition
    package let topic: String
    let directory: String
    let environment: LogEnvironment

    // Offsets have one setter each and never go back, but for a cut.
    private let endValue = Atomic<Offset>(0)
    private let startValue = Atomic<Offset>(0)
    private let countedValue = Atomic<Offset>(0)
    private let syncedValue = Atomic<Offset>(0)
    private let highWatermarkValue = Atomic<Offset>(0)
    /// Base of the segment that the last checkpoint names as the one to recover from: compaction stays below it.
    let checkpointedSegment = Atomic<Offset>(-1)

    let writer: Mutex<LogWriterState>
    let shared = Mutex(LogSharedState())
    private let stateValue = Mutex(State.recovering)
    private let isOnline = Atomic<Bool>(false)
    /// A write or a sync failed in this run of the process.
    let hasFailed = Atomic<Bool>(false)
    private let settingsValue: Mutex<LogSettings>
    private let observer = Mutex(ObserverReference())
    private let recovery = Mutex<RecoveryReport?>(nil)
    let facts = Mutex<StartFacts?>(nil)

    /// Transfers over the log's files.
    let leases = LeaseBook()
    /// Held while segments are removed, compacted or cut.
    let housekeeping = Mutex<Void>(())
    /// Somebody waits to cut the log: a compaction gives way.
    let isCutWanted = Atomic<Bool>(false)
    let compactionPause = Mutex(CompactionPause())
    /// Held while the snapshot of producers is written or removed: the first offset that the one on disk does not know, 0
    /// when there is none.
    let snapshots = Mutex<Offset>(0)
    /// Held while the file `damage` is written or removed: what is in it.
    let damageFile = Mutex(DamageFile())

    // For the sync stage.
    let isDirty = Atomic<Bool>(false)
    let syncTurn = Atomic<Int>(SyncTurn.free)
    let wantsFullSync = Atomic<Bool>(false)

    private struct ObserverReference: Sendable {
        weak var value: (any PartitionLogObserver)?
    }

    init(id: TopicIDPartition, topic: String, directory: String, settings: LogSettings, environment: LogEnvironment) {
        self.id = id
        self.topic = topic
        self.directory = directory
        self.environment = environment
        settingsValue = Mutex(settings)
        writer = Mutex(LogWriterState(producersMax: environment.producersMax))
    }

    // MARK: Facts; cheap

    package var state: State { stateValue.withLock { $0 } }

    package var isOffline: Bool {
        guard !isOnline.load(ordering: .acquiring) else { return false }
        return if case .offline = state { true } else { false }
    }

    /// The first offset that may be read.
    package var logStartOffset: Offset { startValue.load(ordering: .acquiring) }
    /// The offset that the next record gets.
    package var logEndOffset: Offset { endValue.load(ordering: .acquiring) }
    /// Everything below counts as kept under the topic's `flush`: synced under `batch`, appended under `interval` and
    /// `os`.
    package var durableOffset: Offset { countedValue.load(ordering: .acquiring) }
    /// Everything below was synced, whatever the policy.
    package var syncedOffset: Offset { syncedValue.load(ordering: .acquiring) }
    package var highWatermark: Offset { highWatermarkValue.load(ordering: .acquiring) }

    package var settings: LogSettings { settingsValue.withLock { $0 } }
    /// Bytes of batches on disk. O(segments).
    package var sizeBytes: Int64 { shared.withLock { $0.segments.sizeBytes } }
    package var segmentCount: Int { shared.withLock { $0.segments.count } }
    /// What recovery cut at this start; nil after a clean stop, or when nothing was amiss.
    package var recoveryReport: RecoveryReport? { recovery.withLock { $0 } }

    /// "topic-3", for messages.
    package var name: String { "\(topic)-\(id.partition)" }

    // MARK: Settings and observers

    /// Takes new settings from the next append on. A switch to `flush=batch` syncs what is not.
    package func update(settings: LogSettings) {
        let old = settingsValue.withLock { value in
            defer { value = settings }
            return value
        }
        if settings.flush == .batch && old.flush != .batch && logEndOffset > syncedOffset {
            environment.sync.enqueue(self)
        }
        // The checkpoint says that nothing counts before it is synced, which no longer holds.
        if settings.flush != .batch && old.flush == .batch { environment.checkpointSignal.request() }
    }

    /// Held weakly; replaces the one before. It is told at once of damage that is known.
    package func setObserver(_ observer: any PartitionLogObserver) {
        self.observer.withLock { $0.value = observer }
        for damage in damages { notifyCorruption(damage) }
    }

    /// Bounds retention and compaction; checkpointed. Never goes back.
    package func setHighWatermark(_ offset: Offset) {
        highWatermarkValue.raise(to: min(offset, logEndOffset))
    }

    // MARK: State

    func requireOnline() throws(StorageError) {
        guard !isOnline.load(ordering: .acquiring) else { return }
        switch state {
        case .online:
            return
        case .recovering:
            throw StorageError(.recovering, "\(name) is being recovered; try again")
        case .offline(let reason):
            throw StorageError(.offline, "\(name) is offline on this broker: \(reason)")
        }
    }

    /// Takes the partition out of service until the broker restarts. The first reason stays. It is logged as an error.
    func goOffline(_ reason: String) {
        guard becomeOffline(reason) else { return }
        environment.logger.error(
            "partition offline", metadata: ["partition": "\(name)", "reason": "\(reason)"])
        notifyStateChanged()
    }

    /// The partition is no more, by somebody's order; whoever still has the log is told `reason`.
    func retire(_ reason: String) {
        guard becomeOffline(reason) else { return }
        environment.logger.info("partition gone", metadata: ["partition": "\(name)", "reason": "\(reason)"])
        notifyStateChanged()
    }

    /// False when it was offline before.
    private func becomeOffline(_ reason: String) -> Bool {
        stateValue.withLock { state in
            if case .offline = state { return false }
            state = .offline(reason: reason)
            isOnline.store(false, ordering: .releasing)
            return true
        }
    }

    /// RULES 8: a write or a sync failed. That it did is written down as soon as the disk takes it: the next start must not
    /// trust the page cache (DECISIONS 34).
    func goOffline(after failure: StorageError) {
        let isFirst = !hasFailed.exchange(true, ordering: .relaxed)
        goOffline(failure.message)
        if isFirst { environment.checkpointSignal.request() }
    }

    /// Opens the log for reading and appending, recovered or empty.
    func goOnline(_ opened: OpenedLog) {
        writer.withLock { writer in
            writer.producers = opened.producers
            writer.epochs = opened.epochs
            writer.epochsInFile = opened.epochsInFile
            writer.highestEpoch = opened.highestEpoch
            writer.hasGaps = opened.hasGaps
            writer.isOpened = true
            writer.bytesSinceSnapshot = opened.bytesSinceSnapshot
        }
        snapshots.withLock { $0 = opened.snapshotOffset ?? 0 }
        damageFile.withLock { $0 = opened.damageOnDisk }
        let damages = opened.damage.reports(of: self, opened)
        shared.withLock { shared in
            shared.segments = opened.segments
            shared.sealing = opened.sealing
            shared.tail = opened.tail
            shared.recoveryPoint = opened.recoveryPoint
            shared.synced = opened.recoveryPoint
            shared.cleanedOffset = opened.cleanedOffset
            shared.damages = damages
        }
        let counts = settings.flush == .batch ? opened.recoveryPoint.offset : opened.tail.offset
        endValue.store(opened.tail.offset, ordering: .releasing)
        startValue.store(min(opened.logStart, opened.tail.offset), ordering: .releasing)
        syncedValue.store(opened.recoveryPoint.offset, ordering: .releasing)
        countedValue.store(counts, ordering: .releasing)
        highWatermarkValue.store(min(opened.highWatermark, opened.tail.offset), ordering: .releasing)
        recovery.withLock { $0 = opened.report }
        facts.withLock { $0 = opened.facts }
        if opened.damage != opened.damageOnDisk { keepDamages() }
        stateValue.withLock { state in
            state = .online
            isOnline.store(true, ordering: .releasing)
        }
        if opened.recoveryPoint.offset < opened.tail.offset || !opened.sealing.isEmpty {
            environment.sync.enqueue(self)
        }
        notifyStateChanged()
        for damage in damages { notifyCorruption(damage.report) }
    }

    func notifyStateChanged() {
        observer.withLock { $0.value }?.logStateChanged(self)
    }

    func notifyCorruption(_ report: CorruptionReport) {
        observer.withLock { $0.value }?.corruptionFound(self, report)
    }

    // MARK: Offsets move

    /// After an append, under the writer lock.
    func publishEnd(_ offset: Offset, countsAtOnce: Bool) {
        precondition(offset > logEndOffset, "\(name): the end must grow, from \(logEndOffset) to \(offset)")
        endValue.store(offset, ordering: .releasing)
        if countsAtOnce { countedValue.raise(to: offset) }
    }

    /// After a sync. Tells the observer when more counts than before.
    func publishSynced(_ offset: Offset) {
        syncedValue.raise(to: offset)
        if countedValue.raise(to: offset) {
            observer.withLock { $0.value }?.durableOffsetAdvanced(self, to: offset)
        }
    }

    /// The log was cut.
    func publishCut(to end: Offset, newStart: Offset?) {
        endValue.store(end, ordering: .releasing)
        countedValue.lower(to: end)
        syncedValue.lower(to: end)
        highWatermarkValue.lower(to: end)
        guard let newStart else { return }
        startValue.store(newStart, ordering: .releasing)
        countedValue.store(end, ordering: .releasing)
        syncedValue.store(end, ordering: .releasing)
        highWatermarkValue.store(end, ordering: .releasing)
    }

    /// The log starts later now. True when that is news.
    @discardableResult
    func publishStart(_ offset: Offset) -> Bool {
        startValue.raise(to: offset)
    }
}

extension Atomic where Value == Offset {
    /// Stores the larger one; true when that was the new one.
    @discardableResult
    func raise(to offset: Offset) -> Bool {
        max(offset, ordering: .acquiringAndReleasing).oldValue < offset
    }

    /// Stores the smaller one.
    func lower(to offset: Offset) {
        _ = min(offset, ordering: .acquiringAndReleasing)
    }
}
