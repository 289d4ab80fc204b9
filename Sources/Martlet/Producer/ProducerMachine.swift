internal import MartletCore
internal import MartletProtocol

/// Decides everything that a producer does: which batch a record joins, which batches make a request, what follows
/// from each answer. Takes events and the time, returns what is to be done. No I/O and no clock; its random numbers
/// come from a seed. Lives in the producer's mutex.
struct ProducerMachine: ~Copyable {
    enum Identity: Equatable {
        case none
        case asked(previous: ProducerIdentity?)
        case known(ProducerIdentity)
        /// Asking failed.
        case waiting(previous: ProducerIdentity?, retryAt: MonotonicTime, because: MartletError)
    }

    enum Life: Equatable {
        case open
        /// Takes no records; delivers what it has.
        case closing
        case closed
    }

    let configuration: ProducerConfiguration
    let laneSettings: Lane.Settings
    var random: RandomSource
    var topics: [String: ProducerTopic] = [:]
    /// Lanes that have something, in the order in which they get their turn.
    var active: [Lane] = []
    var links = LinkTable()
    /// Requests without an answer.
    var openCalls: [BrokerID: Int] = [:]
    var lookups: LookupSchedule
    var identity = Identity.none
    var identityFailures = 0
    var life = Life.open
    var spaceWaiters: [Eventual<Void>] = []
    var flushes: [FlushWaiter] = []
    var unreported = UnreportedFailures()
    var drainState = DrainState.idle
    var calls: [UInt64: OpenCall] = [:]
    var nextCall: UInt64 = 0
    let buffers: BufferPool
    /// The open batches, for records.
    let gate: RecordGate

    init(configuration: ProducerConfiguration, buffers: BufferPool, gate: RecordGate, seed: UInt64) {
        self.configuration = configuration
        self.buffers = buffers
        self.gate = gate
        laneSettings = Lane.Settings(
            window: configuration.maxInFlightPerPartition, usesSequences: configuration.usesSequences)
        lookups = LookupSchedule(maxAge: configuration.client.metadataMaxAge, backoff: configuration.client.backoff)
        random = RandomSource(seed: seed)
    }

    /// Whether the event loop is to call ``drain(now:)``.
    enum DrainState {
        case idle
        /// There is something for it to do, which it has not been told.
        case wanted
        case told
    }

    /// Batches sent in one request, while it is unanswered.
    struct OpenCall {
        var broker: BrokerID
        var batches: [ProduceBatch]
    }

    /// Somebody waits until these batches are settled.
    struct FlushWaiter {
        var batches: Set<ObjectIdentifier>
        var done: Eventual<Void>
    }
}

// MARK: - Records

extension ProducerMachine {
    enum Appended {
        case appended(DeliveryHandle)
        /// The buffer memory is used up.
        case full
        /// The topic's partitions are not known.
        case unknownTopic
    }

    /// Puts a record into its partition's open batch, opening one if need be.
    mutating func append(
        _ record: OutgoingRecord, topic name: String, partition: PartitionIndex?, now: MonotonicTime
    ) throws(MartletError) -> Appended {
        guard life == .open else { throw closedError }
        guard let topic = topics[name], topic.partitionCount > 0 else { return .unknownTopic }
        gate.expect(topic)
        let charge = record.charge
        guard gate.reserve(charge) else { return .full }
        do throws(MartletError) {
            return .appended(try append(record, charge: charge, topic: topic, partition: partition, now: now))
        } catch {
            gate.release(charge)
            throw error
        }
    }

    /// The same, its memory being reserved.
    private mutating func append(
        _ record: OutgoingRecord, charge: Int, topic: ProducerTopic, partition: PartitionIndex?, now: MonotonicTime
    ) throws(MartletError) -> DeliveryHandle {
        while true {
            let lane = try topic.lane(key: record.key, partition: partition, partitioner: configuration.partitioner)
            let batch = lane.open ?? openBatch(lane, now: now)
            switch gate.append(record, charge: charge, to: batch) {
            case .appended(let index, let isFull):
                if isFull { sealBatch(of: lane, topic: topic) }
                return DeliveryHandle(batch: batch, index: index)
            case .full:
                sealBatch(of: lane, topic: topic)
            case .refused(let error):
                if let buffer = lane.discardOpenIfEmpty() { buffers.give(buffer) }
                throw error
            }
        }
    }
}

// MARK: - Batches

extension ProducerMachine {
    private mutating func openBatch(_ lane: Lane, now: MonotonicTime) -> ProduceBatch {
        if lane.isIdle { active.append(lane) }
        if lane.queue.isEmpty, lane.inFlight.isEmpty { wantDrain() }
        return lane.openBatch(
            at: now, deadline: now + configuration.deliveryTimeout,
            buffer: buffers.take())
    }

    private mutating func sealBatch(of lane: Lane, topic: ProducerTopic) {
        lane.sealOpen()
        if case .sticky = configuration.partitioner.kind { topic.moveOn(from: lane, using: &random) }
        if lane.inFlight.count < laneSettings.window { wantDrain() }
    }

    mutating func wantDrain() {
        if case .idle = drainState { drainState = .wanted }
    }

    /// True once for each time that the loop must be told to call ``drain(now:)``.
    mutating func takeDrainOrder() -> Bool {
        guard case .wanted = drainState else { return false }
        drainState = .told
        return true
    }
}
