public import MartletCore

/// Where a record went.
public struct Delivery: Sendable, Hashable {
    public var topicPartition: TopicPartition
    /// The record's offset. Nil when the broker did not tell: with ``Acks/none``, or when a repeated batch was
    /// recognised so late that its place was no longer known.
    public var offset: Offset?
    /// Milliseconds since 1970, set by the broker, where the topic's timestamps are of log-append time; otherwise nil.
    public var logAppendTime: TimestampMs?
}

/// Stands for one record on its way; what a ``Producer``'s `send` and `trySend` return.
///
/// It is a small value and need not be kept: a failure that nobody awaited is thrown by the producer's next `flush()`
/// or `close()`.
public struct DeliveryHandle: Sendable {
    let batch: ProduceBatch
    let index: Int32

    /// Waits until the record is delivered as ``ProducerConfiguration/acks`` says, or has failed for good.
    ///
    /// Cancelling the waiting task ends the wait; the record goes on.
    nonisolated(nonsending) public func delivery() async throws(MartletError) -> Delivery {
        batch.noteAwaited(index)
        switch try await batch.outcome.value() {
        case .success(let place):
            return Delivery(
                topicPartition: batch.topicPartition, offset: place.baseOffset.map { $0 + Int64(index) },
                logAppendTime: place.logAppendTime)
        case .failure(let error):
            throw error
        }
    }

    /// The partition that the record goes to.
    public var topicPartition: TopicPartition { batch.topicPartition }
}
