internal import ArgumentParser
internal import MartletCore
internal import MartletStorage

struct LogRepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Rebuild indexes of a stopped broker's logs, and cut damaged ones when told.",
        discussion: """
            Without --cut, indexes are rebuilt and it is said what a cut would take away; no record is touched. With \
            --cut, a damaged log is cut behind its last good record, and everything behind that is gone: save what can be \
            read first, with `martlet log inspect PATH --records --json`. Exit code 1 when something stays damaged.
            """)

    @Argument(help: "A data directory, or a topic's or a partition's directory in it.")
    var path: String

    @Flag(name: .long, help: "Cut damaged logs: what lies behind the damage is lost.")
    var cut = false

    func run() async throws {
        do {
            try repair()
        } catch let error as StorageError {
            throw CommandFailure.failed("\(error)")
        }
    }

    private func repair() throws {
        let directory = try OfflineDirectory(path)
        guard directory.segment == nil, let root = directory.root else {
            throw ValidationError("\(path): give a data directory, or a topic's or a partition's directory in one")
        }
        let repair = try OfflineRepair(root: root)
        let checkpoints = try OfflineCheckpoint.read(root: root)
        var isSound = true
        for partition in directory.partitions {
            let synced = partition.id.flatMap { checkpoints[$0]?.recoveryPoint } ?? 0
            isSound = try self.repair(partition, repair, syncedBelow: synced) && isSound
        }
        if !isSound { throw CommandFailure.reported }
    }

    /// False when it stays damaged.
    private func repair(_ partition: OfflinePartition, _ repair: OfflineRepair, syncedBelow: Offset) throws -> Bool {
        for (index, base) in partition.segments.enumerated() {
            let findings = try OfflineSegment(partition, base).examine(wholeBatches: true) { _, _ in true }
            let next = partition.segments.dropFirst(index + 1).first
            if let reason = damage(partition, base, findings, next, syncedBelow) {
                return try treat(partition, base, findings, reason, repair)
            }
            guard findings.index != .sound else { continue }
            try repair.rebuildIndex(partition, base)
            try StandardOutput.print("\(partition.path(base)): rebuilt the index\n")
        }
        return true
    }

    /// Why the log has to end in this segment; nil when it need not.
    private func damage(
        _ partition: OfflinePartition, _ base: Offset, _ findings: OfflineFindings, _ next: Offset?, _ synced: Offset
    ) -> String? {
        if let damage = findings.damages.first { return LogText.sentence(partition.path(base), damage) }
        if let next, next < findings.nextOffset {
            return
                "\(partition.path(base)) ends at offset \(findings.nextOffset), but the next segment begins at \(next)"
        }
        guard next == nil, findings.nextOffset < synced else { return nil }
        return
            "\(partition.path(base)) ends at offset \(findings.nextOffset), though all below \(synced) was synced"
    }

    private func treat(
        _ partition: OfflinePartition, _ base: Offset, _ findings: OfflineFindings, _ reason: String,
        _ repair: OfflineRepair
    ) throws -> Bool {
        let behind = partition.segments.filter { $0 > base }.count
        let loss =
            "\(HumanText.plural(findings.damages.first?.bytes ?? 0, "byte")) of it"
            + (behind > 0 ? " and \(HumanText.plural(behind, "segment")) behind it" : "")
        guard cut else {
            try StandardOutput.print(
                "\(reason)\n  nothing was cut; --cut would end \(partition.name) at offset \(findings.nextOffset) "
                    + "and take away \(loss)\n"
            )
            return false
        }
        try repair.cut(partition, base, findings)
        try StandardOutput.print(
            "\(reason)\n  cut: \(partition.name) now ends at offset \(findings.nextOffset); \(loss) are gone\n")
        return true
    }
}
