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
        case waiting(previous: ProducerIdentity?, retryAt: MonotonicTime)
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
    /// The topic of the record before: most programs write to one.
    var lastTopic: ProducerTopic?
    /// Lanes that have something, in the order in which they get their turn.
    var active: [Lane] = []
    var links = LinkTable()
    /// Requests without an answer.
    var openCalls: [BrokerID: Int] = [:]
    var lookups: LookupSchedule
    var identity = Identity.none
    var identityFailures = 0
    var life = Life.open
    var usedBytes = 0
    var spaceWaiters: [Eventual<Void>] = []
    var flushes: [FlushWaiter] = []
    var unreported = UnreportedFailures()
    var drainState = DrainState.idle
    var calls: [UInt64: OpenCall] = [:]
    var nextCall: UInt64 = 0
    let buffers: BufferPool

    init(configuration: ProducerConfiguration, buffers: BufferPool, seed: UInt64) {
        self.configuration = configuration
        self.buffers = buffers
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

    /// The most that a record's own framing takes, headers not counted: lengths, deltas and attributes.
    static let recordOverheadBytes = 32
    static let headerOverheadBytes = 10

    /// Puts a record into its partition's open batch. Constant time, and allocates nothing, as long as there is one
    /// with room.
    mutating func append(
        topic name: String, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [RecordHeader],
        timestamp: TimestampMs, partition: PartitionIndex?, now: () -> MonotonicTime
    ) throws(MartletError) -> Appended {
        guard life == .open else { throw closedError }
        guard let topic = knownTopic(name) else { return .unknownTopic }
        let bytes = Self.charge(key: key, value: value, headers: headers)
        guard usedBytes + bytes <= configuration.bufferBytes else { return .full }
        while true {
            let lane = try topic.lane(key: key, partition: partition, partitioner: configuration.partitioner)
            let batch = lane.open ?? openBatch(lane, now: now())
            switch batch.append(timestamp: timestamp, key: key, value: value, headers: headers, charge: bytes) {
            case .appended(let index, let isFull):
                usedBytes += bytes
                if isFull { sealBatch(of: lane, topic: topic) }
                return .appended(DeliveryHandle(batch: batch, index: index))
            case .full:
                sealBatch(of: lane, topic: topic)
            case .refused(let error):
                if batch.recordCount == 0 { discardOpenBatch(of: lane) }
                throw error
            }
        }
    }

    private mutating func knownTopic(_ name: String) -> ProducerTopic? {
        if let lastTopic, lastTopic.name == name { return lastTopic.partitionCount == 0 ? nil : lastTopic }
        guard let topic = topics[name] else { return nil }
        lastTopic = topic
        return topic.partitionCount == 0 ? nil : topic
    }

    /// What a record takes of the buffer memory.
    static func charge(key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, headers: [RecordHeader]) -> Int {
        var bytes = recordOverheadBytes + (key?.count ?? 0) + (value?.count ?? 0)
        for header in headers { bytes += headerOverheadBytes + header.key.utf8.count + (header.value?.count ?? 0) }
        return bytes
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

    /// The record that it was opened for was refused.
    private mutating func discardOpenBatch(of lane: Lane) {
        if let buffer = lane.discardOpen() { buffers.give(buffer) }
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
