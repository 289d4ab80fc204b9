import MartletCore
import MartletProtocol

@testable import Martlet

extension MonotonicTime {
    static func ms(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }
}

extension ProduceFailure {
    /// An answer with this error, as a broker would give it.
    static func answer(_ code: ErrorCode) -> ProduceFailure {
        ProduceFailure(
            answer: code, number: code.rawValue, message: "\(code)", broker: "b:1",
            topicPartition: TopicPartition(topic: "t", partition: 0))
    }

    static var lost: ProduceFailure {
        ProduceFailure(
            call: RPCFailure(.unavailable, "connection lost"), broker: "b:1",
            topicPartition: TopicPartition(topic: "t", partition: 0))
    }
}

/// A lane with the few things around it that its scripts need.
final class LaneScript {
    let lane: Lane
    var identity: ProducerIdentity? = ProducerIdentity(id: 7, epoch: 0, generation: 1)
    var now = MonotonicTime.ms(0)
    private(set) var outcomes: [UInt64: ProduceBatch.Outcome] = [:]

    init(window: Int = 5, usesSequences: Bool = true) {
        lane = Lane(
            topicPartition: TopicPartition(topic: "t", partition: 0),
            settings: Lane.Settings(window: window, usesSequences: usesSequences),
            gate: RecordGate(bufferBytes: 1 << 20, partitioning: .sticky))
    }

    @discardableResult
    func fill(records: Int32 = 1, timeout: Duration = .seconds(100), seal: Bool = true) -> ProduceBatch {
        let batch = lane.openBatch(at: now, deadline: now + timeout, buffer: nil)
        batch.recordCount = records
        if seal { lane.sealOpen() }
        return batch
    }

    func take(leader: BrokerID = 0, linger: Duration = .zero) -> ProduceBatch? {
        lane.takeNext(for: leader, identity: identity, linger: linger, sizeLimit: .max, now: now)
    }

    func accept(_ batch: ProduceBatch, at offset: Offset = 0) {
        note(lane.accepted(batch, at: ProduceBatch.Place(baseOffset: offset, logAppendTime: nil)))
    }

    func fail(_ batch: ProduceBatch, _ failure: ProduceFailure) {
        note(lane.failed(batch, failure, now: now) { .milliseconds(10 * $0) })
    }

    func expire() { note(lane.expire(now: now, obstacle: MartletError(.unreachable, "nobody there"))) }

    func giveUp(_ error: MartletError) { note(lane.giveUp(error)) }

    func raiseEpoch() {
        identity = identity.map { ProducerIdentity(id: $0.id, epoch: $0.epoch + 1, generation: $0.generation + 1) }
    }

    func code(_ batch: ProduceBatch) -> MartletError.Code? {
        guard case .failure(let error) = outcomes[batch.ordinal] else { return nil }
        return error.code
    }

    func isDelivered(_ batch: ProduceBatch) -> Bool {
        if case .success = outcomes[batch.ordinal] { return true }
        return false
    }

    private func note(_ settlements: [Lane.Settlement]) {
        for settlement in settlements {
            precondition(
                outcomes[settlement.batch.ordinal] == nil, "batch \(settlement.batch.ordinal) has two outcomes")
            outcomes[settlement.batch.ordinal] = settlement.outcome
        }
    }
}
