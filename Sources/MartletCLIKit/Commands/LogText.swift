internal import MartletCore
internal import MartletStorage

/// What `log inspect` and `log repair` print for people.
enum LogText {
    static func heading(_ partition: OfflinePartition, _ checkpoint: OfflineCheckpoint?) -> String {
        var text = "\(partition.name)  \(partition.directory)\n"
        if let checkpoint {
            text +=
                "  at the last checkpoint: log start \(checkpoint.logStart), high watermark "
                + "\(checkpoint.highWatermark), synced below "
                + "\(checkpoint.recoveryPoint)\(checkpoint.isClean ? ", closed in order" : "")\n"
        }
        if !partition.leftovers.isEmpty {
            text += "  left by a compaction: \(partition.leftovers.joined(separator: ", "))\n"
        }
        return text
    }

    static func segmentTable() -> TextTable {
        TextTable([
            .left(" "), .right("BASE OFFSET"), .right("NEXT OFFSET"), .right("BATCHES"), .right("RECORDS"),
            .right("BYTES"),
            .right("FILE BYTES"), .left("LAST TIME"), .left("INDEX"), .left("STATE"),
        ])
    }

    static func cells(_ base: Offset, _ findings: OfflineFindings) -> [String] {
        [
            " ", "\(base)", "\(findings.nextOffset)", "\(findings.batches)", "\(findings.records)", "\(findings.end)",
            "\(findings.fileBytes)", findings.maxTimestamp < 0 ? "" : RFC3339.text(findings.maxTimestamp),
            findings.index == .sound ? "ok" : "to rebuild", findings.damages.isEmpty ? "ok" : "damaged",
        ]
    }

    static func batch(_ batch: OfflineBatch) -> String {
        var text =
            "    byte \(batch.position)  offsets \(batch.baseOffset)-\(batch.lastOffset)  "
            + "\(HumanText.plural(batch.recordCount, "record"))  \(batch.sizeBytes) bytes  epoch \(batch.leaderEpoch)  "
            + "\(RFC3339.text(batch.maxTimestamp))"
        if let compression = batch.compression, compression != .none { text += "  \(compression)" }
        if batch.producerID >= 0 {
            text += "  producer \(batch.producerID)/\(batch.producerEpoch) from sequence \(batch.baseSequence)"
        }
        if batch.isControl { text += "  control" }
        return text + "\n"
    }

    /// Without a full stop.
    static func sentence(_ path: String, _ damage: OfflineFindings.Damage) -> String {
        let place = "\(path) at byte \(damage.position), offset \(damage.offset): \(damage.reason)"
        if let position = damage.validBatchAt {
            return "\(place); \(HumanText.plural(damage.bytes, "byte")) follow, with a valid batch at byte \(position)"
        }
        return
            "\(place); \(HumanText.plural(damage.bytes, "byte")) follow, no valid batch among them, as after a torn write"
    }
}
