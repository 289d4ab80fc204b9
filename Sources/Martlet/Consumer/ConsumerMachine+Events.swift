internal import MartletCore
internal import MartletProtocol
internal import NIOCore

/// What a fetch brought for one partition.
struct FetchAnswer: Sendable {
    var error: Int32
    var message: String
    var highWatermark: Offset
    var logStart: Offset
    var leader: PartitionImage?
    /// Set when the log does not hold what was read before: the end of what both have.
    var divergesAt: Offset?
    /// Set when a replica in the reader's rack has what is wanted.
    var nearer: BrokerID?
    var bytes: ByteBuffer
}

extension FetchAnswer {
    fileprivate var isRefusal: Bool { error != ErrorCode.none.rawValue || divergesAt != nil }
}

/// What a question for an offset brought.
struct OffsetAnswer: Sendable {
    var error: Int32
    var message: String
    var offset: Offset
    var leader: PartitionImage?
}

extension ConsumerMachine {
    /// Answers by the place of the partition in the request; partitions without news have none. `clock`: milliseconds
    /// since 1970.
    mutating func fetched(
        _ call: UInt64, _ answers: [Int: FetchAnswer], broker: String, now: MonotonicTime, clock: TimestampMs
    ) {
        guard let open = openFetches.removeValue(forKey: call) else { return }
        links.noteAnswer(open.broker)
        for (index, asked) in open.partitions.enumerated() where isCurrent(asked) {
            cursors[asked.topicPartition]?.isFetching = false
            guard let answer = answers[index] else { continue }
            if cursors[asked.topicPartition]?.isRead(from: open.broker) == true, answer.isRefusal {
                // It is behind, or is no follower any more: whatever it is, the leader knows better.
                cursors[asked.topicPartition]?.returnToLeader(now: now)
            } else if let nearer = answer.nearer, nearer != open.broker {
                cursors[asked.topicPartition]?.turn(to: nearer, now: now)
            } else {
                take(answer, for: asked.topicPartition, broker: broker, now: now, clock: clock)
            }
        }
    }

    mutating func fetchFailed(_ call: UInt64, _ failure: RPCFailure, broker: String, now: MonotonicTime) {
        guard let open = openFetches.removeValue(forKey: call) else { return }
        for asked in open.partitions where isCurrent(asked) {
            cursors[asked.topicPartition]?.isFetching = false
            if cursors[asked.topicPartition]?.isRead(from: open.broker) == true {
                cursors[asked.topicPartition]?.returnToLeader(now: now)
                continue
            }
            callFailed(failure.martletError(broker: broker), for: asked.topicPartition, now: now)
        }
    }

    private mutating func take(
        _ answer: FetchAnswer, for partition: TopicPartition, broker: String, now: MonotonicTime, clock: TimestampMs
    ) {
        let position = cursors[partition]?.fetchPosition ?? 0
        if let end = answer.divergesAt {
            cursors[partition]?.forgetEnds()
            cursors[partition]?.fail(
                MartletError(
                    .logTruncated,
                    "the log was cut back to offset \(end) after records up to \(position) were read: they are lost. "
                        + "Seek to go on",
                    broker: broker, topicPartition: partition, offset: end))
        } else if answer.error == ErrorCode.none.rawValue {
            let chunk = FetchedChunk(answer.bytes, broker: broker, topicPartition: partition, position: position)
            cursors[partition]?.fetched(chunk, highWatermark: answer.highWatermark, logStart: answer.logStart)
        } else if answer.error == ErrorCode.offsetOutOfRange.rawValue {
            outOfRange(answer, at: position, for: partition, broker: broker, clock: clock)
        } else {
            refused(answer.error, answer.message, leader: answer.leader, for: partition, broker: broker, now: now)
        }
    }

    private mutating func outOfRange(
        _ answer: FetchAnswer, at position: Offset, for partition: TopicPartition, broker: String, clock: TimestampMs
    ) {
        guard let spec = configuration.reset.spec(now: clock) else {
            cursors[partition]?.fail(
                MartletError(
                    .offsetOutOfRange,
                    "offset \(position) is not in the log, which holds \(answer.logStart) "
                        + "up to but not including \(answer.highWatermark). "
                        + "Seek to one of these, or set a reset policy",
                    broker: broker, topicPartition: partition, offset: position))
            return
        }
        let generation = newGeneration()
        cursors[partition]?.seek(to: spec, generation: generation)
    }
}

// MARK: - Offsets

extension ConsumerMachine {
    mutating func answered(_ call: UInt64, _ answers: [OffsetAnswer], broker: String, now: MonotonicTime) {
        guard let open = openQuestions.removeValue(forKey: call) else { return }
        for (asked, answer) in zip(open.partitions, answers) where isCurrent(asked) {
            if answer.error == ErrorCode.none.rawValue {
                cursors[asked.topicPartition]?.found(answer.offset)
            } else {
                refused(
                    answer.error, answer.message, leader: answer.leader, for: asked.topicPartition, broker: broker,
                    now: now)
            }
        }
    }

    mutating func questionFailed(_ call: UInt64, _ error: MartletError, now: MonotonicTime) {
        guard let open = openQuestions.removeValue(forKey: call) else { return }
        for asked in open.partitions where isCurrent(asked) {
            callFailed(error, for: asked.topicPartition, now: now)
        }
    }
}

// MARK: - Failures

extension ConsumerMachine {
    private func isCurrent(_ asked: Asked) -> Bool {
        cursors[asked.topicPartition]?.generation == asked.generation
    }

    private mutating func refused(
        _ error: Int32, _ message: String, leader: PartitionImage?, for partition: TopicPartition, broker: String,
        now: MonotonicTime
    ) {
        let failure = MartletError(answer: error, message: message, broker: broker, topicPartition: partition)
        // Whether the topic is gone is for the next lookup to say.
        let isStale = ErrorCode(rawValue: error)?.meansStaleMetadata ?? false
        if isStale { lookups.want(partition.topic) }
        if let leader, noteLeader(leader, of: partition) {
            // Whom to ask is known: no reason to wait.
            cursors[partition]?.askAgain()
        } else if failure.isRetriable || isStale {
            retryLater(partition, now: now)
        } else {
            giveUp(partition, failure)
        }
    }

    private mutating func callFailed(_ error: MartletError, for partition: TopicPartition, now: MonotonicTime) {
        if error.isRetriable { retryLater(partition, now: now) } else { giveUp(partition, error) }
    }

    private mutating func retryLater(_ partition: TopicPartition, now: MonotonicTime) {
        guard let cursor = cursors[partition] else { return }
        let delay = configuration.client.backoff.delay(afterFailures: cursor.failures + 1, using: &random)
        cursors[partition]?.notAnswered(retryAt: now + delay)
    }

    /// The application is told; it decides whether to go on.
    private mutating func giveUp(_ partition: TopicPartition, _ error: MartletError) {
        cursors[partition]?.askAgain()
        fail(partition, error)
    }

    /// Takes in what an answer says about the leader, if it is news. True when it is, and there is one.
    private mutating func noteLeader(_ leader: PartitionImage, of partition: TopicPartition) -> Bool {
        let index = Int(partition.partition)
        guard let known = topics[partition.topic], index < known.partitions.count,
            known.partitions[index].leaderEpoch < leader.leaderEpoch
        else { return false }
        topics[partition.topic]?.partitions[index] = leader
        return leader.leader != nil
    }
}

// MARK: - Brokers and topics

extension ConsumerMachine {
    mutating func connected(_ broker: BrokerID) {
        links.connected(broker)
    }

    mutating func disconnected(_ broker: BrokerID, because error: MartletError, now: MonotonicTime) {
        links.disconnected(broker, because: error, now: now, backoff: configuration.client.backoff, using: &random)
        for partition in turns where cursors[partition]?.isRead(from: broker) == true {
            cursors[partition]?.returnToLeader(now: now)
        }
        for (name, topic) in topics where topic.partitions.contains(where: { $0.leader == broker }) {
            lookups.want(name)
        }
    }

    mutating func lookedUp(_ results: [String: TopicLookup], now: MonotonicTime) {
        lookups.answered(now: now)
        for (name, result) in results {
            let affected = turns.filter { $0.topic == name }
            guard !affected.isEmpty else { continue }
            switch result {
            case .success(let image):
                update(image, affected)
            case .failure(let error) where error.isRetriable || isManaged && error.meansNoSuchTopic:
                lookups.want(name)
            case .failure(let error):
                topics[name] = nil
                for partition in affected { fail(partition, error) }
            }
        }
    }

    private mutating func update(_ image: TopicImage, _ affected: [TopicPartition]) {
        topics[image.name] = image
        // The coordinator sees what changed, and says what is to be read instead.
        if isManaged { return }
        for partition in affected where Int(partition.partition) >= image.partitions.count {
            let last = image.partitions.count - 1
            fail(
                partition,
                MartletError(
                    .invalidArgument, "topic \(image.name) has partitions 0 to \(last); there is no such partition"))
        }
        for partition in affected where cursors[partition]?.isStill(in: image.id) == false {
            let generation = newGeneration()
            cursors[partition]?.seek(to: .earliest, generation: generation)
            cursors[partition]?.forgetEnds()
            fail(
                partition,
                MartletError(
                    .refused(.unknownTopicID),
                    "topic \(image.name) was deleted and created again; "
                        + "the consumer goes on at its beginning unless told otherwise"
                ))
        }
    }

    private mutating func fail(_ partition: TopicPartition, _ error: MartletError) {
        var error = error
        error.topicPartition = partition
        cursors[partition]?.fail(error)
    }

    /// No broker could be asked, or the answer is no use.
    mutating func lookupFailed(_ names: [String], _ error: MartletError, now: MonotonicTime) {
        lookups.failed(because: error, now: now, using: &random)
        for name in names {
            if error.isRetriable {
                lookups.want(name)
            } else {
                for partition in turns where partition.topic == name { fail(partition, error) }
            }
        }
    }
}

extension MartletError {
    fileprivate var meansNoSuchTopic: Bool {
        code == .refused(.unknownTopicOrPartition) || code == .refused(.unknownTopicID)
    }
}
