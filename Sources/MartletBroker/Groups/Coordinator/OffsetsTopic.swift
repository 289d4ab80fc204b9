internal import MartletCore

/// The broker's own topic that holds the groups.
enum OffsetsTopic {
    static let name = "__consumer_offsets"
    /// The newest segment is not compacted: this much is read back at a start beside what the groups have.
    static let segmentBytes: Int64 = 64 << 20

    /// How it is created. Its number of partitions is fixed from then on: it decides where a group lives.
    static func new(partitions: Int32) -> NewTopic {
        NewTopic(
            name: name, partitions: partitions,
            settings: [
                "cleanup.policy": "compact", "flush": "batch", "compression.type": "producer",
                "segment.bytes": "\(segmentBytes)", "max.message.bytes": "\(Limits.maxMessageBytesCeiling)",
            ])
    }

    /// The partition that a group lives in, of `count`.
    static func partition(of group: String, count: Int32) -> PartitionIndex {
        var group = group
        return group.withUTF8 { Murmur2.partition(forKey: UnsafeRawBufferPointer($0), count: Int(count)) }
    }

    /// Throws INVALID_GROUP_ID for a name that no group may have.
    static func check(group: String) throws(BrokerError) {
        let count = group.utf8.count
        guard (1...GroupLimits.nameBytes).contains(count) else {
            throw BrokerError(
                .invalidGroupID, "a group's name has 1 to \(GroupLimits.nameBytes) bytes, this one has \(count)")
        }
        for scalar in group.unicodeScalars where scalar.properties.generalCategory == .control || scalar == "\u{fffd}" {
            throw BrokerError(.invalidGroupID, "a group's name is UTF-8 without control characters")
        }
    }
}
