public import MartletCore

/// What went wrong, in words a person can act on.
///
/// Every error that the SDK throws is one of these. ``message`` names the broker, the topic-partition and what to
/// check; ``code`` is for programs.
public struct MartletError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: Sendable, Hashable {
        /// A broker refused, with this error of the contract.
        case refused(ErrorCode)
        /// An argument or a setting cannot be used; nothing was sent.
        case invalidArgument
        /// No broker could be reached.
        case unreachable
        /// A broker failed over the request for a reason of its own; its log says more.
        case brokerFailed
        /// Nothing answered in time. Whether the request was carried out is not known.
        case timedOut
        /// A record could be neither confirmed nor ruled out before `delivery.timeout`, or it followed such a record in
        /// its partition and was given up to keep the order.
        case unresolved
        /// The record is larger than a batch may be.
        case recordTooLarge
        /// The producer, consumer or admin client is closed.
        case closed
        /// A batch arrived whose bytes are not what its checksum or its header says. It was not delivered.
        case corruptBatch
        /// The position lies outside the partition's log and the reset policy is ``OffsetReset/none``.
        case offsetOutOfRange
        /// The records read so far are not in the partition's log any more: it was cut back after a loss.
        case logTruncated
        /// A commit was not made: the consumer is not, or no longer, the partition's owner in its group.
        case membershipLost
        /// The group has committed nothing in the partition and the reset policy is ``OffsetReset/none``.
        case noCommittedOffset
        /// The peer does not speak the protocol as this client knows it.
        case protocolViolation
        /// The task was cancelled.
        case cancelled
    }

    public var code: Code
    /// One or two sentences for a person, without a full stop at the end.
    public var message: String
    /// The broker concerned, as "host:port", when there is one.
    public var broker: String?
    /// The partition concerned, when there is one.
    public var topicPartition: TopicPartition?
    /// The offset concerned, when there is one.
    public var offset: Offset?

    public init(
        _ code: Code, _ message: String, broker: String? = nil, topicPartition: TopicPartition? = nil,
        offset: Offset? = nil
    ) {
        self.code = code
        self.message = message
        self.broker = broker
        self.topicPartition = topicPartition
        self.offset = offset
    }

    /// Whether the same request may succeed later without anything being changed by a person.
    public var isRetriable: Bool {
        switch code {
        case .refused(let error): error.isRetriable
        case .unreachable, .brokerFailed, .timedOut: true
        case .invalidArgument, .unresolved, .recordTooLarge, .closed, .corruptBatch, .offsetOutOfRange, .logTruncated,
            .membershipLost, .noCommittedOffset, .protocolViolation, .cancelled:
            false
        }
    }

    /// ``message`` with what it concerns in front: "orders-3 at 10.0.0.1:7400: ...".
    public var description: String {
        let place = [topicPartition.map(\.description), broker.map { "broker \($0)" }].compactMap { $0 }
        return place.isEmpty ? message : "\(place.joined(separator: " at ")): \(message)"
    }
}
