internal import CMartletLog
internal import Logging
internal import MartletCore
internal import Synchronization

/// Brings back a log that was not closed in order: checks what lies past the recovery point, cuts a torn tail, and
/// rebuilds indexes, producers and epochs from the batches. On a recovery thread.
struct LogRecovery {
    let log: PartitionLog
    let entry: OffsetsEntry?
    /// What the store knows of the run before.
    let past: StorePast

    private var environment: LogEnvironment { log.environment }
    private var isCheckpointSound: Bool { past.isCheckpointSound }

    /// Before anything was looked at. Without the store's checkpoint nothing tells how far the log reached, and a copy does
    /// not know what came after it.
    private var facts: StartFacts {
        var facts = StartFacts()
        let isWhole = isCheckpointSound && !past.isCopy
        facts.isSameBoot = isWhole && keepsWritten
        facts.wasSynced = isWhole && log.settings.flush == .batch && entry?.isSynced ?? true
        facts.hasLostRecords = hasFailed && !facts.wasSynced
        return facts
    }

    /// A write or a sync failed in the run before, or in an earlier one that no start has made good.
    private var hasFailed: Bool { entry?.hasFailed ?? false }

    /// Whatever was written is still there, synced or not.
    private var keepsWritten: Bool { past.isSameBoot && !hasFailed }

    /// A sync may have failed, and nobody lived to write that down: what the page cache holds is written again where it
    /// is to be synced, so that the sync means something (DECISIONS 34). After a power cut it holds what the disk has.
    private var rewritesTail: Bool { !past.isOtherBoot && (hasFailed || log.settings.flush != .os) }

    /// What there is to say of a log that cannot be recovered.
    func facts(of failure: StorageError) -> StartFacts {
        var facts = facts
        facts.hasLostRecords = true
        facts.isCorrupt = failure.code == .corrupt
        return facts
    }

    /// - Throws: `corrupt` when cutting would drop more than a torn tail; the log then has to stay offline.
    func run() throws(StorageError) -> OpenedLog {
        let directory = try LogDirectory(path: log.directory, io: environment.io)
        let loaded = try LogFiles.loadState(log, entry, directory)
        if loaded == nil {
            environment.logger.warning(
                "epoch history or producers are damaged or gone; rebuilding them from the log",
                metadata: ["partition": "\(log.name)"]
            )
        }
        var opened = loaded ?? emptyState()
        opened.facts = facts
        if directory.hasDamageFile { opened.damage = try LogFiles.loadDamage(log) }
        opened.damageOnDisk = opened.damage
        guard !directory.files.isEmpty else { return try openEmpty(opened) }
        let isHistoryComplete = loaded != nil && isCheckpointSound
        if hasFailed {
            environment.logger.warning(
                "a write or a sync of the log failed before this start; what may not be on the disk is written anew",
                metadata: ["partition": "\(log.name)"])
        }
        let begin = beginning(directory)
        let first = directory.files[begin.file]
        if first.sizeBytes < Int64(begin.position) {
            throw corrupt(first, "has \(first.sizeBytes) bytes, though \(begin.position) were synced")
        }
        for index in 0..<begin.file { try addSealed(directory, index, &opened) }
        let recent = loaded == nil ? nil : recentProducers(opened, upTo: begin.offset)
        var known = opened
        if let recent {
            known.producers = recent.snapshot.table
            known.snapshotOffset = recent.snapshot.offset
        }
        var replay = BatchReplay(log: log, opened: known, isStrict: isHistoryComplete, now: environment.clock.wallTime)
        try replay.readHeaders(
            of: opened.segments, and: first.baseOffset, to: begin.position, end: begin.offset)
        let outcome = try recoverFiles(directory, begin, &opened, &replay)
        opened.epochs = replay.epochs
        opened.producers = replay.producers
        opened.bytesSinceSnapshot = replay.bytes + (recent?.bytes ?? 0)
        opened.highestEpoch = max(opened.highestEpoch, opened.epochs.latest?.epoch ?? -1)
        note(replay.damages, &opened)
        finish(directory, begin, outcome, &opened)
        return opened
    }

    // MARK: Where to begin

    /// The recovery point as a place in the files.
    private struct Beginning {
        var file: Int
        var position: UInt32
        var offset: Offset
    }

    private func beginning(_ directory: LogDirectory) -> Beginning {
        guard let entry else { return Beginning(file: 0, position: 0, offset: directory.files[0].baseOffset) }
        // By its segment, which the point may be the end of: the next one begins at the same offset, and this one need
        // not be sealed.
        if let file = directory.files.firstIndex(where: { $0.baseOffset == entry.recoverySegment }) {
            return Beginning(file: file, position: entry.recoveryPosition, offset: entry.recoveryPoint)
        }
        // Rolled since the checkpoint, and removed: all that is left lies behind the recovery point.
        let file = directory.index(holding: entry.recoveryPoint)
        return Beginning(file: file, position: 0, offset: directory.files[file].baseOffset)
    }

    /// What the store's file knows of the producers, where that is more than the log's own snapshot does and speaks of
    /// this log's batches.
    private func recentProducers(_ opened: OpenedLog, upTo end: Offset) -> RecentProducers.Line? {
        guard let line = environment.recentProducers.line(of: log.id, limit: environment.producersMax),
            line.snapshot.offset > opened.snapshotOffset ?? 0, line.snapshot.offset <= end,
            opened.epochs.epoch(at: line.snapshot.offset - 1) == line.epoch
        else { return nil }
        return line
    }

    private func emptyState() -> OpenedLog {
        var opened = OpenedLog(producers: ProducerStateTable(limit: environment.producersMax))
        if let entry { opened.take(entry) }
        opened.hasGaps = log.settings.cleanup.contains(.compact) || opened.cleanedOffset > 0
        return opened
    }

    private func openEmpty(_ state: OpenedLog) throws(StorageError) -> OpenedLog {
        if let entry, entry.recoverySegment >= 0, entry.recoveryPoint > entry.logStart {
            throw StorageError(
                .corrupt,
                "\(log.directory) holds no segment, though offsets below \(entry.recoveryPoint) were synced"
            )
        }
        var opened = state
        let end = max(entry?.recoveryPoint ?? 0, opened.logStart)
        opened.tail.offset = end
        opened.recoveryPoint = opened.tail
        opened.epochs.truncate(to: end + 1)
        noteLoss(end, &opened)
        return opened
    }

    private func addSealed(_ directory: LogDirectory, _ index: Int, _ opened: inout OpenedLog) throws(StorageError) {
        opened.segments.append(
            SegmentInfo(
                number: environment.nextSegmentNumber(), baseOffset: directory.files[index].baseOffset,
                endPosition: try directory.sealedEnd(index), maxTimestamp: nil, isSealed: true, handle: nil
            )
        )
    }

    // MARK: Files behind the recovery point

    private struct Outcome {
        var end: Offset
        var tail: LogMark
        var begin: LogMark
        var report: RecoveryReport?
    }

    private func recoverFiles(
        _ directory: LogDirectory, _ begin: Beginning, _ opened: inout OpenedLog, _ replay: inout BatchReplay
    ) throws(StorageError) -> Outcome {
        var outcome: Outcome?
        var expected = begin.offset
        for index in begin.file..<directory.files.count {
            let file = directory.files[index]
            let position = index == begin.file ? begin.position : 0
            let segment = try Segment.openForRecovery(
                environment.io, directory: log.directory, baseOffset: file.baseOffset)
            let result = try recover(
                segment, position, expected, maySkip(opened, isLast: index == directory.files.count - 1), &replay)
            let number = environment.nextSegmentNumber()
            if index == begin.file {
                let mark = LogMark(offset: begin.offset, segment: number, position: position)
                outcome = Outcome(end: expected, tail: mark, begin: mark)
            }
            let next = index + 1 < directory.files.count ? directory.files[index + 1].baseOffset : nil
            let end = result.end_position == position ? expected : result.end_offset
            let cut = try judge(file, segment, result, nextBase: next, end: end)
            outcome?.end = end
            outcome?.tail = LogMark(offset: end, segment: number, position: result.end_position)
            expected = end
            let isLast = next == nil || cut != nil
            opened.segments.append(
                SegmentInfo(
                    number: number, baseOffset: file.baseOffset, endPosition: result.end_position,
                    maxTimestamp: segment.maxTimestamp, isSealed: false, handle: segment
                )
            )
            if !isLast { opened.sealing.append((number, segment)) }
            if let cut {
                try apply(cut, segment, result, directory, after: index)
                outcome?.report = cut
            }
            if rewritesTail { try segment.rewrite(from: position) }
            if isLast { break }
        }
        guard let outcome else { preconditionFailure("there is at least one file") }
        return outcome
    }

    /// Whether offsets may be missing: of what a leader appends none are, before compaction has been over it. What a
    /// follower copied is as its leader's log was.
    private func maySkip(_ opened: OpenedLog, isLast: Bool) -> Bool {
        opened.hasGaps || (log.settings.cleanup.contains(.compact) && (entry == nil || !isLast))
    }

    private func recover(
        _ segment: Segment, _ position: UInt32, _ expected: Offset, _ maySkip: Bool, _ replay: inout BatchReplay
    ) throws(StorageError) -> mlog_recovery_result {
        let rules = mlog_recovery_rules(
            expected_offset: expected,
            offsets_may_skip: maySkip,
            leader_epoch_min: replay.epochs.epoch(at: expected) ?? 0,
            leader_epoch_max: replay.isStrict ? replay.epochs.latest?.epoch ?? .max : .max,
            batch_limit_bytes: UInt32(clamping: Limits.maxMessageBytesCeiling), damaged_below: false
        )
        let result = try recover(segment, position, rules, &replay)
        if let conflict = replay.conflict {
            throw StorageError(.corrupt, "\(segment.path): \(conflict); restore the partition or remove it")
        }
        return result
    }

    /// A damaged batch below the recovery point costs itself, as damage at rest does: what is sound around it is served.
    private func recover(
        _ segment: Segment, _ position: UInt32, _ rules: mlog_recovery_rules, _ replay: inout BatchReplay
    ) throws(StorageError) -> mlog_recovery_result {
        do throws(StorageError) {
            return try segment.recover(from: position, rules: rules) { location, _ in replay.take(location.header) }
        } catch  where error.code == .corrupt {
            let below = try Segment.openBelow(
                position, environment.io, directory: log.directory, baseOffset: segment.baseOffset)
            // Otherwise it is the recovery point that is wrong.
            guard replay.noteDamages(below: position, of: below, rules.expected_offset) else { throw error }
            var rules = rules
            rules.damaged_below = true
            let result = try segment.recover(from: position, rules: rules) { location, _ in replay.take(location.header)
            }
            // Nor is it to be believed where no batch stands at it: nothing would tell a tail from what was synced.
            if result.end_position == position && result.torn_bytes > 0 { throw error }
            return result
        }
    }

    /// What was found damaged on the way is refused to readers from now on.
    private func note(_ found: [DamageFile.Entry], _ opened: inout OpenedLog) {
        for entry in found where opened.damage.add(entry) {
            environment.counters.corruptBatches.wrappingAdd(1, ordering: .relaxed)
            environment.logger.error(
                "damage on disk",
                metadata: [
                    "partition": "\(log.name)", "position": "\(entry.position)", "offsets": "\(entry.offsets)",
                    "error": "\(entry.message)",
                ])
        }
    }

    /// Nil when the segment ends as it should. Throws when what is wrong is no torn tail.
    private func judge(
        _ file: LogDirectory.File, _ segment: Segment, _ result: mlog_recovery_result, nextBase: Offset?, end: Offset
    ) throws(StorageError) -> RecoveryReport? {
        let endsEarly = nextBase.map { end != $0 } ?? false
        let isTorn = result.cause != .MLOG_END_CLEAN
        guard isTorn || endsEarly else { return nil }
        let why = Self.text(result)
        let report = RecoveryReport(
            cutFromOffset: end, cutBytes: result.torn_bytes, why: isTorn ? why : "the segment ends early",
            lostBelowHighWatermark: end < (entry?.highWatermark ?? 0)
        )
        guard result.valid_batch_behind || nextBase != nil else { return report }
        // Batches follow the bad place. A power cut may drop any pages that were not synced and keep later ones; a
        // process that was killed drops none, so then somebody else damaged the file.
        let isHole = result.valid_batch_behind ? result.page_lost : endsEarly
        if !keepsWritten && isHole { return report }
        throw corrupt(
            file,
            "is damaged at byte \(result.end_position), offset \(end) (\(report.why)), and valid batches follow"
        )
    }

    private static func text(_ result: mlog_recovery_result) -> String {
        switch result.cause {
        case .MLOG_END_CLEAN: "the log simply ends"
        case .MLOG_END_BAD_BATCH: String(cString: mlog_batch_status_text(result.batch_status))
        case .MLOG_END_WRONG_OFFSET: "a batch with another base offset than must come"
        case .MLOG_END_WRONG_EPOCH: "a batch of a leader epoch that was never here"
        case .MLOG_END_REFUSED: "a batch that contradicts the epoch history"
        }
    }

    private func corrupt(_ file: LogDirectory.File, _ what: String) -> StorageError {
        StorageError(
            .corrupt,
            "\(log.directory)/\(SegmentFiles.stem(file.baseOffset)).log \(what). Nothing was cut: "
                + "look at it with `martlet log inspect --verify`, and cut it with `martlet log repair` if you may"
        )
    }

    /// Cuts the segment, and drops the files behind it. Durable on return.
    private func apply(
        _ report: RecoveryReport, _ segment: Segment, _ result: mlog_recovery_result, _ directory: LogDirectory,
        after index: Int
    ) throws(StorageError) {
        for file in directory.files[(index + 1)...].reversed() {
            try SegmentFiles.remove(environment.io, directory: log.directory, baseOffset: file.baseOffset)
        }
        try segment.truncate(to: result.end_position)
        environment.logger.warning(
            "cut a torn tail",
            metadata: [
                "partition": "\(log.name)", "file": "\(segment.path)", "position": "\(result.end_position)",
                "offset": "\(report.cutFromOffset)", "bytes": "\(report.cutBytes)", "why": "\(report.why)",
                "segments_behind_removed": "\(directory.files.count - index - 1)",
            ]
        )
    }

    private func finish(_ directory: LogDirectory, _ begin: Beginning, _ outcome: Outcome, _ opened: inout OpenedLog) {
        opened.tail = outcome.tail
        opened.recoveryPoint = outcome.begin
        opened.logStart = max(opened.logStart, directory.files[0].baseOffset)
        opened.report = outcome.report
        _ = opened.producers.truncate(to: outcome.end)
        opened.epochs.truncate(to: outcome.end + 1)
        noteLoss(outcome.end, &opened)
    }

    /// RULES 6: a log that ends below its checkpointed high watermark has lost records, and says so.
    private func noteLoss(_ end: Offset, _ opened: inout OpenedLog) {
        guard end < opened.highWatermark else { return }
        opened.facts.hasLostRecords = true
        opened.report =
            opened.report
            ?? RecoveryReport(
                cutFromOffset: end, cutBytes: 0, why: "the log ends early", lostBelowHighWatermark: true)
        environment.logger.error(
            "records below the high watermark are gone",
            metadata: [
                "partition": "\(log.name)", "log_end": "\(end)", "high_watermark": "\(opened.highWatermark)",
            ]
        )
    }
}
