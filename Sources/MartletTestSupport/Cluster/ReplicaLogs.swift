package import MartletCore
internal import MartletStorage

/// What the replicas of a cluster have on disk, byte for byte, read while no broker runs on them.
package struct ReplicaLogs: Sendable {
    /// A batch, by everything that must be the same wherever it lies.
    private struct Batch: Hashable {
        var lastOffset: Offset
        var sizeBytes: Int
        /// Covers the records and the producer's fields, not offset and epoch.
        var checksum: [UInt8]
    }

    private struct Place: Hashable {
        var partition: TopicIDPartition
        var epoch: LeaderEpoch
        var offset: Offset
    }

    private struct Copy {
        var broker: BrokerID
        var batch: Batch
    }

    private var copies: [Place: [Copy]] = [:]
    private var ends: [TopicIDPartition: [BrokerID: Offset]] = [:]
    private var topics: [TopicID: String] = [:]
    /// Bad checksums, batches out of order, leftovers.
    private var damages: [String] = []
    package private(set) var batchCount = 0

    package init() {}

    /// Takes in all of a broker's replicas. Blocks.
    package mutating func read(_ broker: BrokerID, dataDirectory: String) throws {
        for partition in try OfflineDirectory(dataDirectory).partitions {
            guard let id = partition.id else { continue }
            topics[id.topicID] = partition.topic
            ends[id, default: [:]][broker] = 0
            for base in partition.segments {
                let findings = try OfflineSegment(partition, base).examine(wholeBatches: true) { batch, bytes in
                    guard let bytes else { return true }
                    let place = Place(partition: id, epoch: batch.leaderEpoch, offset: batch.baseOffset)
                    let content = Batch(
                        lastOffset: batch.lastOffset, sizeBytes: batch.sizeBytes, checksum: Array(bytes[17..<21]))
                    copies[place, default: []].append(Copy(broker: broker, batch: content))
                    batchCount += 1
                    return true
                }
                ends[id, default: [:]][broker] = findings.nextOffset
                for damage in findings.damages where damage.bytes > 0 {
                    damages.append("broker \(broker), \(partition.name), offset \(damage.offset): \(damage.reason)")
                }
            }
        }
    }

    /// What is wrong with them, in words; empty when every copy of a partition is the same.
    ///
    /// Two contents under one (partition, epoch, offset) are wrong whatever happened (RULES 1). Different ends, or one copy that
    /// lacks what another has, are wrong once all replicas had caught up.
    package func disagreements() -> [String] {
        var found = damages
        for (place, copies) in copies {
            let name = "\(topics[place.partition.topicID] ?? "?")-\(place.partition.partition)"
            if Set(copies.map(\.batch)).count > 1 {
                found.append("\(name), epoch \(place.epoch), offset \(place.offset): two batches of that name")
            }
            let holders = Set(copies.map(\.broker))
            let replicas = Set(ends[place.partition]?.keys.map { $0 } ?? [])
            if holders != replicas {
                found.append(
                    "\(name), epoch \(place.epoch), offset \(place.offset): only on \(holders.sorted()) of \(replicas.sorted())"
                )
            }
        }
        for (partition, ends) in ends where Set(ends.values).count > 1 {
            found.append("\(topics[partition.topicID] ?? "?")-\(partition.partition): ends \(ends)")
        }
        return found.sorted()
    }
}
