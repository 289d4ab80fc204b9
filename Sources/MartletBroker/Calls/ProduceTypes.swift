package import MartletCore

/// What a produce waits for.
package enum Acks: Int32, Sendable, Hashable {
    /// Nothing.
    case none = 0
    /// The leader has it, as the topic's `flush` says.
    case leader = 1
    /// All in-sync replicas have it.
    case all = -1
}

/// One batch of a produce.
package struct ProduceItem: Sendable, Equatable {
    package var topicID: TopicID
    package var partition: PartitionIndex
    /// As the client knows it; -1: any.
    package var leaderEpoch: LeaderEpoch
    /// Where the batch lies: counted from the attachment's reader index, inside its readable bytes.
    package var bytes: Range<Int>

    package init(topicID: TopicID, partition: PartitionIndex, leaderEpoch: LeaderEpoch, bytes: Range<Int>) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.bytes = bytes
    }
}

/// Where a batch went.
package struct AppendedBatch: Sendable, Equatable {
    package var baseOffset: Offset
    /// The time that the records got; nil when they keep their own.
    package var logAppendTime: TimestampMs?
    package var logStartOffset: Offset

    package init(baseOffset: Offset, logAppendTime: TimestampMs?, logStartOffset: Offset) {
        self.baseOffset = baseOffset
        self.logAppendTime = logAppendTime
        self.logStartOffset = logStartOffset
    }
}

package typealias ProduceOutcome = Result<AppendedBatch, BrokerError>
