internal import Logging
internal import MartletCore
internal import Synchronization

/// One compaction of one log: reads the keys of what was not compacted yet into a map, then writes the sealed segments
/// anew without the records that have a newer one. Readers and appends go on. On the maintenance thread, which is also
/// the one that removes segments.
struct Compactor {
    let log: PartitionLog
    let settings: LogSettings
    let memoryBytes: Int
    let now: TimestampMs

    private var environment: LogEnvironment { log.environment }
    private let seed = KeyHash.Seed.random()

    init(log: PartitionLog, settings: LogSettings, memoryBytes: Int, now: TimestampMs) {
        self.log = log
        self.settings = settings
        self.memoryBytes = memoryBytes
        self.now = now
    }

    /// Compacts when enough is there to gain, or tombstones are due. True when it did.
    func runIfDue() throws(StorageError) -> Bool {
        let segments = candidates()
        guard let last = segments.last else { return false }
        let cleaned = log.shared.withLock { $0.cleanedOffset }
        let total = segments.reduce(0) { $0 + Double($1.info.endPosition) }
        let dirty = segments.filter { $0.end > cleaned }
        let dirtyBytes = dirty.reduce(0) { $0 + Double($1.info.endPosition) }
        let isWorthIt = !dirty.isEmpty && dirtyBytes >= settings.minCleanableDirtyRatio * total
        let areTombstonesDue = log.shared.withLock { $0.tombstonesDue }.map { $0 <= now } ?? false
        guard isWorthIt || areTombstonesDue else { return false }

        var map = KeyMap(memoryBytes: memoryBytes)
        let mapEnd = try readKeys(of: dirty, from: cleaned, to: last.end, into: &map)
        guard mapEnd > cleaned || areTombstonesDue else {
            environment.logger.warning(
                "compaction needs more memory: the keys of one batch do not fit", metadata: ["partition": "\(log.name)"]
            )
            return false
        }
        let horizon = now.addingReportingOverflow(settings.deleteRetention.milliseconds)
        let rules = CompactionRules(
            mapEnd: mapEnd, producerOffsets: log.writer.withLock { $0.producers.newestOffsets }, now: now,
            newHorizon: horizon.overflow ? .max : horizon.partialValue, seed: seed
        )
        var tombstonesDue: TimestampMs?
        for group in groups(segments.filter { $0.info.baseOffset < mapEnd }) {
            let due = try rewrite(group, rules, map)
            tombstonesDue = [tombstonesDue, due].compactMap { $0 }.min()
        }
        log.shared.withLock { shared in
            shared.cleanedOffset = max(shared.cleanedOffset, mapEnd)
            shared.tombstonesDue = tombstonesDue
        }
        environment.counters.compactions.wrappingAdd(1, ordering: .relaxed)
        return true
    }

    // MARK: What to compact

    /// A sealed segment and the offset after it.
    struct Source {
        var info: SegmentInfo
        var end: Offset
    }

    /// Sealed, below min(high watermark, durable), below where a recovery would begin, and old enough.
    private func candidates() -> [Source] {
        let infos = log.shared.withLock { $0.segments.infos }
        let bound = log.cleaningBound
        let recovery = log.checkpointedSegment.load(ordering: .acquiring)
        var sources: [Source] = []
        for (info, next) in zip(infos, infos.dropFirst()) {
            guard info.isSealed, next.baseOffset <= bound, info.baseOffset < recovery, isOldEnough(info),
                !log.isDamaged(info.number)
            else { break }
            sources.append(Source(info: info, end: next.baseOffset))
        }
        return sources
    }

    private func isOldEnough(_ info: SegmentInfo) -> Bool {
        guard settings.minCompactionLag > .zero else { return true }
        guard let newest = try? log.maxTimestamp(of: info) else { return false }
        return now - newest >= settings.minCompactionLag.milliseconds
    }

    /// Neighbours whose bytes fit one segment together become one.
    private func groups(_ sources: [Source]) -> [[Source]] {
        var groups: [[Source]] = []
        var bytes = 0
        for source in sources {
            let size = Int(source.info.endPosition)
            if let first = groups.last?.first, bytes + size <= settings.segmentBytes,
                source.end - first.info.baseOffset <= Offset(Int32.max)
            {
                groups[groups.count - 1].append(source)
                bytes += size
            } else {
                groups.append([source])
                bytes = size
            }
        }
        return groups
    }

    /// A cut of the log does not wait for a compaction to end; the next round begins anew.
    private func giveWay() throws(StorageError) {
        guard log.isCutWanted.load(ordering: .relaxed) else { return }
        throw StorageError(.inUse, "the log is to be cut")
    }

    // MARK: Keys

    /// Notes the keys of [`start`, `end`) and returns how far the map reaches: less than `end` when it is full.
    private func readKeys(
        of sources: [Source], from start: Offset, to end: Offset, into map: inout KeyMap
    ) throws(StorageError) -> Offset {
        var records = RecordReader(seed: seed)
        for source in sources {
            let segment = try log.openSealed(source.info)
            let position = try segment.findPosition(
                of: max(start, source.info.baseOffset), below: source.info.endPosition)
            guard let position else { continue }
            var reader = BatchReader(segment, from: position, below: source.info.endPosition)
            while let (header, bytes) = try reader.next() {
                try giveWay()
                for record in try records.read(header, bytes, segment.path) {
                    guard let key = record.key else { continue }
                    if !map.note(key, at: record.offset) { return header.baseOffset }
                }
            }
        }
        return end
    }

    // MARK: Writing

    /// Writes one output for the group and puts it in place. Returns when the earliest tombstone in it may go.
    private func rewrite(
        _ group: [Source], _ rules: CompactionRules, _ map: borrowing KeyMap
    ) throws(StorageError) -> TimestampMs? {
        guard let first = group.first, let last = group.last else { return nil }
        let base = first.info.baseOffset
        let suffix = SegmentFiles.cleanedSuffix
        try SegmentFiles.remove(environment.io, directory: log.directory, baseOffset: base, suffix: suffix)
        let output = try Segment.create(environment.io, directory: log.directory, baseOffset: base, suffix: suffix)
        var tombstonesDue: TimestampMs?
        var isChanged = group.count > 1
        do throws(StorageError) {
            for source in group {
                try copy(source, rules, map, lastOffset: last.end - 1, to: output, &tombstonesDue, &isChanged)
            }
            guard isChanged else {
                try SegmentFiles.remove(environment.io, directory: log.directory, baseOffset: base, suffix: suffix)
                return tombstonesDue
            }
            try output.seal()
        } catch {
            try? SegmentFiles.remove(environment.io, directory: log.directory, baseOffset: base, suffix: suffix)
            throw error
        }
        try log.replace(group.map(\.info), with: output)
        return tombstonesDue
    }

    private func copy(
        _ source: Source, _ rules: CompactionRules, _ map: borrowing KeyMap, lastOffset: Offset, to output: Segment,
        _ tombstonesDue: inout TimestampMs?, _ isChanged: inout Bool
    ) throws(StorageError) {
        let segment = try log.openSealed(source.info)
        var reader = BatchReader(segment, from: 0, below: source.info.endPosition)
        var records = RecordReader(seed: seed)
        while let (header, bytes) = try reader.next() {
            try giveWay()
            let facts = try records.read(header, bytes, segment.path)
            let isLast = header.lastOffset >= lastOffset
            switch rules.verdict(header, facts, map, isLast: isLast) {
            case .verbatim:
                try bytes.withBytes { (bytes) throws(StorageError) in try Self.append(bytes, to: output) }
                if let horizon = header.deleteHorizon { Self.lower(&tombstonesDue, horizon) }
            case .drop:
                isChanged = true
            case .rewrite(let keep, let horizon):
                // A batch that was emptied before stays as it is.
                isChanged = isChanged || !keep.isEmpty
                let rewritten = try filter(header, bytes, keep, horizon, segment.path)
                try rewritten.withBytes { (bytes) throws(StorageError) in try Self.append(bytes, to: output) }
                if let due = horizon ?? header.deleteHorizon, keep.contains(true) { Self.lower(&tombstonesDue, due) }
            }
        }
    }

    private static func lower(_ value: inout TimestampMs?, _ candidate: TimestampMs) {
        value = min(value ?? candidate, candidate)
    }

    private func filter(
        _ header: BatchHeader, _ bytes: [UInt8], _ keep: [Bool], _ horizon: TimestampMs?, _ path: String
    ) throws(StorageError) -> [UInt8] {
        guard !keep.isEmpty else { return bytes }
        do throws(BatchError) {
            return try bytes.withBytes { (bytes) throws(BatchError) in
                try BatchCodec.filter(
                    bytes, header: header, keep: keep, deleteHorizon: horizon, unpackedLimit: Limits.unpackedBytes
                )
            }
        } catch {
            throw StorageError(.corrupt, "\(path): cannot rewrite the batch at offset \(header.baseOffset): \(error)")
        }
    }

    private static func append(_ bytes: UnsafeRawBufferPointer, to output: Segment) throws(StorageError) {
        switch output.append(batches: bytes) {
        case .done: return
        case .full: throw StorageError(.recordTooLarge, "\(output.path): what compaction keeps does not fit a segment")
        case .failed(let error): throw error
        }
    }
}
