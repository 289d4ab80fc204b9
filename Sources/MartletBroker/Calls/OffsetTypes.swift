package import MartletCore

/// Which offset is asked for.
package enum OffsetSpec: Sendable, Equatable {
    case earliest
    /// The high watermark.
    case latest
    /// The first record at or after this time.
    case timestamp(TimestampMs)
}

package struct ListOffsetsItem: Sendable, Equatable {
    package var topicID: TopicID
    package var partition: PartitionIndex
    /// As the client knows it; -1: any.
    package var leaderEpoch: LeaderEpoch
    package var spec: OffsetSpec

    package init(topicID: TopicID, partition: PartitionIndex, leaderEpoch: LeaderEpoch, spec: OffsetSpec) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.spec = spec
    }
}

package struct ListedOffset: Sendable, Equatable {
    /// -1: no such record.
    package var offset: Offset
    /// Of the record found; -1: not asked for, or none.
    package var timestamp: TimestampMs
    package var leaderEpoch: LeaderEpoch

    package init(offset: Offset, timestamp: TimestampMs, leaderEpoch: LeaderEpoch) {
        self.offset = offset
        self.timestamp = timestamp
        self.leaderEpoch = leaderEpoch
    }
}

package struct DeleteRecordsItem: Sendable, Equatable {
    package var topicID: TopicID
    package var partition: PartitionIndex
    /// The first offset to keep; -1: the high watermark.
    package var before: Offset

    package init(topicID: TopicID, partition: PartitionIndex, before: Offset) {
        self.topicID = topicID
        self.partition = partition
        self.before = before
    }
}
