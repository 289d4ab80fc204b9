package import MartletCore

/// What the file `offsets` of a data directory says of a partition.
package struct OfflineCheckpoint: Sendable, Equatable {
    package let logStart: Offset
    package let highWatermark: Offset
    /// Everything below was synced.
    package let recoveryPoint: Offset
    /// The log was closed in order there.
    package let isClean: Bool

    /// All partitions that the file knows; empty when there is none. Blocks.
    package static func read(root: String) throws(StorageError) -> [TopicIDPartition: OfflineCheckpoint] {
        guard let checkpoint = try OffsetsCheckpoint.read(root: root) else { return [:] }
        var found: [TopicIDPartition: OfflineCheckpoint] = [:]
        for entry in checkpoint.entries {
            found[entry.id] = OfflineCheckpoint(
                logStart: entry.logStart, highWatermark: entry.highWatermark, recoveryPoint: entry.recoveryPoint,
                isClean: entry.isClean && checkpoint.isClean)
        }
        return found
    }
}

extension OffsetsCheckpoint {
    /// Nil when there is none.
    static func read(root: String) throws(StorageError) -> OffsetsCheckpoint? {
        let path = StoreLayout(root).offsetsPath
        guard
            let (_, content) = try LogIO.system.readCheckpoint(
                path, newest: formatVersion, limitBytes: Checkpointer.sizeLimitBytes)
        else { return nil }
        guard let checkpoint = decode(content) else {
            throw StorageError(.corrupt, "\(path) contradicts itself; a start rebuilds it from the logs")
        }
        return checkpoint
    }

    /// The log of `id` now ends at `mark`: what refers to later places refers to this one. It has to be recovered from
    /// there.
    mutating func cut(_ id: TopicIDPartition, to end: Offset, segment base: Offset, position: UInt32) {
        isClean = false
        for index in entries.indices where entries[index].id == id {
            entries[index].isClean = false
            entries[index].cleanedOffset = min(entries[index].cleanedOffset, end)
            let place = (entries[index].recoverySegment, entries[index].recoveryPosition)
            guard place > (base, position) else { continue }
            entries[index].recoverySegment = base
            entries[index].recoveryPosition = position
            entries[index].recoveryPoint = end
        }
    }
}
