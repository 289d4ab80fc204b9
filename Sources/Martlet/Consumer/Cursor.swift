internal import MartletCore

/// One assigned partition: where the application is, how far ahead is fetched, and what is on its way. Pure.
struct Cursor {
    /// How a partition comes to its position.
    enum Place: Equatable {
        /// To be asked for; nobody has asked yet.
        case wanted(OffsetSpec)
        case asked(OffsetSpec)
        /// The application is to say where, after it was told why.
        case open
        case known
    }

    let topicPartition: TopicPartition
    private(set) var place: Place
    /// The next record to hand out. Meaningful once the place is known.
    private(set) var position: Offset = 0
    /// The leader epoch of the record before, -1 when none was read: with it a broker notices that the log was cut
    /// back.
    private(set) var epoch: LeaderEpoch = -1
    /// Where the next fetch begins.
    private(set) var fetchPosition: Offset = 0
    private(set) var fetchEpoch: LeaderEpoch = -1
    /// Raised by every seek: answers to what was asked before it are not used.
    private(set) var generation: UInt64
    private(set) var chunks: [FetchedChunk] = []
    private(set) var bufferedBytes = 0
    var isPaused = false
    var isFetching = false
    /// Told to the application in place of more records, once those before it are taken.
    private(set) var failure: MartletError?
    /// Nothing is asked before that.
    private(set) var retryAt: MonotonicTime?
    private(set) var failures = 0
    private(set) var highWatermark: Offset?
    /// What came last was damaged: the broker is told, and looks at its disk.
    private(set) var foundDamage = false
    /// A replica that is read in the leader's place, by the leader's own word, until that is asked again.
    private var nearer: (broker: BrokerID, until: MonotonicTime)?
    /// A nearer replica was of no use: the leader is read until then.
    private var leaderUntil: MonotonicTime?
    private(set) var logStart: Offset?
    /// What its offsets are offsets of; nil before the topic was first looked up.
    private var topicID: TopicID?

    init(_ topicPartition: TopicPartition, at spec: OffsetSpec, generation: UInt64) {
        self.topicPartition = topicPartition
        self.generation = generation
        place = .wanted(spec)
        if case .offset(let offset) = spec { settle(at: offset) }
    }

    /// One of a group's, which goes on where the group left off.
    ///
    /// - Parameter spec: Where it begins when nothing is committed; nil: the application is told, and says where.
    init(
        _ topicPartition: TopicPartition, in topic: TopicID, after committed: CommittedPosition?,
        else spec: OffsetSpec?,
        generation: UInt64
    ) {
        self.topicPartition = topicPartition
        self.generation = generation
        topicID = topic
        place = spec.map { .wanted($0) } ?? .open
        if let committed {
            settle(at: committed.offset)
            epoch = committed.leaderEpoch
            fetchEpoch = committed.leaderEpoch
        }
    }

    var hasSomething: Bool { !isPaused && (failure != nil || !chunks.isEmpty) }
    var isKnown: Bool { place == .known }

    func mayAsk(now: MonotonicTime) -> Bool {
        failure == nil && (retryAt.map { $0 <= now } ?? true)
    }
}

// MARK: - Positions

extension Cursor {
    /// Whether this is the topic that its position is one in, as far as is known.
    func isIn(_ topic: TopicID) -> Bool { topicID == nil || topicID == topic }

    /// The topic was looked up. False when it is another one than before under the same name: the position means
    /// nothing in it.
    mutating func isStill(in topic: TopicID) -> Bool {
        defer { topicID = topic }
        return topicID == nil || topicID == topic
    }

    mutating func seek(to spec: OffsetSpec, generation: UInt64) {
        restart(generation: generation)
        place = .wanted(spec)
        epoch = -1
        if case .offset(let offset) = spec { settle(at: offset) }
    }

    /// The application did not get all of the batch it took last. What was fetched ahead is dropped.
    mutating func rewind(to offset: Offset, generation: UInt64) {
        restart(generation: generation)
        position = offset
        fetchPosition = offset
        fetchEpoch = epoch
    }

    private mutating func restart(generation: UInt64) {
        self.generation = generation
        chunks = []
        bufferedBytes = 0
        failure = nil
        retryAt = nil
        isFetching = false
    }

    private mutating func settle(at offset: Offset) {
        place = .known
        position = offset
        fetchPosition = offset
        fetchEpoch = -1
    }

    mutating func noteAsked() {
        if case .wanted(let spec) = place { place = .asked(spec) }
    }

    /// The answer to a lookup: -1 when there is no such record.
    mutating func found(_ offset: Offset) {
        guard case .asked = place else { return }
        noteSuccess()
        if offset >= 0 { settle(at: offset) } else { place = .wanted(.latest) }
    }

    /// What was asked was not answered, but may be later.
    mutating func notAnswered(retryAt: MonotonicTime) {
        askAgain()
        failures += 1
        self.retryAt = retryAt
    }

    /// What was asked is asked again.
    mutating func askAgain() {
        if case .asked(let spec) = place { place = .wanted(spec) }
    }
}

// MARK: - Where it is read

extension Cursor {
    /// How long a nearer replica is read before the leader is asked again whether there is one.
    private static let nearerTime = Duration.seconds(300)
    /// How long only the leader is read after a nearer replica could not be.
    private static let leaderTime = Duration.seconds(10)

    /// Whom to read from, and whether to say where the reader is.
    func source(leader: BrokerID, now: MonotonicTime) -> (broker: BrokerID, tellsRack: Bool) {
        if let nearer, now < nearer.until { return (nearer.broker, true) }
        return (leader, leaderUntil.map { $0 <= now } ?? true)
    }

    func isRead(from broker: BrokerID) -> Bool { nearer?.broker == broker }

    mutating func turn(to broker: BrokerID, now: MonotonicTime) {
        noteSuccess()
        nearer = (broker, now + Self.nearerTime)
    }

    mutating func returnToLeader(now: MonotonicTime) {
        nearer = nil
        leaderUntil = now + Self.leaderTime
    }
}

// MARK: - Records

extension Cursor {
    mutating func fetched(_ chunk: FetchedChunk, highWatermark: Offset, logStart: Offset) {
        noteSuccess()
        // What one replica knows to be kept, another may not have heard yet.
        self.highWatermark = max(self.highWatermark ?? 0, highWatermark)
        self.logStart = logStart
        if let end = chunk.end {
            fetchPosition = end.offset
            fetchEpoch = end.epoch
            chunks.append(chunk)
            bufferedBytes += chunk.sizeBytes
        }
        foundDamage = chunk.failure != nil
        if let failure = chunk.failure { fail(failure) }
    }

    /// A batch that was taken has turned out to be damaged.
    mutating func noteDamage() { foundDamage = true }

    /// The next batch with records that the application has not seen, and where in it to begin.
    mutating func take() -> (batch: FetchedChunk.Batch, from: Offset)? {
        while !chunks.isEmpty {
            guard let batch = chunks[0].takeFirst() else {
                chunks.removeFirst()
                continue
            }
            bufferedBytes -= batch.header.sizeBytes
            if chunks[0].batches.isEmpty { chunks.removeFirst() }
            let from = position
            guard batch.header.nextOffset > from else { continue }
            position = batch.header.nextOffset
            epoch = batch.header.leaderEpoch
            if batch.header.recordCount == 0 || batch.header.isControl { continue }
            return (batch, from)
        }
        return nil
    }

    mutating func fail(_ error: MartletError) {
        failure = error
    }

    /// The log is another one, or was cut.
    mutating func forgetEnds() {
        highWatermark = nil
        logStart = nil
        nearer = nil
    }

    mutating func takeFailure() -> MartletError? {
        guard chunks.isEmpty else { return nil }
        defer { failure = nil }
        return failure
    }

    private mutating func noteSuccess() {
        failures = 0
        retryAt = nil
    }
}
