internal import Logging
internal import MartletCore

/// Opens a log that was closed in order: from the checkpoint and the names and sizes of its files. Reads no log data.
struct LogOpener {
    let log: PartitionLog
    let entry: OffsetsEntry

    private var environment: LogEnvironment { log.environment }

    /// Nil when the files are not what the checkpoint says: the log then has to be recovered.
    func open() throws(StorageError) -> OpenedLog? {
        let directory = try LogDirectory(path: log.directory, io: environment.io)
        guard var opened = try LogFiles.loadState(log, entry, directory),
            opened.snapshotOffset ?? entry.recoveryPoint == entry.recoveryPoint
        else { return nil }
        opened.facts.wasClean = true
        if directory.hasDamageFile { opened.damage = try LogFiles.loadDamage(log) }
        opened.damageOnDisk = opened.damage
        guard let active = directory.files.last else {
            guard entry.recoverySegment == -1 else { return nil }
            opened.tail.offset = entry.recoveryPoint
            opened.recoveryPoint = opened.tail
            return opened
        }
        guard active.baseOffset == entry.recoverySegment, active.sizeBytes >= Int64(entry.recoveryPosition) else {
            return nil
        }
        for index in directory.files.indices.dropLast() {
            opened.segments.append(
                SegmentInfo(
                    number: environment.nextSegmentNumber(), baseOffset: directory.files[index].baseOffset,
                    endPosition: try directory.sealedEnd(index), maxTimestamp: nil, isSealed: true, handle: nil
                )
            )
        }
        let number = environment.nextSegmentNumber()
        opened.segments.append(
            SegmentInfo(
                number: number, baseOffset: active.baseOffset, endPosition: entry.recoveryPosition, maxTimestamp: nil,
                isSealed: false, handle: nil
            )
        )
        opened.tail = LogMark(offset: entry.recoveryPoint, segment: number, position: entry.recoveryPosition)
        opened.recoveryPoint = opened.tail
        opened.logStart = max(entry.logStart, directory.files[0].baseOffset)
        return opened
    }
}

/// The small files beside a log.
enum LogFiles {
    private static let sizeLimitBytes = 64 << 20

    /// Epoch history and producers as checkpointed; nil when one of the files cannot be used or is gone.
    static func loadState(
        _ log: PartitionLog, _ entry: OffsetsEntry?, _ directory: LogDirectory
    ) throws(StorageError) -> OpenedLog? {
        let environment = log.environment
        var opened = OpenedLog(producers: ProducerStateTable(limit: environment.producersMax))
        var isSound = true
        var knownEpoch: LeaderEpoch = -1
        if let file = try loadEpochs(log) {
            opened.epochs = file.history
            opened.hasGaps = file.hasGaps
            knownEpoch = file.knownEpoch
        } else {
            isSound = false
        }
        opened.epochsInFile = opened.epochs.latest?.epoch ?? -1
        if let entry {
            if entry.latestEpoch > knownEpoch { opened.epochs.begin(entry.latestEpoch, at: entry.latestEpochStart) }
            opened.take(entry)
            let start = max(entry.logStart, directory.files.first?.baseOffset ?? 0)
            // A history reaches back to the log's start. One that does not has lost its file.
            let reach = opened.epochs.entries.first?.startOffset ?? .max
            if entry.recoveryPoint > start && reach > start { isSound = false }
        }
        opened.highestEpoch = max(opened.highestEpoch, knownEpoch, opened.epochs.latest?.epoch ?? -1)
        switch try loadProducers(log) {
        case .missing: break
        case .damaged: isSound = false
        case .found(let snapshot):
            opened.producers = snapshot.table
            opened.snapshotOffset = snapshot.offset
        }
        return isSound ? opened : nil
    }

    /// Empty when there is no file; nil when it is damaged.
    private static func loadEpochs(_ log: PartitionLog) throws(StorageError) -> EpochsFile? {
        let path = "\(log.directory)/\(PartitionLog.epochsFileName)"
        do throws(StorageError) {
            let io = log.environment.io
            guard
                let (version, content) = try io.readCheckpoint(
                    path, newest: EpochsFile.formatVersion, limitBytes: sizeLimitBytes)
            else { return EpochsFile() }
            return EpochsFile.decode(content, version: version)
        } catch  where error.code == .corrupt {
            return nil
        }
    }

    /// One that cannot be read says nothing: the scrub has to find everything again.
    static func loadDamage(_ log: PartitionLog) throws(StorageError) -> DamageFile {
        let path = "\(log.directory)/\(PartitionLog.damageFileName)"
        do throws(StorageError) {
            let file = try log.environment.io.readCheckpoint(
                path, newest: DamageFile.formatVersion, limitBytes: sizeLimitBytes)
            guard let file else { return DamageFile() }
            if let damage = DamageFile.decode(file.content) { return damage }
        } catch  where error.code != .corrupt {
            throw error
        } catch {}
        log.environment.logger.error(
            "what was known to be damaged can no longer be read; the scrub finds it again",
            metadata: ["path": "\(path)"])
        return DamageFile()
    }

    enum Producers {
        case missing
        case damaged
        case found(ProducerSnapshot)
    }

    static func loadProducers(_ log: PartitionLog) throws(StorageError) -> Producers {
        let path = "\(log.directory)/\(PartitionLog.producersFileName)"
        let environment = log.environment
        do throws(StorageError) {
            guard
                let (_, content) = try environment.io.readCheckpoint(
                    path, newest: ProducerSnapshot.formatVersion, limitBytes: sizeLimitBytes)
            else { return .missing }
            return ProducerSnapshot.decode(content, limit: environment.producersMax).map { .found($0) } ?? .damaged
        } catch  where error.code == .corrupt {
            return .damaged
        }
    }
}
