internal import Logging
internal import MartletCore
internal import Synchronization

/// What every log of a store shares. Any thread.
final class LogEnvironment: Sendable {
    let io: LogIO
    let clock: any StorageClock
    let logger: Logger
    let cache: SegmentFileCache
    let counters: StorageCounters
    let sync: SyncStage
    /// Syncs what no policy syncs in time, for recovery points: apart, so that no acknowledgement waits behind it.
    let slowSync: SyncStage
    let writeback: WritebackThread
    let readAhead = ReadAhead()
    let reserve: ReserveFile
    let checkpointSignal: CheckpointSignal
    let recentProducers: RecentProducers
    /// Most producers that one partition remembers.
    let producersMax: Int
    /// Writes the file of offsets at once; set by the store.
    let checkpointNow = Mutex<@Sendable () throws(StorageError) -> Void>({})
    private let segmentsWithoutIndex = Mutex<[Segment]>([])
    private let numbers = Atomic<UInt64>(0)

    init(directory: String, options: LogStoreOptions, cacheCapacity: Int) {
        io = options.io
        clock = options.clock
        logger = options.logger
        counters = StorageCounters()
        cache = SegmentFileCache(capacity: cacheCapacity)
        let pressure = SyncPressure(bytesMax: options.unsyncedBytesMax)
        sync = SyncStage(
            name: "martlet-sync", width: 16, usesFilesystemSync: true, io: options.io, directory: directory,
            clock: options.clock,
            counters: counters, pressure: pressure
        )
        slowSync = SyncStage(
            name: "martlet-slow", width: 4, usesFilesystemSync: false, io: options.io, directory: directory,
            clock: options.clock,
            counters: counters, pressure: pressure
        )
        writeback = WritebackThread()
        reserve = ReserveFile(io: options.io, directory: directory, bytes: options.reserveBytes, logger: options.logger)
        checkpointSignal = CheckpointSignal(bytes: options.checkpointBytes)
        recentProducers = RecentProducers(
            io: options.io, directory: directory, bytesMin: options.producerCheckpointBytes, logger: options.logger)
        producersMax = options.producersPerPartitionMax
    }

    /// A sealed segment's index was found missing or wrong: maintenance builds it anew.
    func needsIndex(_ segment: Segment) {
        logger.warning(
            "an index is missing or damaged; building it anew in the background", metadata: ["file": "\(segment.path)"])
        segmentsWithoutIndex.withLock { $0.append(segment) }
    }

    func takeSegmentsThatNeedIndex() -> [Segment] {
        segmentsWithoutIndex.withLock { segments in
            defer { segments = [] }
            return segments
        }
    }

    /// A number that no other segment of this process has; never 0.
    func nextSegmentNumber() -> UInt64 {
        numbers.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
