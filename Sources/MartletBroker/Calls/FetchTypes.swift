package import MartletCore
package import MartletStorage

/// What a consumer, or a replica, wants to read.
package struct FetchQuery: Sendable {
    /// The run of a broker that fetches for its replicas; nil: a consumer, which sees what is below the high
    /// watermark.
    package var replica: ReplicaIdentity?
    /// Where a consumer is; empty: it reads from leaders only.
    package var rack: String
    /// How long to wait for `minBytes`.
    package var maxWait: Duration
    package var minBytes: Int
    /// Of all partitions together. One batch that is larger is returned nevertheless.
    package var maxBytes: Int
    package var items: [FetchItem]

    package init(
        replica: ReplicaIdentity? = nil, rack: String = "", maxWait: Duration, minBytes: Int, maxBytes: Int,
        items: [FetchItem]
    ) {
        self.replica = replica
        self.rack = rack
        self.maxWait = maxWait
        self.minBytes = minBytes
        self.maxBytes = maxBytes
        self.items = items
    }
}

package struct FetchItem: Sendable, Equatable {
    package var topicID: TopicID
    package var partition: PartitionIndex
    /// As the client knows it; -1: any.
    package var leaderEpoch: LeaderEpoch
    /// The next record wanted.
    package var fetchOffset: Offset
    /// Leader epoch of the last record read; -1: none.
    package var lastFetchedEpoch: LeaderEpoch
    package var maxBytes: Int
    /// Of a replica's own log: where it starts, and what of it is kept. -1 from consumers.
    package var logStartOffset: Offset
    package var durableOffset: Offset
    /// Of a replica's own log; and which of its logs it is, when it has begun anew in this run.
    package var condition: ReplicaCondition
    package var incarnation: Int32
    /// What was sent from `fetchOffset` before came damaged: whoever sent it has to look at its disk.
    package var foundDamage: Bool
    /// Of a replica that consumers read: the high watermark that they know. It does not wait when the leader knows more.
    package var readersSee: Offset?

    package init(
        topicID: TopicID, partition: PartitionIndex, leaderEpoch: LeaderEpoch, fetchOffset: Offset,
        lastFetchedEpoch: LeaderEpoch, maxBytes: Int, logStartOffset: Offset = -1, durableOffset: Offset = -1,
        condition: ReplicaCondition = .sound, incarnation: Int32 = 0, foundDamage: Bool = false,
        readersSee: Offset? = nil
    ) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.fetchOffset = fetchOffset
        self.lastFetchedEpoch = lastFetchedEpoch
        self.maxBytes = maxBytes
        self.logStartOffset = logStartOffset
        self.durableOffset = durableOffset
        self.condition = condition
        self.incarnation = incarnation
        self.foundDamage = foundDamage
        self.readersSee = readersSee
    }

    /// Whether those who read from the replica would see more, were it told `highWatermark`.
    func isOutdated(by highWatermark: Offset) -> Bool {
        readersSee.map { min(highWatermark, fetchOffset) > $0 } ?? false
    }
}

/// Where an epoch ends in this broker's log. To a replica, epoch -1 says that nothing of its log is to be kept, and
/// where the leader's starts.
package struct EpochEnd: Sendable, Equatable {
    package var leaderEpoch: LeaderEpoch
    package var endOffset: Offset

    package init(leaderEpoch: LeaderEpoch, endOffset: Offset) {
        self.leaderEpoch = leaderEpoch
        self.endOffset = endOffset
    }
}

/// What one partition has to say to a fetch.
package struct FetchOutcome: Sendable {
    package enum Content: Sendable {
        /// Whole batches in a segment file, the first of which may begin below the offset wanted.
        case records(LogRead)
        /// Nothing new.
        case nothing
        /// The reader's last epoch does not belong to this log: here is where the logs agree at the latest.
        case diverging(EpochEnd)
        /// This broker's replica is nearer to the reader, and has what it wants.
        case nearer(BrokerID)
        case failure(BrokerError)
    }

    /// Which of the query's items.
    package var index: Int
    /// -1 when it is not known, after an error.
    package var highWatermark: Offset
    package var logStartOffset: Offset
    /// The log was compacted: its batches need not follow each other without gaps.
    package var mayHaveGaps = false
    package var content: Content
}

/// A fetch that waits, for records or for the disk. Used on the event loop of its call.
package struct FetchTicket: Sendable {
    let call: FetchCall

    /// Forgets the fetch; its reply will not run. Does nothing once it was answered.
    package func cancel() {
        call.cancel()
    }
}
