// Generated from proto/martlet/v1/errors.proto. Do not edit.

/// Errors of single items and of whole calls. Numbers below 10,000 equal Kafka's where Kafka has the error; ours start at 10,000.
public enum ErrorCode: Int32, Sendable, CaseIterable {
    case none = 0
    case offsetOutOfRange = 1
    case corruptMessage = 2
    case unknownTopicOrPartition = 3
    case leaderNotAvailable = 5
    case notLeaderOrFollower = 6
    case requestTimedOut = 7
    case brokerNotAvailable = 8
    case messageTooLarge = 10
    case invalidTopic = 17
    case notEnoughReplicas = 19
    case notEnoughReplicasAfterAppend = 20
    case invalidRequiredAcks = 21
    case invalidTimestamp = 32
    case topicAlreadyExists = 36
    case invalidPartitions = 37
    case invalidReplicationFactor = 38
    case invalidConfig = 40
    case invalidRequest = 42
    case policyViolation = 44
    case outOfOrderSequenceNumber = 45
    case duplicateSequenceNumber = 46
    case invalidProducerEpoch = 47
    case kafkaStorageError = 56
    case unknownProducerId = 59
    case fencedLeaderEpoch = 74
    case unknownLeaderEpoch = 75
    case unsupportedCompressionType = 76
    case offsetNotAvailable = 78
    case invalidRecord = 87
    case producerFenced = 90
    case unknownTopicId = 100
    case inconsistentTopicId = 103
    case partitionRecovering = 10000
    case partitionOffline = 10001
    case noSpace = 10002
    case limitReached = 10003
    case brokerUnavailable = 10004
}
