package import MartletCore
package import MartletStorage

/// What a consumer wants to read.
package struct FetchQuery: Sendable {
    /// How long to wait for `minBytes`.
    package var maxWait: Duration
    package var minBytes: Int
    /// Of all partitions together. One batch that is larger is returned nevertheless.
    package var maxBytes: Int
    package var items: [FetchItem]

    package init(maxWait: Duration, minBytes: Int, maxBytes: Int, items: [FetchItem]) {
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

    package init(
        topicID: TopicID, partition: PartitionIndex, leaderEpoch: LeaderEpoch, fetchOffset: Offset,
        lastFetchedEpoch: LeaderEpoch, maxBytes: Int
    ) {
        self.topicID = topicID
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.fetchOffset = fetchOffset
        self.lastFetchedEpoch = lastFetchedEpoch
        self.maxBytes = maxBytes
    }
}

/// Where an epoch ends in this broker's log.
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
        case failure(BrokerError)
    }

    /// Which of the query's items.
    package var index: Int
    /// -1 when it is not known, after an error.
    package var highWatermark: Offset
    package var logStartOffset: Offset
    package var content: Content
}

/// A fetch that waits. Used on the event loop of its call.
package struct FetchTicket: Sendable {
    let call: FetchCall

    /// Forgets the fetch; its reply will not run. Does nothing once it was answered.
    package func cancel() {
        call.cancel()
    }
}
