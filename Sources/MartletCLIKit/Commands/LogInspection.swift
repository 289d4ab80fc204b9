internal import MartletCore
internal import MartletStorage

/// One run of `log inspect`.
struct LogInspection: ~Copyable {
    enum Detail {
        case segments, batches, records
    }

    private let detail: Detail
    private let verifies: Bool
    private let json: Bool
    private var output = StandardOutput()
    private var progress: ProgressLine
    private var problems: [String] = []
    private var records = 0
    private var bytes = 0

    init(detail: Detail, verifies: Bool, json: Bool) {
        self.detail = detail
        self.verifies = verifies
        self.json = json
        progress = ProgressLine(isWanted: detail == .segments || !output.isTerminal)
    }

    /// - Throws: ``CommandFailure/reported`` when something is damaged.
    mutating func run(_ directory: OfflineDirectory) throws {
        let checkpoints = try directory.root.map { try OfflineCheckpoint.read(root: $0) } ?? [:]
        var empty = 0
        for partition in directory.partitions {
            // Of one partition that was asked for, it is the answer that there is nothing in it.
            if !json, directory.partitions.count > 1, partition.segments.isEmpty, partition.leftovers.isEmpty,
                partition.id.flatMap({ checkpoints[$0]?.recoveryPoint }) ?? 0 == 0
            {
                empty += 1
                continue
            }
            try inspect(partition, partition.id.flatMap { checkpoints[$0] }, isWhole: directory.segment == nil)
        }
        if directory.partitions.isEmpty && !json { try output.write("There are no partitions.\n") }
        if empty > 0 {
            try output.write("\(HumanText.plural(empty, "partition")) \(empty == 1 ? "holds" : "hold") no segment.\n")
        }
        progress.clear()
        try output.flush()
        for problem in problems { StandardError.write("damaged: \(problem)\n") }
        if !problems.isEmpty { throw CommandFailure.reported }
        if verifies && !json {
            try StandardOutput.print(
                "\(HumanText.throughput(records: records, bytes: bytes, in: progress.elapsed)): nothing is damaged\n")
        }
    }

    private mutating func inspect(_ partition: OfflinePartition, _ checkpoint: OfflineCheckpoint?, isWhole: Bool) throws
    {
        if !json { try output.write(LogText.heading(partition, checkpoint)) }
        var table = LogText.segmentTable()
        var next: Offset?
        for base in partition.segments {
            if !json && detail != .segments { try output.write("  \(partition.path(base))\n") }
            let findings = try inspect(OfflineSegment(partition, base))
            note(partition, base, findings, previousEnd: next)
            next = findings.nextOffset
            if json {
                if detail != .records { try output.write(LogJSON.segment(partition, base, findings)) }
            } else {
                table.add(LogText.cells(base, findings))
            }
        }
        if isWhole, let checkpoint, (next ?? 0) < checkpoint.recoveryPoint {
            problems.append(
                "\(partition.name) ends at offset \(next ?? 0), though all below \(checkpoint.recoveryPoint) was synced"
            )
        }
        if !json { try output.write(table.isEmpty ? "  no segments\n\n" : table.text + "\n") }
    }

    private mutating func note(
        _ partition: OfflinePartition, _ base: Offset, _ findings: OfflineFindings, previousEnd: Offset?
    ) {
        let path = partition.path(base)
        if let previousEnd, base < previousEnd {
            problems.append("\(path) begins below offset \(previousEnd), where the segment before it ends")
        }
        for damage in findings.damages { problems.append(LogText.sentence(path, damage)) }
    }

    private mutating func inspect(_ segment: OfflineSegment) throws -> OfflineFindings {
        let reader = BatchRecords(segment.partition, json: json)
        var failure: (any Error)?
        let findings = try segment.examine(wholeBatches: verifies || detail == .records) { batch, whole in
            do {
                try take(batch, whole, reader, segment)
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return findings
    }

    private mutating func take(
        _ batch: OfflineBatch, _ whole: UnsafeRawBufferPointer?, _ reader: BatchRecords, _ segment: OfflineSegment
    ) throws {
        records += batch.recordCount
        bytes += batch.sizeBytes
        if detail == .batches || detail == .records && !json {
            try output.write(json ? LogJSON.batch(segment, batch) : LogText.batch(batch))
        }
        if let whole {
            do throws(BatchError) {
                try reader.check(whole)
            } catch {
                problems.append(
                    "\(segment.partition.path(segment.baseOffset)): the batch at byte \(batch.position), offset "
                        + "\(batch.baseOffset), has a good checksum, but: \(error)")
                return
            }
            if detail == .records { try reader.print(whole, to: &output) }
        }
        progress.update(records: records, bytes: bytes)
    }
}
