internal import Logging
package import MartletCore
internal import Synchronization

/// A data directory and the logs in it, owned by one process. Any thread; what waits for a disk says so.
///
/// ```
/// .lock  meta  offsets  producers  reserve
/// logs/<topic id>/topic                         the topic's name
/// logs/<topic id>/<partition>/                  segments, epochs, producers, damage
/// aside/<topic id>-<partition>[.n]/             what the cluster does not know (RULES 3)
/// ```
package final class LogStore: Sendable {
    package let directory: String
    let options: LogStoreOptions
    let environment: LogEnvironment
    let registry = LogRegistry()
    let checkpointer: Checkpointer
    let maintenance: Maintenance
    let scrubber: Scrubber
    private let recoveries: RecoveryQueue
    private let past: StorePast
    private let lockDescriptor: Int32
    private let identityFile: IdentityFile
    private let phase = Mutex(Phase.opened)

    private enum Phase {
        case opened
        case running
        case closed
    }

    /// Opens the directory, or makes it. Blocks.
    ///
    /// - Throws: `locked` when another process owns it, `newerFormat`, `corrupt` when its identity cannot be read,
    ///   `notADirectory`, `notPermitted`.
    package init(directory: String, options: LogStoreOptions) throws(StorageError) {
        let layout = StoreLayout(directory)
        let io = options.io
        let limit = options.openFilesMax ?? Self.descriptorsForLogs(SystemFacts.raiseOpenFilesLimit())
        try layout.createDirectories(io)
        lockDescriptor = try io.lock(layout.lockPath)
        do throws(StorageError) {
            identityFile = try IdentityFile.open(layout.identityPath, io)
            let bootID = options.bootID
            let checkpoint = try Self.loadCheckpoint(layout, options)
            let place = DirectoryPlace(of: layout.logsPath)
            past = StorePast(checkpoint, bootID: bootID, place: place, known: identityFile.identity.place)
            self.directory = directory
            self.options = options
            environment = LogEnvironment(
                directory: directory, options: options, cacheCapacity: limit / 2 / Segment.descriptorsEach
            )
            checkpointer = Checkpointer(
                environment: environment, registry: registry, directory: directory,
                bootID: past.bootIDUntilTold(checkpoint, bootID),
                interval: options.checkpointInterval
            )
            scrubber = Scrubber(
                registry: registry, environment: environment, bytesPerSecond: options.scrubBytesPerSecond
            )
            maintenance = Maintenance(
                registry: registry, environment: environment, scrubber: scrubber,
                interval: options.maintenanceInterval,
                compactionMemoryBytes: options.compactionMemoryBytes,
                openActiveMax: limit / 2 / Segment.descriptorsEach
            )
            recoveries = RecoveryQueue(threads: options.recoveryThreads, logger: options.logger)
            registry.load(checkpoint?.entries ?? [])
            if !past.wasClean { try environment.recentProducers.load() }
            // From here on a crash is a crash: the clean mark goes before anything is appended.
            try checkpointer.writeOffsets(isClean: false)
            try notePlace(place)
        } catch {
            io.close(lockDescriptor)
            throw error
        }
        let checkpointer = checkpointer
        environment.checkpointNow.withLock {
            $0 = { [weak checkpointer] () throws(StorageError) in try checkpointer?.writeOffsets(isClean: false) }
        }
        try finishRemovals()
    }

    private static func descriptorsForLogs(_ limit: Int) -> Int {
        max(64, limit - max(1_000, limit / 4))
    }

    // MARK: The run before

    /// It ended in order.
    package var wasClean: Bool { past.wasClean }
    /// The kernel is the same.
    package var isSameBoot: Bool { past.isSameBoot }
    /// The directory is a copy, and may lack what its original got since.
    package var isCopy: Bool { past.isCopy }

    /// Says where the directory is, once it is written down that a copy may lack records.
    private func notePlace(_ place: DirectoryPlace?) throws(StorageError) {
        guard let place, place != identity.place else { return }
        if past.isCopy {
            options.logger.warning(
                "this data directory is a copy of one whose broker was running or had been killed: what that got since is missing",
                metadata: ["path": "\(directory)"])
        } else if identity.place != nil {
            options.logger.notice(
                "this data directory was copied from another place", metadata: ["path": "\(directory)"])
        }
        try updateIdentity { $0.place = place }
    }

    // MARK: Identity

    package var identity: DirectoryIdentity { identityFile.identity }

    /// Changes what the directory says of itself. Durable on return; on failure nothing changed.
    package func updateIdentity(_ body: (inout DirectoryIdentity) -> Void) throws(StorageError) {
        try identityFile.update(body)
    }

    /// Nil when there is none: a new directory. A damaged one is as good as none after a crash: all logs are recovered.
    private static func loadCheckpoint(
        _ layout: StoreLayout, _ options: LogStoreOptions
    ) throws(StorageError) -> OffsetsCheckpoint? {
        let damaged = OffsetsCheckpoint(bootID: "", isClean: false, entries: [])
        do throws(StorageError) {
            guard
                let (_, content) = try options.io.readCheckpoint(
                    layout.offsetsPath, newest: OffsetsCheckpoint.formatVersion, limitBytes: Checkpointer.sizeLimitBytes
                )
            else { return nil }
            if let checkpoint = OffsetsCheckpoint.decode(content) { return checkpoint }
        } catch  where error.code != .corrupt {
            throw error
        } catch {}
        options.logger.error(
            "the checkpoint of offsets is damaged; recovering every log", metadata: ["path": "\(layout.offsetsPath)"])
        return damaged
    }

    // MARK: Running

    /// A log has lost records, or one that others count on is about to be made anew: no later start takes any log here for
    /// whole, until ``startBackground()``. Durable on return.
    package func noteLoss() throws(StorageError) {
        try checkpointer.write(bootID: "")
    }

    /// Starts the threads: syncing, checkpoints, retention, compaction, scrub. Before it nothing becomes durable. What
    /// this start may have lost has been told to whom it concerns, and is forgotten (RULES 12).
    package func startBackground() {
        let isFirst = phase.withLock { phase in
            guard phase == .opened else { return false }
            phase = .running
            return true
        }
        guard isFirst else { return }
        do throws(StorageError) {
            if !isLossTold { try checkpointer.write(bootID: options.bootID) }
        } catch {
            // The next round of checkpoints writes it.
            options.logger.error("checkpoint failed", metadata: ["error": "\(error)"])
        }
        environment.sync.start()
        environment.slowSync.start()
        environment.writeback.start()
        checkpointer.start()
        maintenance.start()
        scrubber.start()
    }

    /// A clock that is moved by hand has moved: deadlines are looked at again.
    package func clockMoved() {
        environment.sync.clockMoved()
    }

    /// Returns when no log is being recovered. Blocks.
    package func waitForRecovery() {
        recoveries.waitUntilIdle()
    }

    /// Writes recovery points and everything beside them now. Durable on return. Needs `startBackground()` before.
    package func checkpoint() throws(StorageError) {
        try checkpointer.pass(waiting: true)
    }

    /// One round of retention, compaction and the like, on the calling thread; for tests with a clock of their own,
    /// whose store has no other rounds. Blocks.
    package func maintain() {
        maintenance.pass(now: options.clock.wallTime)
    }

    /// Checks every batch of every sealed segment once, on the calling thread, at full speed. Blocks.
    package func scrub() {
        scrubber.pass { _ in true }
    }

    /// Closes in order: syncs every log, writes the checkpoints and the clean mark, and lets go of the directory.
    /// Leases stay readable. On failure the next start recovers, and nothing is lost. Blocks.
    package func close() {
        let old = phase.withLock { phase in
            defer { phase = .closed }
            return phase
        }
        guard old != .closed else { return }
        registry.close()
        environment.readAhead.stop()
        recoveries.stop()
        scrubber.stop()
        maintenance.stop()
        if old == .opened { environment.sync.start() }
        checkpointer.stop()
        environment.slowSync.stop()
        do throws(StorageError) {
            try closeLogs()
        } catch {
            options.logger.error("the store could not be closed in order", metadata: ["error": "\(error)"])
        }
        checkpointer.end()
        environment.sync.stop()
        environment.writeback.stop()
        for log in registry.logs { log.releaseFiles() }
        registry.removeAll()
        environment.cache.removeAll()
        options.io.close(lockDescriptor)
    }

    private func closeLogs() throws(StorageError) {
        let logs = registry.logs.filter { $0.state == .online }
        var failure: StorageError?
        for log in logs {
            do throws(StorageError) { try log.prepareClose() } catch { failure = error }
        }
        environment.sync.syncAndWait(logs)
        try checkpointer.writeSnapshots(logs, afterBytes: 0)
        for log in logs { try log.writeDamages() }
        try environment.sync.syncFilesystemNow()
        if let failure { throw failure }
        try checkpointer.writeOffsets(isClean: isLossTold)
    }

    private var isLossTold: Bool { checkpointer.gives(bootID: options.bootID) }

    // MARK: Logs

    /// Makes a log that holds nothing, online at once. Its directory is durable on return. Blocks.
    package func create(
        _ id: TopicIDPartition, topic: String, settings: LogSettings
    ) throws(StorageError) -> PartitionLog {
        let layout = StoreLayout(directory)
        let path = layout.partitionPath(id)
        if try DirectoryListing.size(path) != nil {
            throw StorageError(.alreadyExists, "\(path) exists already: open the partition instead of creating it")
        }
        let log = PartitionLog(id: id, topic: topic, directory: path, settings: settings, environment: environment)
        try registry.add(log, limit: options.partitionsMax)
        do throws(StorageError) {
            try layout.createPartition(id, topic: topic, options.io)
        } catch {
            registry.remove(id)
            throw error
        }
        var opened = OpenedLog(producers: ProducerStateTable(limit: environment.producersMax))
        opened.facts.wasCreated = true
        log.goOnline(opened)
        return log
    }

    /// Opens a log. After a clean stop it is online on return and none of its data was read; else it is recovered on
    /// the store's threads and its observer hears when that is done.
    ///
    /// - Throws: `notFound` when there is no directory.
    package func open(_ id: TopicIDPartition, topic: String, settings: LogSettings) throws(StorageError) -> PartitionLog
    {
        let path = StoreLayout(directory).partitionPath(id)
        guard DirectoryListing.isDirectory(path) else {
            throw StorageError(.notFound, "there is no directory \(path) for \(topic)-\(id.partition)")
        }
        let log = PartitionLog(id: id, topic: topic, directory: path, settings: settings, environment: environment)
        try registry.add(log, limit: options.partitionsMax)
        let entry = registry.entry(id)
        if wasClean, let entry, entry.isClean {
            do throws(StorageError) {
                if let opened = try LogOpener(log: log, entry: entry).open() {
                    log.goOnline(opened)
                    return log
                }
            } catch  where error.code != .corrupt {
                registry.forget(id)
                throw error
            } catch {}
            options.logger.warning(
                "the files of a log are not as it was closed; recovering it", metadata: ["partition": "\(log.name)"])
        }
        recoveries.add(LogRecovery(log: log, entry: entry, past: past))
        return log
    }

    package subscript(id: TopicIDPartition) -> PartitionLog? { registry[id] }

    // MARK: State

    package var counters: StorageCounters { environment.counters }
    package var backPressure: SyncPressure { environment.sync.backPressure }
    package var offlinePartitions: [(log: PartitionLog, reason: String)] {
        registry.logs.compactMap { log in
            if case .offline(let reason) = log.state { (log, reason) } else { nil }
        }
    }
    /// What was found damaged, at this start or before, and is not repaired.
    package var corruptions: [CorruptionReport] { registry.logs.flatMap(\.damages) }
    package var partitionCount: Int { registry.count }
    /// Reads what fetches are about to send, off the event loops.
    package var readAhead: ReadAhead { environment.readAhead }
    /// Whether appends are refused because the disk was found full. Looks whether there is room again, as an append would:
    /// nobody may be there to append. Blocks shortly then.
    package var isDiskFull: Bool { !environment.reserve.allowsAppends() }
}
