package import MartletCore

/// How far a group has come in one partition.
package struct CommittedOffset: Sendable, Equatable {
    /// The next one to read.
    package var offset: Offset
    /// Of the last record read; -1: unknown.
    package var leaderEpoch: LeaderEpoch
    package var metadata: [UInt8]
    package var commitTime: TimestampMs
    /// What the member sent with it; -1: it came without membership.
    package var memberEpoch: Int32
    package var sequence: Int64

    package init(
        offset: Offset, leaderEpoch: LeaderEpoch = -1, metadata: [UInt8] = [], commitTime: TimestampMs,
        memberEpoch: Int32 = -1, sequence: Int64 = 0
    ) {
        self.offset = offset
        self.leaderEpoch = leaderEpoch
        self.metadata = metadata
        self.commitTime = commitTime
        self.memberEpoch = memberEpoch
        self.sequence = sequence
    }
}

/// The committed offsets of one group: a plain value.
package struct GroupOffsets: Sendable, Equatable {
    /// By topic, so that what goes with a topic is found without looking at the rest. No topic is empty.
    private var topics: [TopicID: [PartitionIndex: CommittedOffset]] = [:]
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { topics.isEmpty }

    package subscript(partition: TopicIDPartition) -> CommittedOffset? {
        topics[partition.topicID]?[partition.partition]
    }

    /// All, sorted.
    package var sorted: [CommittedPartition] {
        partitions { _ in true }.map { CommittedPartition(partition: $0, committed: self[$0]) }
    }

    mutating func set(_ partition: TopicIDPartition, to offset: CommittedOffset) {
        let former = topics[partition.topicID, default: [:]].updateValue(offset, forKey: partition.partition)
        if former == nil { count += 1 }
    }

    mutating func remove(_ partition: TopicIDPartition) {
        guard topics[partition.topicID]?.removeValue(forKey: partition.partition) != nil else { return }
        count -= 1
        if topics[partition.topicID]?.isEmpty == true { topics[partition.topicID] = nil }
    }

    /// Those whose offset is as wanted, sorted.
    private func partitions(where isWanted: (CommittedOffset) -> Bool) -> [TopicIDPartition] {
        topics.flatMap { topic, offsets in
            offsets.filter { isWanted($1) }.keys.map { TopicIDPartition(topicID: topic, partition: $0) }
        }
        .sorted()
    }

    /// Why `item` is refused, whoever sends it; nil: it is not.
    static func refusal(of item: OffsetCommit.Item, topics: TopicCatalog) -> BrokerError? {
        guard item.offset >= 0 else {
            return BrokerError(.offsetOutOfRange, "offset \(item.offset) of \(item.partition) is below 0")
        }
        guard item.metadata.count <= GroupLimits.metadataBytes else {
            return BrokerError(
                .offsetMetadataTooLarge,
                "metadata of \(item.partition) has \(item.metadata.count) bytes; at most \(GroupLimits.metadataBytes)")
        }
        guard let count = topics.partitionCount(of: item.partition.topicID) else {
            return BrokerError(.unknownTopicID, "no topic has the id \(item.partition.topicID)")
        }
        guard item.partition.partition >= 0, item.partition.partition < count else {
            return BrokerError(
                .unknownTopicOrPartition, "there is no \(item.partition): the topic has \(count) partitions")
        }
        return nil
    }

    /// Why a commit of the partition's owner is refused; nil: it is not (RULES 25).
    ///
    /// What an owner sent is told from what its predecessors sent by the epoch, so that the sequences of one need no
    /// memory beside the offsets themselves: a commit kept at or after `assignmentEpoch` is the present owner's. The
    /// same sequence again is a repeat, and taken.
    ///
    /// - Parameter assignmentEpoch: at which the partition was given to the sender.
    func refusal(
        of partition: TopicIDPartition, by sender: OffsetCommit.Sender, assignmentEpoch: Int32
    ) -> BrokerError? {
        guard sender.memberEpoch >= assignmentEpoch else {
            return BrokerError(
                .staleMemberEpoch,
                "\(partition) was assigned at epoch \(assignmentEpoch), after the commit's epoch \(sender.memberEpoch)")
        }
        if let last = self[partition], last.memberEpoch >= assignmentEpoch, last.sequence > sender.sequence {
            return BrokerError(
                .staleCommit,
                "commit \(sender.sequence) of \(partition) comes after commit \(last.sequence), which was kept")
        }
        return nil
    }

    /// What goes at `wallTime` when offsets are kept for `retentionMs` after their commit and after `emptySince`.
    func expired(at wallTime: TimestampMs, emptySince: TimestampMs, retentionMs: Int64) -> [TopicIDPartition] {
        partitions { wallTime - max($0.commitTime, emptySince, 0) >= retentionMs }
    }

    /// What belongs to topics that are not there any more. O(topics) when there is nothing.
    func orphans(in catalog: TopicCatalog) -> [TopicIDPartition] {
        guard topics.keys.contains(where: { catalog.name(of: $0) == nil }) else { return [] }
        return sorted.map(\.partition).filter { catalog.name(of: $0.topicID) == nil }
    }
}
