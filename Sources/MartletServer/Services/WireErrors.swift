internal import MartletBroker
internal import MartletCore
internal import MartletProtocol

// The one place where the broker's errors become the wire's: a number, a sentence, and who leads instead.

extension MartletProtocol.LeaderHint {
    init?(_ hint: MartletBroker.LeaderHint?) {
        guard let hint else { return nil }
        self.init(brokerID: hint.brokerID, leaderEpoch: hint.leaderEpoch)
    }
}

extension RPCFailure {
    /// For calls that fail as a whole.
    init(_ error: BrokerError) {
        self.init(Self.status(of: error.code), error: error.code, error.message)
    }

    /// The gRPC status that says most about what a caller can do.
    private static func status(of code: ErrorCode) -> RPCStatus {
        switch code {
        case .none: .ok
        case .brokerUnavailable, .brokerNotAvailable, .leaderNotAvailable, .partitionRecovering, .partitionOffline:
            .unavailable
        case .requestTimedOut: .deadlineExceeded
        case .limitReached, .noSpace, .policyViolation: .resourceExhausted
        case .unknownTopicOrPartition, .unknownTopicID: .notFound
        case .topicAlreadyExists: .alreadyExists
        case .offsetOutOfRange: .outOfRange
        case .corruptMessage: .dataLoss
        case .unknownServerError, .kafkaStorageError: .internal
        default: .invalidArgument
        }
    }
}

/// A request that does not hold together; refused as a whole, before anything of it is done.
struct MalformedRequest: Error {
    var message: String

    var failure: RPCFailure { RPCFailure(.invalidArgument, error: .invalidRequest, message) }
}

extension TopicID {
    /// Sixteen bytes, or a refusal that says whose id it is.
    init(wire bytes: [UInt8], of what: @autoclosure () -> String) throws(MalformedRequest) {
        guard let id = TopicID(bytes: bytes) else {
            throw MalformedRequest(message: "\(what()) has a topic_id of \(bytes.count) bytes; it has to be 16")
        }
        self = id
    }
}

extension String {
    /// A name of the user's choosing as it came. Bytes that are no UTF-8 stay visible as replacement characters and are then refused
    /// by the check of names.
    init(wire bytes: [UInt8]) {
        self.init(decoding: bytes, as: UTF8.self)
    }
}
