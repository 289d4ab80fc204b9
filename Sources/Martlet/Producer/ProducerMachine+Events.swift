internal import MartletCore
internal import MartletProtocol

/// What came back for one batch.
enum ProduceAnswer: Sendable {
    case accepted(ProduceBatch.Place)
    /// `leader`: whom the broker says to ask, when it says so.
    case failed(ProduceFailure, leader: PartitionImage?)
}

// MARK: - Answers to produce requests

extension ProducerMachine {
    /// The answers to a call, in the order of its items. Call ``drain(now:)`` next.
    mutating func answered(_ call: UInt64, _ answers: [ProduceAnswer], now: MonotonicTime) -> [Lane.Settlement] {
        guard let open = calls.removeValue(forKey: call) else { return [] }
        openCalls[open.broker, default: 0] -= 1
        links.noteAnswer(open.broker)
        return zip(open.batches, answers).flatMap { batch, answer in
            settleAnswer(answer, for: batch, now: now)
        }
    }

    /// The call failed as a whole: the connection broke, nothing came in time, or it was refused.
    mutating func failed(_ call: UInt64, _ failure: RPCFailure, broker: String, now: MonotonicTime) -> [Lane.Settlement]
    {
        guard let open = calls.removeValue(forKey: call) else { return [] }
        openCalls[open.broker, default: 0] -= 1
        return open.batches.flatMap { batch in
            let failure = ProduceFailure(call: failure, broker: broker, topicPartition: batch.topicPartition)
            return settleAnswer(.failed(failure, leader: nil), for: batch, now: now)
        }
    }

    private mutating func settleAnswer(
        _ answer: ProduceAnswer, for batch: ProduceBatch, now: MonotonicTime
    ) -> [Lane.Settlement] {
        guard let topic = topics[batch.topicPartition.topic] else { return [] }
        let lane = topic.lanes[Int(batch.topicPartition.partition)]
        switch answer {
        case .accepted(let place):
            return lane.accepted(batch, at: place)
        case .failed(var failure, let leader):
            let isNews = leader.map { topic.noteLeader($0, of: batch.topicPartition.partition) } ?? false
            if isNews, failure.kind == .notNow, leader?.leader != nil { failure.kind = .elsewhere }
            if failure.meansStaleMetadata { lookups.want(topic.name) }
            var random = random
            defer { self.random = random }
            return lane.failed(batch, failure, now: now) { failures in
                configuration.client.backoff.delay(afterFailures: failures, using: &random)
            }
        }
    }
}

// MARK: - Connections

extension ProducerMachine {
    mutating func connected(_ broker: BrokerID) {
        links.connected(broker)
    }

    /// It could not be reached, or the connection to it is gone. Its calls fail by themselves.
    mutating func disconnected(_ broker: BrokerID, because error: MartletError, now: MonotonicTime) {
        links.disconnected(
            broker, because: error, now: now, backoff: configuration.client.backoff, using: &random)
        // It may have lost its leaderships, or moved to another address.
        for (name, topic) in topics where topic.image?.partitions.contains(where: { $0.leader == broker }) == true {
            lookups.want(name)
        }
    }
}

// MARK: - Topics

extension ProducerMachine {
    /// Begins to use a topic, if it is new. The result arrives when a broker has told about it.
    mutating func ask(
        about name: String, now: MonotonicTime
    ) throws(MartletError) -> Eventual<Result<Void, MartletError>> {
        guard life == .open else { throw closedError }
        if let topic = topics[name] { return topic.lookup }
        let topic = ProducerTopic(
            name: name, gate: gate, lookupDeadline: now + configuration.client.operationTimeout, first: random.next())
        topics[name] = topic
        lookups.want(name)
        wantDrain()
        return topic.lookup
    }

    mutating func lookedUp(_ results: [String: TopicLookup], now: MonotonicTime, into work: inout ProducerWork) {
        lookups.answered(now: now)
        for (name, result) in results {
            guard let topic = topics[name] else { continue }
            switch result {
            case .success(let image):
                settle(topic.update(image, settings: laneSettings), into: &work)
                work.lookedUp.append((topic.lookup, .success(())))
            case .failure(let error):
                if error.isRetriable {
                    lookups.want(name)
                } else {
                    forget(topic, error, into: &work)
                }
            }
        }
    }

    /// No broker could be asked, or the answer is no use: then nothing about these topics will be.
    mutating func lookupFailed(
        _ names: [String], _ error: MartletError, now: MonotonicTime, into work: inout ProducerWork
    ) {
        lookups.failed(because: error, now: now, using: &random)
        if error.isRetriable {
            for name in names { lookups.want(name) }
        } else {
            for topic in names.compactMap({ topics[$0] }) { forget(topic, error, into: &work) }
        }
    }

    /// The topic cannot be used; its records fail. The next record to it asks anew.
    mutating func forget(_ topic: ProducerTopic, _ error: MartletError, into work: inout ProducerWork) {
        settle(topic.giveUp(error), into: &work)
        work.lookedUp.append((topic.lookup, .failure(error)))
        if topic.lanes.allSatisfy(\.isIdle) {
            topics[topic.name] = nil
            gate.expectNothing()
        } else {
            topic.askAnew(deadline: topic.lookupDeadline)
        }
    }
}

// MARK: - Identity

extension ProducerMachine {
    mutating func gotIdentity(id: ProducerID, epoch: ProducerEpoch) {
        guard case .asked(let previous) = identity else { return }
        identityFailures = 0
        identity = .known(ProducerIdentity(id: id, epoch: epoch, generation: (previous?.generation ?? 0) + 1))
    }

    mutating func identityFailed(because error: MartletError, now: MonotonicTime) {
        guard case .asked(let previous) = identity else { return }
        identityFailures += 1
        let delay = configuration.client.backoff.delay(afterFailures: identityFailures, using: &random)
        identity = .waiting(previous: previous, retryAt: now + delay, because: error)
    }
}

// MARK: - Outcomes

extension ProducerMachine {
    /// Books what has come to an end. The shell hands the outcomes to those who wait, outside the lock.
    mutating func settle(_ settlements: [Lane.Settlement], into work: inout ProducerWork) {
        for settlement in settlements {
            let batch = settlement.batch
            gate.release(batch.chargedBytes)
            if let buffer = batch.releaseBuffer() { buffers.give(buffer) }
            if case .failure(let error) = settlement.outcome { unreported.note(batch, error) }
            for index in flushes.indices { flushes[index].batches.remove(ObjectIdentifier(batch)) }
        }
        work.settled += settlements
        guard !settlements.isEmpty else { return }
        work.wake += flushes.filter(\.batches.isEmpty).map(\.done)
        flushes.removeAll(where: \.batches.isEmpty)
    }

    /// Lets those go on who wait for memory, once there is a good deal of it: woken at every batch they would only
    /// fight over crumbs.
    mutating func wakeSpaceWaiters(into work: inout ProducerWork) {
        guard gate.usedBytes <= configuration.bufferBytes / 4 * 3 else { return }
        work.wake += spaceWaiters
        spaceWaiters = []
    }

    /// Arrives when there may be room for a record of that size; nil when there is now.
    mutating func waitForSpace(for bytes: Int) throws(MartletError) -> Eventual<Void>? {
        guard life == .open else { throw closedError }
        guard gate.usedBytes + bytes > configuration.bufferBytes else { return nil }
        guard bytes <= configuration.bufferBytes else {
            throw MartletError(
                .recordTooLarge, "a record of \(bytes) bytes does not fit bufferBytes, \(configuration.bufferBytes)")
        }
        let waiter = Eventual<Void>()
        spaceWaiters.append(waiter)
        wantDrain()
        return waiter
    }

    /// False when it was closing already.
    mutating func beginClosing() -> Bool {
        guard life == .open else { return false }
        life = .closing
        gate.expectNothing()
        return true
    }

    var closedError: MartletError { MartletError(.closed, "the producer is closed") }

    /// Sends everything off without waiting for it to fill. Arrives when all of it has its outcome; nil when there is
    /// nothing.
    mutating func flush() -> Eventual<Void>? {
        var batches = Set<ObjectIdentifier>()
        for lane in active {
            lane.sealOpen()
            batches.formUnion(lane.unsettled.map(ObjectIdentifier.init))
        }
        guard !batches.isEmpty else { return nil }
        wantDrain()
        let waiter = FlushWaiter(batches: batches, done: Eventual())
        flushes.append(waiter)
        return waiter.done
    }

    /// Ends everything now; what is not delivered fails.
    mutating func abandon() -> ProducerWork {
        var work = ProducerWork()
        guard life != .closed else { return work }
        life = .closed
        gate.expectNothing()
        for lane in active { lane.sealOpen() }
        let error = MartletError(
            .closed, "the producer was closed before the record was confirmed; it may be in the log or not")
        settle(
            active.flatMap(\.unsettled).map { Lane.Settlement(batch: $0, outcome: .failure(error)) }, into: &work)
        active = []
        calls = [:]
        work.wake += spaceWaiters
        spaceWaiters = []
        for topic in topics.values { work.lookedUp.append((topic.lookup, .failure(error))) }
        topics = [:]
        return work
    }
}
