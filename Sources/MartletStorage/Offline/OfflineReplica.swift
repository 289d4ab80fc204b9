package import MartletCore

/// How far a partition's log in the data directory of a stopped broker reaches, and which epochs it has seen.
package struct OfflineReplica: Sendable, Equatable {
    package let id: TopicIDPartition
    /// The topic's name; empty when it cannot be told.
    package let topic: String
    /// The highest leader epoch that the directory has seen, whether anything was appended in it or not; -1: none.
    package let highestEpoch: LeaderEpoch
    /// Of the last good record; -1 for an empty log.
    package let lastEpoch: LeaderEpoch
    /// The offset that follows it.
    package let endOffset: Offset

    /// All logs of the directory. Reads the headers of each log's last segment. Blocks.
    package static func read(root: String) throws(StorageError) -> [OfflineReplica] {
        var entries: [TopicIDPartition: OffsetsEntry] = [:]
        for entry in try OffsetsCheckpoint.read(root: root)?.entries ?? [] { entries[entry.id] = entry }
        var found: [OfflineReplica] = []
        for partition in try OfflineDirectory(root).partitions {
            guard let id = partition.id else { continue }
            found.append(try OfflineReplica(partition, id, entries[id]))
        }
        return found
    }

    private init(
        _ partition: OfflinePartition, _ id: TopicIDPartition, _ entry: OffsetsEntry?
    ) throws(StorageError) {
        self.id = id
        topic = partition.topic
        var end = entry?.recoveryPoint ?? 0
        var last: LeaderEpoch = -1
        // The newest segment may be empty yet: then the one before it has the last record.
        for base in partition.segments.reversed() where last < 0 {
            var history = LeaderEpochHistory()
            let findings = try OfflineSegment(partition, base).examine(wholeBatches: false) { batch, _ in
                history.begin(batch.leaderEpoch, at: batch.baseOffset)
                return true
            }
            if base == partition.segments.last { end = findings.nextOffset }
            // What stands behind damage does not count.
            history.truncate(to: findings.nextOffset)
            last = history.latest?.epoch ?? -1
        }
        lastEpoch = last
        endOffset = end
        highestEpoch = max(entry?.highestEpoch ?? -1, last, try Self.recordedEpoch(partition.directory))
    }

    /// What the log's own file of epochs says.
    private static func recordedEpoch(_ directory: String) throws(StorageError) -> LeaderEpoch {
        let path = "\(directory)/\(PartitionLog.epochsFileName)"
        let newest = EpochsFile.formatVersion
        guard let file = try LogIO.system.readCheckpoint(path, newest: newest, limitBytes: 16 << 20) else { return -1 }
        guard let epochs = EpochsFile.decode(file.content, version: file.version) else {
            throw StorageError(.corrupt, "\(path) contradicts itself; a start rebuilds it from the log")
        }
        return epochs.knownEpoch
    }
}
