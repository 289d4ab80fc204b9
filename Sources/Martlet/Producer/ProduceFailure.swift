internal import MartletCore
internal import MartletProtocol

/// Why a batch was not acknowledged, as far as its partition's ``Lane`` must know.
struct ProduceFailure: Sendable {
    enum Kind: Sendable, Equatable {
        /// No answer, or one that leaves open whether the batch is in the log: to be sent again as it is.
        case unanswered
        /// Not taken or, where it ``mayBeAppended``, not by who leads now; it may be later or elsewhere.
        case notNow
        /// The same, because another broker leads, which is known by now: to be sent there at once.
        case elsewhere
        /// A batch before it is missing.
        case outOfOrder
        /// The broker knows nothing of this producer (any more), or knows a later epoch of it.
        case unknownProducer
        /// Not taken, and never will be.
        case refused
    }

    var kind: Kind
    var error: MartletError
    /// The batch may be in the log, whatever comes after: it does not count as failed, and another attempt at it must be
    /// known as such by its sequence.
    var mayBeAppended = false

    /// Whether the partition's leader may be another than this client thinks.
    var meansStaleMetadata: Bool {
        switch error.code {
        case .refused(let answer): answer.meansStaleMetadata
        default: false
        }
    }

    /// From the answer for one partition. Not for success: `none` and `duplicateSequenceNumber` are.
    init(answer: ErrorCode?, number: Int32, message: String, broker: String, topicPartition: TopicPartition) {
        guard let answer else {
            kind = .unanswered
            mayBeAppended = true
            error = MartletError(
                .protocolViolation,
                "the broker answered with error \(number), which this client does not know: \(message)",
                broker: broker, topicPartition: topicPartition)
            return
        }
        error = MartletError(.refused(answer), message, broker: broker, topicPartition: topicPartition)
        switch answer {
        case .requestTimedOut, .notEnoughReplicasAfterAppend, .kafkaStorageError, .unknownServerError:
            kind = .unanswered
            mayBeAppended = true
        case .leaderChangedAfterAppend:
            kind = .notNow
            mayBeAppended = true
        case .outOfOrderSequenceNumber: kind = .outOfOrder
        case .unknownProducerID, .invalidProducerEpoch, .producerFenced: kind = .unknownProducer
        // Whether the topic is gone is for the next lookup to say.
        default: kind = answer.isRetriable || answer.meansStaleMetadata ? .notNow : .refused
        }
    }

    /// From a call that failed as a whole.
    init(call failure: RPCFailure, broker: String, topicPartition: TopicPartition) {
        kind = failure.isRetriable ? .unanswered : .refused
        mayBeAppended = failure.isRetriable
        error = failure.martletError(broker: broker, topicPartition: topicPartition)
    }
}
