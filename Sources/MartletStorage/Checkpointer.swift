internal import Logging
internal import MartletCore
internal import Synchronization

/// Writes recovery points and what belongs to them, on a thread of its own, every few seconds or when much was
/// appended. Order: producer snapshots and epoch histories first, then the one file that refers to them.
final class Checkpointer: Sendable {
    static let fileName = "offsets"
    /// A log's producers are written after this many appended bytes: what a recovery has to read of headers at most.
    static let snapshotBytes = 32 << 20
    static let sizeLimitBytes = 64 << 20
    /// A pass looks at every log, and each new leader epoch asks for one: when thousands of partitions get new leaders
    /// one after the other, passes take a tenth of a core at most, not all that there is.
    private static let restFactor = 9

    private let environment: LogEnvironment
    private let registry: LogRegistry
    private let path: String
    /// The kernel's boot id as the file gives it: another than the present one until it is told what this start may lack.
    private let bootID: Mutex<String>
    private let interval: Duration
    /// Snapshots of producers that may be written once their logs are synced that far.
    private let pending = Mutex<[(log: PartitionLog, snapshot: ProducerSnapshot)]>([])
    private let lastWritten = Mutex<[UInt8]>([])
    private let thread = Mutex<StorageThread?>(nil)
    /// Held for a whole round: of two side by side, the one that began earlier would write what is older last.
    private let round = Mutex<Void>(())
    private let pool = WorkerPool(name: "martlet-ckpt", width: 16)

    init(environment: LogEnvironment, registry: LogRegistry, directory: String, bootID: String, interval: Duration) {
        self.environment = environment
        self.registry = registry
        path = "\(directory)/\(Self.fileName)"
        self.bootID = Mutex(bootID)
        self.interval = interval
    }

    func start() {
        thread.withLock { $0 = StorageThread("martlet-ckpt") { self.run() } }
    }

    func stop() {
        environment.checkpointSignal.stop()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// After the last checkpoint.
    func end() {
        pool.stop()
    }

    private func run() {
        let limit = environment.clock.runsByItself ? interval.nanoseconds : nil
        while environment.checkpointSignal.wait(nanoseconds: limit) {
            let begin = ContinuousClock.now
            do throws(StorageError) {
                try pass(waiting: false)
            } catch {
                // The last checkpoint stays as it is: a recovery from it takes longer, and loses nothing.
                if error.code == .noSpace { environment.reserve.release() }
                environment.logger.error("checkpoint failed", metadata: ["error": "\(error)"])
            }
            environment.checkpointSignal.rest(min((ContinuousClock.now - begin) * Self.restFactor, interval))
        }
    }

    /// Has synced what no policy syncs, and writes what is durable by now and changed; `waiting`: all there is now.
    /// Needs running sync stages.
    func pass(waiting: Bool) throws(StorageError) {
        try round.withLock { (_) throws(StorageError) in try writeAll(waiting: waiting) }
    }

    private func writeAll(waiting: Bool) throws(StorageError) {
        // An empty store has nothing to keep room for, and is to be small (RULES 9).
        if environment.counters.appendedBytes.load(ordering: .relaxed) > 0 { environment.reserve.takeOnce() }
        let logs = registry.logs
        let lagging = logs.filter { $0.syncedOffset < $0.logEndOffset && (waiting || $0.settings.flush != .batch) }
        if waiting { environment.slowSync.syncAndWait(lagging) } else { environment.slowSync.enqueueFully(lagging) }
        try writeSnapshots(logs, afterBytes: Self.snapshotBytes)
        for log in logs { try containing(log) { () throws(StorageError) in try log.writeDamages() } }
        try environment.recentProducers.write(logs, isKnown: registry.knows)
        try writeOffsets(isClean: false)
    }

    /// Writes the producers of logs to which that much was appended since they were written last, as far as it is
    /// synced.
    func writeSnapshots(_ logs: [PartitionLog], afterBytes bytes: Int) throws(StorageError) {
        let waiting = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        var later: [(log: PartitionLog, snapshot: ProducerSnapshot)] = []
        defer { pending.withLock { $0.insert(contentsOf: later, at: 0) } }
        // Of two of the same log, the later one is written last, and stays.
        for (log, snapshot) in waiting + logs.compactMap({ $0.takeSnapshot(afterBytes: bytes) }) {
            if log.syncedOffset >= snapshot.offset {
                try containing(log) { () throws(StorageError) in try log.write(snapshot) }
            } else if log.state == .online {
                later.append((log, snapshot))
            }
        }
    }

    /// After a start there is one to write for every log: side by side they share the commits of the file system's
    /// journal.
    private func writeEarlierEpochs() throws(StorageError) {
        let logs = registry.logs.filter(\.hasEarlierEpochs)
        let failure = Mutex<StorageError?>(nil)
        pool.forEach(logs.count) { index in
            do throws(StorageError) {
                try self.containing(logs[index]) { () throws(StorageError) in try logs[index].writeEarlierEpochs() }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// RULES 8: a failed write of a file beside a log ends that log's service, and not the checkpoints of the others.
    private func containing(
        _ log: PartitionLog, _ write: () throws(StorageError) -> Void
    ) throws(StorageError) {
        do throws(StorageError) {
            try write()
        } catch  where error.code == .ioError {
            log.goOffline(after: error)
        }
    }

    func write(bootID: String) throws(StorageError) {
        self.bootID.withLock { $0 = bootID }
        try writeOffsets(isClean: false)
    }

    func gives(bootID: String) -> Bool { self.bootID.withLock { $0 == bootID } }

    /// Writes the file of offsets, when anything in it changed. Durable on return.
    func writeOffsets(isClean: Bool) throws(StorageError) {
        try lastWritten.withLock { (lastWritten) throws(StorageError) in
            try writeEarlierEpochs()
            let entries = registry.collectEntries(isClean: isClean)
            let checkpoint = OffsetsCheckpoint(bootID: bootID.withLock { $0 }, isClean: isClean, entries: entries)
            let bytes = checkpoint.encoded()
            if bytes != lastWritten {
                try environment.io.writeCheckpoint(path, version: OffsetsCheckpoint.formatVersion, bytes)
                lastWritten = bytes
                environment.counters.checkpoints.wrappingAdd(1, ordering: .relaxed)
            }
            for entry in entries { registry[entry.id]?.didCheckpoint(entry) }
        }
    }
}
