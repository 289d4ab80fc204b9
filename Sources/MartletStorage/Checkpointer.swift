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

    private let environment: LogEnvironment
    private let registry: LogRegistry
    private let path: String
    private let bootID: String
    private let interval: Duration
    private let lastWritten = Mutex<[UInt8]>([])
    private let thread = Mutex<StorageThread?>(nil)

    init(environment: LogEnvironment, registry: LogRegistry, directory: String, bootID: String, interval: Duration) {
        self.environment = environment
        self.registry = registry
        path = "\(directory)/\(Self.fileName)"
        self.bootID = bootID
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

    private func run() {
        let limit = environment.clock.runsByItself ? interval.nanoseconds : nil
        while environment.checkpointSignal.wait(nanoseconds: limit) {
            do throws(StorageError) {
                try pass()
            } catch {
                // The last checkpoint stays as it is: a recovery from it takes longer, and loses nothing.
                if error.code == .noSpace { environment.reserve.release() }
                environment.logger.error("checkpoint failed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Syncs what no policy syncs, then writes everything that changed. Needs a running sync stage.
    func pass() throws(StorageError) {
        let logs = registry.logs
        let snapshots = logs.compactMap { $0.takeSnapshot(afterBytes: Self.snapshotBytes) }
        let lagging = logs.filter { $0.syncedOffset < $0.logEndOffset && $0.settings.flush != .batch }
        environment.sync.syncAndWait(lagging + snapshots.map(\.log))
        for (log, snapshot) in snapshots where log.syncedOffset >= snapshot.offset { try log.write(snapshot) }
        try writeOffsets(isClean: false)
    }

    /// Writes the file of offsets, when anything in it changed. Durable on return.
    func writeOffsets(isClean: Bool) throws(StorageError) {
        try lastWritten.withLock { (lastWritten) throws(StorageError) in
            for log in registry.logs { try log.writeEarlierEpochs() }
            let entries = registry.collectEntries(isClean: isClean)
            let checkpoint = OffsetsCheckpoint(bootID: bootID, isClean: isClean, entries: entries)
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
