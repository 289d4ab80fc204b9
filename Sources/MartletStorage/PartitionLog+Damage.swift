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
        guard let place, var check = SegmentCheck(place.info, endOffset: place.endOffset, of: self) else { return }
        while let step = check.step(bytes: 1 << 20) {
            if let report = step.damage { note(report, inSegment: place.info.number) }
        }
    }

    /// Takes note of damage: from now on it is not read, and the segment is not compacted.
    func note(_ report: CorruptionReport, inSegment number: UInt64) {
        let isNew = shared.withLock { shared in
            let isHeld = shared.segments.base(ofNumber: number) != nil
            let isKnown = shared.damages.contains { $0.number == number && $0.report.offsets.overlaps(report.offsets) }
            if isHeld && !isKnown { shared.damages.append((number, report)) }
            return isHeld && !isKnown
        }
        guard isNew else { return }
        environment.counters.corruptBatches.wrappingAdd(1, ordering: .relaxed)
        environment.logger.error(
            "damage on disk",
            metadata: [
                "partition": "\(name)", "file": "\(report.path)", "position": "\(report.position)",
                "offsets": "\(report.offsets)", "error": "\(report.message)",
            ])
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
    /// - Parameter bytes: whole batches, back to back.
    /// - Throws: `invalidBatch` when they are damaged themselves; failed writes, which leave the damage where it was.
    package func repair(with bytes: UnsafeRawBufferPointer) throws(StorageError) -> RepairOutcome {
        try requireOnline()
        let batches = FollowerBatches(bytes, leaderEpoch: .max, log: name)
        if let refused = batches.refused { throw refused }
        return try housekeeping.withLock { (_) throws(StorageError) -> RepairOutcome in
            var rest = bytes
            for header in batches.headers {
                let batch = UnsafeRawBufferPointer(rebasing: rest[..<header.sizeBytes])
                guard let (segment, position) = try place(ofDamaged: header),
                    try segment.repair(at: position, with: batch)
                else {
                    return .mustBeCopiedAnew(
                        reason: "\(name): the batch at offset \(header.baseOffset) is not the other replica's")
                }
                forgetDamage(header.baseOffset..<header.nextOffset)
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

    /// What is left of a damage around the offsets is looked for again by the scrub.
    private func forgetDamage(_ offsets: Range<Offset>) {
        shared.withLock { shared in shared.damages.removeAll { $0.report.offsets.overlaps(offsets) } }
    }
}
