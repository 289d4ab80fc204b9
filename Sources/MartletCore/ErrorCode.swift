// Written by proto/generate from proto/martlet/v1/errors.proto; edit that instead.

/// What went wrong with a single item or with a whole call. Fields that hold one are declared int32, so that a code
/// that the reader does not know survives. Numbers below 10,000 equal Kafka's where Kafka has the error; ours start at
/// 10,000. Where a comment ends in "Retriable." the same request may succeed later, after a fresh DescribeTopics if the
/// error is about who leads.
public enum ErrorCode: Int32, Sendable, CaseIterable {
    /// No error.
    case none = 0
    /// The broker failed in a way that it did not foresee; its log says more. Also what to take an unknown code for.
    case unknownServerError = -1
    /// The offset asked for is below the log start or above the log end.
    case offsetOutOfRange = 1
    /// A batch fails its CRC, or its lengths and counts contradict each other.
    case corruptMessage = 2
    /// There is no such topic, or it has no such partition.
    case unknownTopicOrPartition = 3
    /// The partition has no leader at present. Retriable.
    case leaderNotAvailable = 5
    /// This broker does not lead the partition; the leader hint may say who does. Retriable.
    case notLeaderOrFollower = 6
    /// The wait ended first. Of a produce: the batch may or may not be kept; send it again with the same sequence.
    /// Retriable.
    case requestTimedOut = 7
    /// The broker that is needed is not up. Retriable.
    case brokerNotAvailable = 8
    /// The broker keeps no copy of the partition.
    case replicaNotAvailable = 9
    /// The batch is larger than the topic's max.message.bytes.
    case messageTooLarge = 10
    /// The metadata of a committed offset is longer than it may be.
    case offsetMetadataTooLarge = 12
    /// The coordinator is reading its groups back from the log. Retriable.
    case coordinatorLoadInProgress = 14
    /// The group's partition of __consumer_offsets cannot be written to, or has no leader. Retriable.
    case coordinatorNotAvailable = 15
    /// This broker does not coordinate the group: find out who does. Retriable.
    case notCoordinator = 16
    /// The topic's name is not allowed, or the topic is internal.
    case invalidTopic = 17
    /// Too few replicas are in sync: nothing was appended. Retriable.
    case notEnoughReplicas = 19
    /// Too few replicas were in sync after the append: the outcome is unknown; send again with the same sequence.
    /// Retriable.
    case notEnoughReplicasAfterAppend = 20
    /// acks is none of -1, 0 and 1.
    case invalidRequiredAcks = 21
    /// The member asks for another assignor than the one that the group's members have.
    case inconsistentGroupProtocol = 23
    /// The group's name is empty, too long, or not printable UTF-8.
    case invalidGroupID = 24
    /// The group has no such member: it left, or was put out. All its partitions are lost; join anew.
    case unknownMemberID = 25
    /// A commit is too large to be kept.
    case invalidCommitOffsetSize = 28
    /// A record's timestamp is too far in the future, or of the wrong type for the topic.
    case invalidTimestamp = 32
    /// Client and broker have no protocol version in common.
    case unsupportedVersion = 35
    /// A topic of this name exists.
    case topicAlreadyExists = 36
    /// The number of partitions is not allowed: below 1, above the limit, or fewer than there are.
    case invalidPartitions = 37
    /// The replication factor is below 1 or above the number of brokers.
    case invalidReplicationFactor = 38
    /// A list of replicas is empty, or names a broker twice or one that does not exist.
    case invalidReplicaAssignment = 39
    /// A setting has no such name, or its value is not allowed.
    case invalidConfig = 40
    /// This broker is not the controller. Retriable.
    case notController = 41
    /// The request contradicts the contract; the message says how.
    case invalidRequest = 42
    /// A rule of this broker forbids it.
    case policyViolation = 44
    /// A producer's sequence does not follow its last batch: one before it is missing.
    case outOfOrderSequenceNumber = 45
    /// The batch was appended before, too long ago to say where. A success to the client.
    case duplicateSequenceNumber = 46
    /// The producer's epoch is older than the newest one seen here.
    case invalidProducerEpoch = 47
    /// Reading or writing the partition's files failed on this broker. Retriable.
    case kafkaStorageError = 56
    /// The broker knows nothing of this producer and its sequence is not 0: raise the epoch and begin at 0.
    case unknownProducerID = 59
    /// The partition's replicas are moving already.
    case reassignmentInProgress = 60
    /// The group has members, and this is for groups without.
    case nonEmptyGroup = 68
    /// There is no such group.
    case groupIDNotFound = 69
    /// The request's leader epoch is older than the partition's; the leader hint has the current one. Retriable.
    case fencedLeaderEpoch = 74
    /// The request's leader epoch is newer than the broker knows. Retriable.
    case unknownLeaderEpoch = 75
    /// The batch is compressed in a way that this broker does not take.
    case unsupportedCompressionType = 76
    /// The broker that asks has started again since, or was never registered with this start epoch.
    case staleBrokerEpoch = 77
    /// A new leader does not know the high watermark yet. Retriable.
    case offsetNotAvailable = 78
    /// The preferred leader is not up, or not in sync. Retriable.
    case preferredLeaderNotAvailable = 80
    /// The group has as many members as it may have.
    case groupMaxSizeReached = 81
    /// Another process has taken the place of this instance id.
    case fencedInstanceID = 82
    /// No replica that could lead is up. Retriable.
    case eligibleLeadersNotAvailable = 83
    /// The partition is led as it should be.
    case electionNotNeeded = 84
    /// The partition's replicas are not moving.
    case noReassignmentInProgress = 85
    /// A batch breaks a rule of its topic or of this broker, such as a record without key in a compacted topic.
    case invalidRecord = 87
    /// Another instance has taken this producer's place.
    case producerFenced = 90
    /// There is no topic of this id: it was deleted, or this broker has not heard of it yet. Ask for the topic's id by
    /// its name.
    case unknownTopicID = 100
    /// The cluster has no broker of this number.
    case brokerIDNotRegistered = 102
    /// The topic's name and id do not belong together.
    case inconsistentTopicID = 103
    /// The client asked for another cluster.
    case inconsistentClusterID = 104
    /// The member's epoch is not one that the coordinator gave it: all its partitions are lost; join anew.
    case fencedMemberEpoch = 110
    /// There is no assignor of this name.
    case unsupportedAssignor = 112
    /// A commit carries a member epoch from before the partition was assigned to the member.
    case staleMemberEpoch = 113
    /// The pattern of a subscription cannot be used; the message says where and why.
    case invalidRegularExpression = 128
    /// The partition is being recovered after a crash. Retriable.
    case partitionRecovering = 10000
    /// The partition is offline on this broker until it restarts; the message says why.
    case partitionOffline = 10001
    /// The disk is full: reads go on, writes are taken again when there is room. Retriable.
    case noSpace = 10002
    /// A limit of this broker was reached; the message names it.
    case limitReached = 10003
    /// The broker is shutting down or has not finished starting: try another, or again. Retriable.
    case brokerUnavailable = 10004
    /// A later heartbeat of the same member came in the meantime: ignore this answer.
    case heartbeatSuperseded = 10005
    /// A commit for a partition that is not the member's (any more).
    case partitionNotOwned = 10006
    /// A later commit of the same member for the same partition was taken already.
    case staleCommit = 10007
    /// The metadata store cannot be reached: what exists is served, but nothing about topics and brokers can be
    /// changed. Retriable.
    case metadataUnavailable = 10008
    /// The batch was appended, and then its broker lost the leadership, or the proof of it, before the batch was kept
    /// as wanted: the outcome is unknown; send again with the same sequence, to the leader that the hint may name.
    /// Retriable.
    case leaderChangedAfterAppend = 10009

    /// The same request may succeed later.
    public var isRetriable: Bool {
        switch self {
        case .leaderNotAvailable,
            .notLeaderOrFollower,
            .requestTimedOut,
            .brokerNotAvailable,
            .coordinatorLoadInProgress,
            .coordinatorNotAvailable,
            .notCoordinator,
            .notEnoughReplicas,
            .notEnoughReplicasAfterAppend,
            .notController,
            .kafkaStorageError,
            .fencedLeaderEpoch,
            .unknownLeaderEpoch,
            .offsetNotAvailable,
            .preferredLeaderNotAvailable,
            .eligibleLeadersNotAvailable,
            .partitionRecovering,
            .noSpace,
            .brokerUnavailable,
            .metadataUnavailable,
            .leaderChangedAfterAppend:
            true
        default:
            false
        }
    }
}
