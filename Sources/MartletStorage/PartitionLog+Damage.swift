internal import CMartletLog
internal import Logging
package import MartletCore
internal import Synchronization

/// Batches at rest that no longer are what was written.
package struct CorruptionReport: Sendable, Equatable {
    package var partition: TopicIDPartition
    package var path: String
    /// Where the damage begins in the file.
    package var position: UInt32
    /// What it covers: up to the next sound batch.
    package var offsets: Range<Offset>
    /// For a person: file, place, offsets and reason.
    package var message: String

    /// The log was cut at `end`, which lies behind where the damage begins.
    mutating func end(by end: Offset) {
        offsets = offsets.lowerBound..<min(offsets.upperBound, end)
    }

    /// What is left when these are sound.
    func without(_ sound: Range<Offset>) -> [CorruptionReport] {
        guard sound.overlaps(offsets) else { return [self] }
        let rests = [
            offsets.lowerBound..<max(offsets.lowerBound, sound.lowerBound),
            min(offsets.upperBound, sound.upperBound)..<offsets.upperBound,
        ]
        return rests.filter { !$0.isEmpty }.map { rest in
            var report = self
            report.offsets = rest
            return report
        }
    }
}

/// What came of a repair.
package enum RepairOutcome: Sendable, Equatable {
    case repaired(batches: Int)
    /// The batches here are other ones, or cannot be told from others: the replica has to be copied again (RULES 17).
    case mustBeCopiedAnew(reason: String)
}

extension PartitionLog {
    /// What is known to be damaged and was not repaired since, by offset.
    package var damages: [CorruptionReport] {
        shared.withLock { $0.damagesHeld.map(\.report) }.sorted { $0.offsets.lowerBound < $1.offsets.lowerBound }
    }

    package var hasDamage: Bool { shared.withLock { !$0.damages.isEmpty && !$0.damagesHeld.isEmpty } }

    /// Checks every batch of the segment that holds `offset`, as far as it is written, and takes note of what is
    /// damaged: for when somebody who was sent it found it so. Blocks, for as long as it takes to read a segment.
    package func check(segmentHolding offset: Offset) {
        let place = shared.withLock { shared -> (info: SegmentInfo, endOffset: Offset)? in
            guard let index = shared.segments.index(holding: offset) else { return nil }
            var info = shared.segments.infos[index]
            info.endPosition = info.currentEnd
            if let next = shared.segments.nextBase(after: index) { return (info, next) }
            // What is being appended is no batch yet.
            if shared.tail.segment == info.number { info.endPosition = shared.tail.position }
            return (info, shared.tail.offset)
        }
        if let place { check(place.info, endOffset: place.endOffset) { _ in true } }
    }

    /// Goes over a whole segment: takes note of what is damaged, and forgets what was, and no longer is. Blocks.
    ///
    /// - Parameter goesOn: called with the bytes read after each MiB; ends the check by false, and so does this.
    @discardableResult
    func check(_ info: SegmentInfo, endOffset: Offset, _ goesOn: (Int) -> Bool) -> Bool {
        guard var check = SegmentCheck(info, endOffset: endOffset, of: self) else { return true }
        let known = shared.withLock { $0.damages.filter { $0.number == info.number }.map(\.report.offsets) }
        var found: [Range<Offset>] = []
        while let step = check.step(bytes: 1 << 20) {
            if let report = step.damage {
                found.append(report.offsets)
                // Of a segment that was cut or replaced meanwhile no note is taken.
                note(report, inSegment: info.number)
            }
            guard goesOn(step.bytes) else { return false }
        }
        let mended = known.filter { offsets in !found.contains { $0.overlaps(offsets) } }
        if mended.isEmpty { return true }
        shared.withLock { $0.damages.removeAll { $0.number == info.number && mended.contains($0.report.offsets) } }
        environment.logger.notice(
            "what was damaged on disk is sound again", metadata: ["partition": "\(name)", "offsets": "\(mended)"])
        keepDamages()
        return true
    }

    /// Takes note of damage, durably: from now on it is not read, and the segment is not compacted. The observer is
    /// told after that: whatever it has others do, no crash makes the log forget why.
    func note(_ report: CorruptionReport, inSegment number: UInt64) {
        let isNew = shared.withLock { shared in
            guard shared.segments.base(ofNumber: number) != nil else { return false }
            let known = shared.damages.filter { $0.number == number && $0.report.offsets.overlaps(report.offsets) }
            if known.contains(where: { $0.report.offsets.contains(report.offsets) }) { return false }
            var report = report
            for (_, part) in known { report.offsets = report.offsets.union(part.offsets) }
            shared.damages.removeAll { $0.number == number && $0.report.offsets.overlaps(report.offsets) }
            shared.damages.append((number, report))
            return true
        }
        guard isNew else { return }
        environment.counters.corruptBatches.wrappingAdd(1, ordering: .relaxed)
        environment.logger.error(
            "damage on disk",
            metadata: [
                "partition": "\(name)", "file": "\(report.path)", "position": "\(report.position)",
                "offsets": "\(report.offsets)", "error": "\(report.message)",
            ])
        keepDamages()
        notifyCorruption(report)
    }

    func isDamaged(_ number: UInt64) -> Bool {
        shared.withLock { shared in shared.damages.contains { $0.number == number } }
    }

    /// Where a read from `offset` has to end, at `limit` at the latest.
    ///
    /// - Throws: `damaged` when it would have to begin with what is damaged.
    func endOfSound(from offset: Offset, _ limit: Offset) throws(StorageError) -> Offset {
        var end = limit
        var hit: CorruptionReport?
        shared.withLock { shared in
            guard !shared.damages.isEmpty else { return }
            for (_, report) in shared.damagesHeld {
                if report.offsets.contains(offset) { hit = report }
                if report.offsets.lowerBound > offset { end = min(end, report.offsets.lowerBound) }
            }
        }
        if let hit, offset < limit { throw StorageError(.damaged, "\(name): \(hit.message)") }
        return end
    }

    // MARK: Repair

    /// Writes batches of another replica over those of the same base offset, last offset, epoch and size, in place,
    /// all of them or none. Durable on return. Blocks.
    ///
    /// A transfer that is under way may send some of the old bytes and some of the new: its reader checks the CRC.
    ///
    /// - Parameters:
    ///   - bytes: whole batches, back to back.
    ///   - start: the other replica has nothing from there to the first of them; nil: nothing is known of what is before.
    /// - Throws: `invalidBatch` when they are damaged themselves; failed writes, which leave the damage where it was.
    package func repair(
        with bytes: UnsafeRawBufferPointer, from start: Offset? = nil
    ) throws(StorageError) -> RepairOutcome {
        try requireOnline()
        let batches = FollowerBatches(bytes, leaderEpoch: .max, log: name)
        if let refused = batches.refused { throw refused }
        return try housekeeping.withLock { (_) throws(StorageError) -> RepairOutcome in
            var rest = bytes
            var covered = start
            defer { keepDamages() }
            for header in batches.headers {
                let batch = UnsafeRawBufferPointer(rebasing: rest[..<header.sizeBytes])
                guard let (segment, position) = try place(ofDamaged: header),
                    try segment.repair(at: position, with: batch)
                else {
                    return .mustBeCopiedAnew(
                        reason: "\(name): the batch at offset \(header.baseOffset) is not the other replica's")
                }
                forgetDamage(min(covered ?? header.baseOffset, header.baseOffset)..<header.nextOffset)
                covered = header.nextOffset
                rest = UnsafeRawBufferPointer(rebasing: rest[header.sizeBytes...])
            }
            environment.logger.notice(
                "repaired batches from another replica",
                metadata: ["partition": "\(name)", "batches": "\(batches.headers.count)"])
            return .repaired(batches: batches.headers.count)
        }
    }

    /// Where the batch has to be: its own header may be what is damaged.
    private func place(ofDamaged header: BatchHeader) throws(StorageError) -> (Segment, UInt32)? {
        guard header.baseOffset < logEndOffset, let place = place(of: header.baseOffset, .max),
            let segment = try openIfHeld(place)
        else { return nil }
        let end = place.info.isSealed ? place.info.endPosition : segment.endPosition
        do throws(StorageError) {
            return try segment.find(header.baseOffset, below: end).map { (segment, $0.position) }
        } catch  where error.code == .corrupt {
            let outcome = segment.verify(from: 0, below: end, atLeastBytes: .max / 2)
            return outcome.failure == nil ? nil : (segment, outcome.stoppedAt)
        }
    }

    /// What is left of a damage around the offsets is still to be repaired.
    private func forgetDamage(_ offsets: Range<Offset>) {
        shared.withLock { shared in
            shared.damages = shared.damages.flatMap { number, report in report.without(offsets).map { (number, $0) } }
        }
    }

    // MARK: Kept over restarts

    static let damageFileName = "damage"

    /// ``writeDamages()``, tried again with the next checkpoint when it fails.
    func keepDamages() {
        do throws(StorageError) {
            try writeDamages()
        } catch {
            environment.logger.error(
                "what is damaged could not be written down; tried again with the next checkpoint",
                metadata: ["partition": "\(name)", "error": "\(error.message)"])
            environment.checkpointSignal.request()
        }
    }

    /// Brings the file `damage` to what is known, when that has changed. Durable on return. Blocks.
    ///
    /// Until a cut is finished the file stands for the log as it was, as the checkpoint does: with `finishingCut` the
    /// files were cut.
    func writeDamages(finishingCut: Bool = false) throws(StorageError) {
        try damageFile.withLock { (onDisk) throws(StorageError) in
            let known = writer.withLock { writer in
                writer.isOpened && (finishingCut || writer.cut == nil) ? shared.withLock { DamageFile($0) } : nil
            }
            guard let known, known != onDisk else { return }
            let path = "\(directory)/\(Self.damageFileName)"
            if known.entries.isEmpty {
                try environment.io.remove(path, sync: true)
            } else {
                try environment.io.writeCheckpoint(path, version: DamageFile.formatVersion, known.encoded())
            }
            onDisk = known
        }
    }
}

extension Range<Offset> {
    fileprivate func union(_ other: Self) -> Self {
        Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
    }
}

extension DamageFile {
    fileprivate init(_ shared: borrowing LogSharedState) {
        for (number, report) in shared.damages {
            guard let base = shared.segments.base(ofNumber: number) else { continue }
            entries.append(
                Entry(segment: base, position: report.position, offsets: report.offsets, message: report.message))
        }
    }

    /// What of it the log still holds, each with its segment's number.
    func reports(of log: PartitionLog, _ opened: borrowing OpenedLog) -> [(number: UInt64, report: CorruptionReport)] {
        entries.compactMap { entry in
            guard let info = opened.segments.infos.first(where: { $0.baseOffset == entry.segment }),
                entry.offsets.lowerBound < opened.tail.offset
            else { return nil }
            let report = CorruptionReport(
                partition: log.id, path: "\(log.directory)/\(SegmentFiles.stem(entry.segment)).log",
                position: entry.position,
                offsets: entry.offsets.lowerBound..<min(entry.offsets.upperBound, opened.tail.offset),
                message: entry.message)
            return (info.number, report)
        }
    }
}
