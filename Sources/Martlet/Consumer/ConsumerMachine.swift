internal import MartletCore
internal import MartletProtocol

/// Decides everything that a consumer does: what to fetch from whom, what to hand out next, what follows from each
/// answer. Takes events and the time, returns what is to be done. No I/O and no clock. Lives in the consumer's mutex.
struct ConsumerMachine: ~Copyable {
    /// Fetches to one broker that may be unanswered at a time. More than one, so that a partition whose records were
    /// just taken does not wait behind a long poll for quiet ones.
    static let fetchesPerBrokerMax = 8

    let configuration: ConsumerConfiguration
    var random: RandomSource
    var cursors: [TopicPartition: Cursor] = [:]
    /// All assigned partitions, in the order in which they get their turn.
    var turns: [TopicPartition] = []
    var topics: [String: TopicImage] = [:]
    var links = LinkTable()
    var lookups: LookupSchedule
    var openFetches: [UInt64: OpenFetch] = [:]
    var openQuestions: [UInt64: OpenQuestion] = [:]
    var nextCall: UInt64 = 0
    var nextGeneration: UInt64 = 1
    /// Arrives when there may be something to hand out.
    var waiter: Eventual<Void>?
    var isStopped = false
    /// A group's coordinator says what is read: partitions of topics that are not there (yet, or any more) are left to
    /// it.
    var isManaged = false
    /// A fetch was not sent for want of buffer memory.
    var isRoomWanted = false
    private var drainIsWanted = false
    private var drainIsTold = false

    /// A partition as it was when something was asked about it.
    struct Asked: Sendable {
        var topicPartition: TopicPartition
        var generation: UInt64
    }

    struct OpenFetch {
        var broker: BrokerID
        var partitions: [Asked]
        /// What its answer may take of the buffer.
        var reservedBytes: Int
    }

    struct OpenQuestion {
        var partitions: [Asked]
    }

    init(configuration: ConsumerConfiguration, seed: UInt64) {
        self.configuration = configuration
        random = RandomSource(seed: seed)
        lookups = LookupSchedule(maxAge: configuration.client.metadataMaxAge, backoff: configuration.client.backoff)
    }

    mutating func wantDrain() {
        if !drainIsTold { drainIsWanted = true }
    }

    /// True once for each time that the loop must be told to call ``drain(now:)``.
    mutating func takeDrainOrder() -> Bool {
        guard drainIsWanted else { return false }
        drainIsWanted = false
        drainIsTold = true
        return true
    }

    mutating func beginDrain() {
        drainIsWanted = false
        drainIsTold = false
    }

    mutating func newGeneration() -> UInt64 {
        nextGeneration += 1
        return nextGeneration
    }

    /// Where every partition stands whose position is known.
    var positions: [TopicPartition: CommittedPosition] {
        cursors.compactMapValues { $0.isKnown ? CommittedPosition(offset: $0.position, leaderEpoch: $0.epoch) : nil }
    }

    /// Records between the positions and the ends of all partitions, as far as known. O(partitions).
    var lag: Int64 {
        cursors.values.reduce(0) { sum, cursor in
            guard cursor.isKnown, let end = cursor.highWatermark else { return sum }
            return sum + max(end - cursor.position, 0)
        }
    }

    /// Whoever waits looks again; to be told at once.
    mutating func takeWaiter() -> Eventual<Void>? {
        defer { waiter = nil }
        return waiter
    }

    /// Whoever waits looks again.
    mutating func wakeWaiter(into work: inout ConsumerWork) {
        guard let waiter else { return }
        self.waiter = nil
        work.wake.append(waiter)
    }
}

// MARK: - What the application does

extension ConsumerMachine {
    /// Begins to read partitions; those that are read already keep their place.
    mutating func add(_ partitions: [TopicPartition], at spec: OffsetSpec) {
        for partition in partitions where cursors[partition] == nil {
            cursors[partition] = Cursor(partition, at: spec, generation: newGeneration())
            turns.append(partition)
        }
        wantDrain()
    }

    /// Begins to read partitions of a group where it left off, or else where the reset policy says. `clock`:
    /// milliseconds since 1970.
    mutating func add(_ begins: [TopicPartition: PartitionBegin], clock: TimestampMs) {
        let spec = configuration.reset.spec(now: clock)
        for (partition, begin) in begins.sorted(by: { $0.key < $1.key }) where cursors[partition] == nil {
            cursors[partition] = Cursor(
                partition, in: begin.topicID, after: begin.committed, else: spec, generation: newGeneration())
            if spec == nil, begin.committed == nil {
                cursors[partition]?.fail(.nothingCommitted(in: configuration.group?.name ?? "", partition))
            }
            turns.append(partition)
        }
        wantDrain()
    }

    /// Stops to read partitions; what is buffered of them is dropped.
    mutating func remove(_ partitions: some Collection<TopicPartition>) {
        for partition in partitions { cursors[partition] = nil }
        turns.removeAll { cursors[$0] == nil }
        let used = Set(turns.map(\.topic))
        topics = topics.filter { used.contains($0.key) }
        wantDrain()
    }

    mutating func seek(_ partition: TopicPartition, to spec: OffsetSpec) throws(MartletError) {
        try requireAssigned(partition)
        let generation = newGeneration()
        cursors[partition]?.seek(to: spec, generation: generation)
        wantDrain()
    }

    /// The application did not get all of the batch that it took last: it ended early.
    mutating func rewind(_ partition: TopicPartition, to offset: Offset) {
        let generation = newGeneration()
        cursors[partition]?.rewind(to: offset, generation: generation)
        wantDrain()
    }

    /// A batch from `offset` on must not be handed out: it is asked for again, and the broker is told why.
    mutating func refuseDamaged(_ partition: TopicPartition, at offset: Offset) {
        rewind(partition, to: offset)
        cursors[partition]?.noteDamage()
    }

    mutating func setPaused(_ isPaused: Bool, _ partitions: [TopicPartition]) throws(MartletError) {
        for partition in partitions { try requireAssigned(partition) }
        for partition in partitions { cursors[partition]?.isPaused = isPaused }
        wantDrain()
    }

    func requireAssigned(_ partition: TopicPartition) throws(MartletError) {
        guard cursors[partition] != nil else {
            throw MartletError(
                .invalidArgument, "the partition is not assigned to this consumer", topicPartition: partition)
        }
    }

    enum Step: Sendable {
        case batch(FetchedChunk.Batch, TopicPartition, from: Offset, highWatermark: Offset)
        case failed(MartletError)
        case stopped
        case wait(Eventual<Void>)
    }

    /// The next batch in turn: partitions that have something are served one answer after the other.
    mutating func takeNext() -> Step {
        if isStopped { return .stopped }
        for index in turns.indices {
            let partition = turns[index]
            guard var cursor = cursors[partition], cursor.hasSomething else { continue }
            let wasFull = isFull(cursor)
            let taken = cursor.take()
            let failure = taken == nil ? cursor.takeFailure() : nil
            cursors[partition] = cursor
            if wasFull && !isFull(cursor) || isRoomWanted || failure != nil { wantDrain() }
            // To the end of the line once nothing is buffered: a busy partition does not starve the others.
            if cursor.chunks.isEmpty { turns.append(turns.remove(at: index)) }
            if let taken {
                return .batch(
                    taken.batch, partition, from: taken.from,
                    highWatermark: max(cursor.highWatermark ?? 0, taken.batch.header.nextOffset))
            }
            if let failure { return .failed(failure) }
            return takeNext()
        }
        return .wait(newWaiter())
    }

    /// Arrives when there may be something to hand out, or somebody else wakes whoever waits.
    mutating func newWaiter() -> Eventual<Void> {
        let waiter = waiter ?? Eventual()
        self.waiter = waiter
        return waiter
    }

    /// Whether enough is buffered of a partition.
    func isFull(_ cursor: Cursor) -> Bool {
        cursor.bufferedBytes >= 2 * configuration.maxPartitionBytes
    }

    mutating func stop() -> Eventual<Void>? {
        isStopped = true
        wantDrain()
        return takeWaiter()
    }
}

extension MartletError {
    /// Where to begin is the application's to say.
    static func nothingCommitted(in group: String, _ partition: TopicPartition) -> MartletError {
        MartletError(
            .noCommittedOffset,
            "group \(group) has committed nothing in this partition, and the reset policy is none. Seek to where it is to "
                + "be read from, or set a reset policy",
            topicPartition: partition)
    }
}
