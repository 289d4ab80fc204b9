package import Logging

/// How a store runs. The defaults are a broker's.
package struct LogStoreOptions: Sendable {
    /// System calls; tests inject faults here.
    package var io: LogIO = .system
    package var clock: any StorageClock = SystemClock()
    package var logger: Logger
    /// Descriptors that logs may hold open, active and cached segments together. Nil: what the process's limit leaves
    /// when 1,000 or a quarter are set aside for connections.
    package var openFilesMax: Int?
    /// Recovery points are written this often, when there is something to write,
    package var checkpointInterval: Duration = .seconds(5)
    /// and after this many appended bytes.
    package var checkpointBytes: Int = 256 << 20
    /// A log's producers are part of the store's checkpoint once this much was appended behind its own snapshot of them: a
    /// recovery reads the headers of less before anybody notices.
    package var producerCheckpointBytes: Int = 256 << 10
    /// Past this many appended bytes that wait to be synced, producers have to be held back.
    package var unsyncedBytesMax: Int = 256 << 20
    package var producersPerPartitionMax: Int = 10_000
    package var partitionsMax: Int = 20_000
    /// Disk space kept for checkpoints and retention when the disk is full (RULES 8).
    package var reserveBytes: Int = 16 << 20
    /// Retention, age rolls and the expiry of producers are looked at this often.
    package var maintenanceInterval: Duration = .seconds(10)
    /// Memory for the keys of one compaction.
    package var compactionMemoryBytes: Int = 64 << 20
    /// The scrub reads this many bytes a second; 0 turns it off.
    package var scrubBytesPerSecond: Int = 4 << 20
    package var recoveryThreads: Int = 4
    /// The kernel's boot id; tests of power cuts change it.
    package var bootID: String = SystemFacts.bootID()

    package init(logger: Logger = Logger(label: "martlet.storage")) {
        self.logger = logger
    }
}
