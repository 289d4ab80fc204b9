internal import MartletCore

/// One partition's way out of a producer: what is being filled, what waits, what is unanswered, which sequence comes
/// next, and what to do when something goes wrong (RULES 10 and 11). Pure: no clock, no I/O, no randomness. Guarded
/// by the producer's mutex; what records see of it, ``slot`` and the open batch's buffer, by the ``RecordGate``.
///
/// With sequences in use it keeps these, whatever happens: batches are answered for in the order they were opened; a
/// sequence number stands for one batch only; nothing is sent past a batch that failed until the partition has
/// drained; and every batch gets exactly one outcome.
final class Lane {
    struct Settings {
        /// Batches that may be unanswered.
        var window: Int
        var usesSequences: Bool
    }

    /// A batch and what became of it.
    struct Settlement {
        var batch: ProduceBatch
        var outcome: ProduceBatch.Outcome
    }

    enum Phase: Equatable {
        case sending
        /// Nothing is sent before that moment, nor while anything is unanswered.
        case backingOff(until: MonotonicTime)
        /// Nothing is sent until everything is answered. Then an identity is asked for, and what is left goes on
        /// under it, or is given up when there is a reason to.
        case draining(givingUp: MartletError?)
        /// Nothing is unanswered, and nothing is sent before there is an identity of a later generation.
        case needsIdentity(after: Int)
    }

    /// The most times that one batch may make its partition change identity before it fails: a broker that does not
    /// know the producer right after it was told is not going to.
    static let identityChangesMax = 3

    let topicPartition: TopicPartition
    private let settings: Settings
    private let gate: RecordGate

    /// Takes records.
    private(set) var open: ProduceBatch? {
        didSet {
            let batch = open
            gate.withRecordsHeld {
                slot.pointee = TopicRoute.Slot(
                    batch: batch.map(Unmanaged.passUnretained), filling: batch?.buffer?.filling)
            }
        }
    }
    /// ``open`` once more, for records.
    let slot: UnsafeMutablePointer<TopicRoute.Slot>
    /// Full or flushed, or come back from a failed attempt; in order.
    private(set) var queue: [ProduceBatch] = []
    /// Sent and unanswered, in order.
    private(set) var inFlight: [ProduceBatch] = []
    private(set) var phase = Phase.sending
    private(set) var identity: ProducerIdentity?
    /// The broker that has what is in flight.
    private(set) var destination: BrokerID?
    /// Failures since the last success.
    private(set) var failures = 0
    /// What is in flight together fails together, and is one failure.
    private var isFailureKnown = false
    private var nextSequence: Int32 = 0
    private var nextOrdinal: UInt64 = 0

    init(topicPartition: TopicPartition, settings: Settings, gate: RecordGate) {
        self.topicPartition = topicPartition
        self.settings = settings
        self.gate = gate
        slot = .allocate(capacity: 1)
        slot.initialize(to: TopicRoute.Slot())
    }

    deinit {
        slot.deallocate()
    }

    var isIdle: Bool { open == nil && queue.isEmpty && inFlight.isEmpty }

    /// Every batch without an outcome.
    var unsettled: [ProduceBatch] { inFlight + queue + (open.map { [$0] } ?? []) }

    /// The generation that an identity must be past for this lane to go on; nil when it does not wait for one.
    var awaitedGeneration: Int? {
        guard settings.usesSequences, !(queue.isEmpty && open == nil) else { return nil }
        if case .needsIdentity(let generation) = phase { return generation }
        return identity == nil ? 0 : nil
    }
}

// MARK: - Filling

extension Lane {
    /// Begins a batch. There must be none open.
    func openBatch(at now: MonotonicTime, deadline: MonotonicTime, buffer: BatchBuffer?) -> ProduceBatch {
        precondition(open == nil, "\(topicPartition) has an open batch already")
        let batch = ProduceBatch(
            topicPartition: topicPartition, ordinal: nextOrdinal, openedAt: now, deadline: deadline, buffer: buffer)
        nextOrdinal += 1
        open = batch
        return batch
    }

    /// Drops the open batch if it has no record yet. Returns its buffer.
    func discardOpenIfEmpty() -> BatchBuffer? {
        guard let batch = open else { return nil }
        // Closed first: until then other threads may be putting records into it.
        open = nil
        guard batch.recordCount == 0 else {
            open = batch
            return nil
        }
        return batch.buffer
    }

    /// Moves the open batch to the queue; it takes no more records.
    func sealOpen() {
        guard let batch = open else { return }
        open = nil
        batch.sizeBytes = batch.buffer?.sizeBytes ?? batch.sizeBytes
        queue.append(batch)
    }
}

// MARK: - Sending

extension Lane {
    /// The next batch to send to `leader`, now unanswered, or nil. An open batch goes out only when nothing else of
    /// the partition is on its way, and `linger` has passed since it was opened.
    func takeNext(
        for leader: BrokerID, identity current: ProducerIdentity?, linger: Duration, sizeLimit: Int, now: MonotonicTime
    ) -> ProduceBatch? {
        guard maySend(to: leader, now: now) else { return nil }
        if queue.isEmpty, inFlight.isEmpty, let open, now >= open.openedAt + linger { sealOpen() }
        guard let batch = queue.first, batch.sizeBytes <= sizeLimit else { return nil }
        guard settings.usesSequences == false || assignSequence(to: batch, current: current) else { return nil }
        queue.removeFirst()
        phase = .sending
        isFailureKnown = false
        destination = leader
        inFlight.append(batch)
        return batch
    }

    private func maySend(to leader: BrokerID, now: MonotonicTime) -> Bool {
        guard inFlight.count < settings.window, inFlight.isEmpty || destination == leader else { return false }
        switch phase {
        case .sending: return true
        case .backingOff(let until): return inFlight.isEmpty && now >= until
        case .draining: return false
        case .needsIdentity: return true
        }
    }

    /// False while there is no identity to send under.
    private func assignSequence(to batch: ProduceBatch, current: ProducerIdentity?) -> Bool {
        if let awaited = awaitedGeneration {
            guard let current, current.generation > awaited else { return false }
            identity = current
            nextSequence = 0
        }
        guard batch.identity == nil else { return true }
        batch.identity = identity
        batch.baseSequence = nextSequence
        nextSequence = Sequence32.advance(nextSequence, by: batch.recordCount)
        return true
    }

    /// Tells the moments at which time alone may change what this lane does.
    func eachMoment(linger: Duration, _ body: (MonotonicTime) -> Void) {
        if let first = queue.first ?? open, first.identity == nil || inFlight.isEmpty { body(first.deadline) }
        guard inFlight.isEmpty else { return }
        if case .backingOff(let until) = phase { body(until) }
        if queue.isEmpty, let open { body(open.openedAt + linger) }
    }
}

// MARK: - Answers

extension Lane {
    /// The broker has the batch, as the acks setting says.
    func accepted(_ batch: ProduceBatch, at place: ProduceBatch.Place) -> [Settlement] {
        guard removeFromFlight(batch) else { return [] }
        failures = 0
        return [Settlement(batch: batch, outcome: .success(place))] + afterAnswer()
    }

    /// The broker did not take the batch, or nobody knows. `delay` tells how long to wait after how many failures in
    /// a row.
    func failed(
        _ batch: ProduceBatch, _ failure: ProduceFailure, now: MonotonicTime, delay: (Int) -> Duration
    ) -> [Settlement] {
        guard removeFromFlight(batch) else { return [] }
        batch.lastError = failure.error
        if failure.mayBeAppended { batch.mayBeAppended = true }
        if case .draining(let givingUp) = phase {
            if let givingUp { return [Settlement(batch: batch, outcome: .failure(givingUp))] + afterAnswer() }
            // It stands behind a batch that the broker does not have, so the broker cannot have it either.
            requeue(batch)
            return afterAnswer()
        }
        return judge(batch, failure, now: now, delay: delay) + afterAnswer()
    }

    private func judge(
        _ batch: ProduceBatch, _ failure: ProduceFailure, now: MonotonicTime, delay: (Int) -> Duration
    ) -> [Settlement] {
        switch failure.kind {
        case .unanswered, .notNow:
            requeue(batch)
            if isFailureKnown { break }
            isFailureKnown = true
            failures += 1
            backOff(until: now + delay(failures))
        case .elsewhere:
            requeue(batch)
            isFailureKnown = true
            backOff(until: now)
        case .outOfOrder where isOldest(batch):
            // All before it was acknowledged, so the broker has lost some of that.
            return [unresolved(batch)]
        case .outOfOrder,
            .unknownProducer where !isOldest(batch),
            .refused where settings.usesSequences && !isOldest(batch):
            // A batch before it failed first: once that is settled, it goes again, and is judged by itself.
            requeue(batch)
            backOff(until: now)
        case .unknownProducer:
            guard batch.identityChanges < Self.identityChangesMax else { return [unresolved(batch)] }
            requeue(batch)
            drain(givingUp: nil)
        case .refused:
            guard settings.usesSequences, !batch.mayBeAppended else { return [unresolved(batch, error: failure.error)] }
            drain(givingUp: nil)
            return [Settlement(batch: batch, outcome: .failure(failure.error))]
        }
        return []
    }

    /// The partition cannot be written to any more (its topic is gone): everything fails with `error` once it is
    /// drained.
    func giveUp(_ error: MartletError) -> [Settlement] {
        guard !isIdle else { return [] }
        drain(givingUp: error)
        return afterAnswer()
    }

    /// Fails what has passed its deadline and is not with a broker at this moment.
    ///
    /// - Parameter obstacle: What kept from being sent what never was.
    func expire(now: MonotonicTime, obstacle: @autoclosure () -> MartletError) -> [Settlement] {
        var settlements: [Settlement] = []
        // A batch that was sent is not judged while one before it may still be answered: what is unanswered could be
        // in the log, and must then not be sent again under another identity.
        while let batch = queue.first, batch.deadline <= now, batch.identity == nil || inFlight.isEmpty {
            queue.removeFirst()
            if batch.mayBeAppended {
                settlements.append(unresolved(batch))
            } else {
                // What was sent and refused left a gap in the sequences.
                if batch.identity != nil { drain(givingUp: nil) }
                settlements.append(Settlement(batch: batch, outcome: .failure(timedOut(batch, obstacle()))))
            }
        }
        if queue.isEmpty, let batch = open, batch.deadline <= now {
            open = nil
            settlements.append(Settlement(batch: batch, outcome: .failure(timedOut(batch, obstacle()))))
        }
        return settlements.isEmpty ? [] : settlements + afterAnswer()
    }

    private func removeFromFlight(_ batch: ProduceBatch) -> Bool {
        guard let index = inFlight.firstIndex(where: { $0 === batch }) else { return false }
        inFlight.remove(at: index)
        return true
    }

    private func requeue(_ batch: ProduceBatch) {
        let index = queue.firstIndex { $0.ordinal > batch.ordinal } ?? queue.endIndex
        queue.insert(batch, at: index)
    }

    private func isOldest(_ batch: ProduceBatch) -> Bool {
        !inFlight.contains { $0.ordinal < batch.ordinal } && !queue.contains { $0.ordinal < batch.ordinal }
    }

    private func backOff(until: MonotonicTime) {
        switch phase {
        case .sending: phase = .backingOff(until: until)
        case .backingOff(let other): phase = .backingOff(until: max(until, other))
        case .draining, .needsIdentity: break
        }
    }

    private func drain(givingUp error: MartletError?) {
        guard settings.usesSequences || error != nil else { return }
        if case .draining(.some) = phase { return }
        phase = .draining(givingUp: error)
    }

    /// The batch ends without anybody knowing whether it is in the log. What follows is given up, so that no record
    /// arrives that was meant to stand behind it.
    private func unresolved(_ batch: ProduceBatch, error: MartletError? = nil) -> Settlement {
        if settings.usesSequences {
            drain(
                givingUp: MartletError(
                    .unresolved,
                    "a batch before this record's could not be confirmed; the record was given up to keep the order. "
                        + "Sequences begin anew with the next record sent",
                    topicPartition: topicPartition))
        }
        return Settlement(batch: batch, outcome: .failure(error ?? unconfirmed(batch)))
    }

    private func unconfirmed(_ batch: ProduceBatch) -> MartletError {
        let last = batch.lastError
        return MartletError(
            .unresolved,
            "\(batch.recordCount) records could be neither confirmed nor ruled out; "
                + "read the end of the partition to find out. "
                + "Last answer: \(last?.message ?? "none")",
            broker: last?.broker, topicPartition: topicPartition)
    }

    private func timedOut(_ batch: ProduceBatch, _ obstacle: MartletError) -> MartletError {
        MartletError(
            .timedOut,
            "\(batch.recordCount) records were not delivered within \((batch.deadline - batch.openedAt).text); "
                + "they are not in the log. "
                + (batch.lastError.map { "Last answer: \($0.message)" } ?? "They were never sent: \(obstacle.message)"),
            broker: (batch.lastError ?? obstacle).broker, topicPartition: topicPartition)
    }

    /// Ends a drain once nothing is unanswered.
    private func afterAnswer() -> [Settlement] {
        guard inFlight.isEmpty, case .draining(let givingUp) = phase else { return [] }
        var settlements: [Settlement] = []
        if let givingUp {
            sealOpen()
            settlements = queue.map { Settlement(batch: $0, outcome: .failure(givingUp)) }
            queue = []
        }
        for batch in queue where batch.identity != nil {
            batch.identity = nil
            batch.mayBeAppended = false
            batch.identityChanges += 1
        }
        phase = settings.usesSequences ? .needsIdentity(after: identity?.generation ?? 0) : .sending
        return settlements
    }
}

/// Sequence numbers count records and wrap from 2^31 - 1 to 0.
enum Sequence32 {
    static func advance(_ sequence: Int32, by count: Int32) -> Int32 {
        Int32((Int64(sequence) + Int64(count)) & 0x7fff_ffff)
    }
}
