internal import MartletCore

/// What a replica is to its partition, on this broker, now.
enum PartitionRole {
    /// Appends and answers, at this epoch and no other.
    case leader(LeaderEpoch)
    /// Answers everything with this error: another broker leads, or the log is being recovered, or it failed, or the
    /// topic is gone.
    case unavailable(BrokerError)
}
