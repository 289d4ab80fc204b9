internal import MartletCore
internal import MartletProtocol

extension ErrorCode {
    /// Whether what this client knows about the partition's leader is out of date.
    var meansStaleMetadata: Bool {
        switch self {
        case .leaderNotAvailable, .notLeaderOrFollower, .fencedLeaderEpoch, .unknownTopicOrPartition, .unknownTopicID,
            .kafkaStorageError, .partitionOffline, .inconsistentTopicID, .leaderChangedAfterAppend:
            true
        default:
            false
        }
    }
}

extension RPCFailure {
    /// Whether the same call may succeed later.
    var isRetriable: Bool {
        if error != .none { return error.isRetriable }
        switch status {
        case .cancelled, .unknown, .deadlineExceeded, .resourceExhausted, .aborted, .internal, .unavailable: return true
        case .ok, .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .failedPrecondition, .outOfRange,
            .unimplemented, .dataLoss, .unauthenticated:
            return false
        }
    }

    /// The same for users of the SDK, with the broker it came from.
    func martletError(broker: String?, topicPartition: TopicPartition? = nil) -> MartletError {
        let code: MartletError.Code
        if status == .unavailable && error == .brokerUnavailable {
            // Said by this side, too, of a broker that it cannot connect to or has lost.
            code = .unreachable
        } else if error != .none {
            code = .refused(error)
        } else {
            switch status {
            case .unavailable, .aborted, .resourceExhausted: code = .unreachable
            case .deadlineExceeded: code = .timedOut
            case .cancelled: code = .cancelled
            case .internal, .unknown: code = .brokerFailed
            case .ok, .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .failedPrecondition, .outOfRange,
                .unimplemented, .dataLoss, .unauthenticated:
                code = .protocolViolation
            }
        }
        return MartletError(code, message, broker: broker, topicPartition: topicPartition)
    }
}
