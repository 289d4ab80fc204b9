internal import MartletCore

/// One request to be sent.
struct ProduceCall: Sendable {
    struct Item: Sendable {
        var batch: ProduceBatch
        var topicID: TopicID
        var leaderEpoch: LeaderEpoch
    }

    var id: UInt64
    var broker: BrokerID
    var items: [Item]
}

/// What the shell is to do after an event.
struct ProducerWork: Sendable {
    var calls: [ProduceCall] = []
    var connect: [BrokerID] = []
    /// Ask about these topics.
    var lookup: [String] = []
    /// Ask for a producer id, or, given one, for a higher epoch of it.
    var askIdentity: AskIdentity?
    var settled: [Lane.Settlement] = []
    var wake: [Eventual<Void>] = []
    var lookedUp: [(Eventual<Result<Void, MartletError>>, Result<Void, MartletError>)] = []
    /// Call ``ProducerMachine/drain(now:)`` again at this time, if not before.
    var wakeAt: MonotonicTime?

    struct AskIdentity: Sendable, Equatable {
        var previous: ProducerIdentity?
    }
}

extension ProducerMachine {
    /// Sends what can be sent, fails what has waited too long, asks for what is missing. To be called after every
    /// event, on the loop.
    mutating func drain(now: MonotonicTime) -> ProducerWork {
        var work = ProducerWork()
        drainState = .idle
        guard life != .closed else { return work }
        expire(now: now, into: &work)
        while fillCalls(now: now, into: &work) {}
        active.removeAll { $0.isIdle }
        askForIdentity(now: now, into: &work)
        work.lookup = lookups.takeDue(now: now, used: topics.keys)
        work.connect = links.takeWanted()
        if !spaceWaiters.isEmpty { wakeSpaceWaiters(into: &work) }
        work.wakeAt = nextMoment(after: now)
        return work
    }

    private mutating func expire(now: MonotonicTime, into work: inout ProducerWork) {
        for lane in active {
            let settlements = lane.expire(now: now, obstacle: obstacle(to: lane))
            if !settlements.isEmpty { settle(settlements, into: &work) }
        }
        for topic in topics.values where topic.image == nil && topic.lookupDeadline <= now {
            forget(
                topic,
                MartletError(
                    .timedOut,
                    "topic \(topic.name) could not be looked up within \(configuration.client.operationTimeout.text): "
                        + (lookups.trouble ?? noAnswer).message, broker: lookups.trouble?.broker),
                into: &work)
        }
    }

    /// Why nothing of this lane could be sent: there is no connection to its leader, no producer id, or nobody says who
    /// the leader is.
    private func obstacle(to lane: Lane) -> MartletError {
        knownObstacle(to: lane) ?? noAnswer
    }

    /// The same; nil where no attempt has failed yet.
    func knownObstacle(to lane: Lane) -> MartletError? {
        if let leader = topics[lane.topicPartition.topic]?.partition(of: lane)?.leader,
            let trouble = links.trouble(with: leader)
        {
            return trouble
        }
        if case .waiting(_, _, let error) = identity { return error }
        return lookups.trouble
    }

    private var noAnswer: MartletError {
        MartletError(
            .unreachable,
            "no broker answered in that time; check that one of these runs: "
                + configuration.client.bootstrap.map(\.description).joined(separator: ", "))
    }

    /// One request at most for each broker; true if there was any.
    private mutating func fillCalls(now: MonotonicTime, into work: inout ProducerWork) -> Bool {
        var filling: [BrokerID: (items: [ProduceCall.Item], bytes: Int)] = [:]
        // While somebody waits for memory, batches do not wait to be filled.
        let linger = spaceWaiters.isEmpty && life == .open ? configuration.linger : .zero
        var known: ProducerIdentity?
        if case .known(let identity) = identity { known = identity }
        for lane in active {
            guard let topic = topics[lane.topicPartition.topic] else { continue }
            guard let partition = topic.partition(of: lane), let leader = partition.leader, let image = topic.image
            else {
                lookups.want(topic.name)
                continue
            }
            guard isReady(leader, now: now) else { continue }
            let room = configuration.maxRequestBytes - (filling[leader]?.bytes ?? 0)
            guard let batch = lane.takeNext(for: leader, identity: known, linger: linger, sizeLimit: room, now: now)
            else { continue }
            filling[leader, default: ([], 0)].items.append(
                ProduceCall.Item(batch: batch, topicID: image.id, leaderEpoch: partition.leaderEpoch))
            filling[leader]?.bytes += batch.sizeBytes
        }
        for (broker, filled) in filling {
            openCalls[broker, default: 0] += 1
            nextCall += 1
            calls[nextCall] = OpenCall(broker: broker, batches: filled.items.map(\.batch))
            work.calls.append(ProduceCall(id: nextCall, broker: broker, items: filled.items))
        }
        rotateActive()
        return !filling.isEmpty
    }

    /// The lane that was first is last next time, so that none starves when requests fill up.
    private mutating func rotateActive() {
        guard active.count > 1 else { return }
        active.append(active.removeFirst())
    }

    /// Whether a request can go to the broker; asks for a connection when there is none.
    private mutating func isReady(_ broker: BrokerID, now: MonotonicTime) -> Bool {
        links.isUp(broker, now: now) && openCalls[broker, default: 0] < configuration.maxInFlightPerBroker
    }

    private mutating func askForIdentity(now: MonotonicTime, into work: inout ProducerWork) {
        guard laneSettings.usesSequences, let awaited = active.compactMap(\.awaitedGeneration).max() else { return }
        let previous: ProducerIdentity?
        switch identity {
        case .none: previous = nil
        case .asked: return
        case .known(let known):
            guard known.generation <= awaited else { return }
            previous = known
        case .waiting(let former, let retryAt, _):
            guard retryAt <= now else { return }
            previous = former
        }
        identity = .asked(previous: previous)
        work.askIdentity = ProducerWork.AskIdentity(previous: previous)
    }

    /// Moments that have passed need no timer: what is due and was not done waits for an event.
    private func nextMoment(after now: MonotonicTime) -> MonotonicTime? {
        var next: MonotonicTime?
        func consider(_ moment: MonotonicTime) {
            guard moment > now else { return }
            next = next.map { min($0, moment) } ?? moment
        }
        for lane in active { lane.eachMoment(linger: configuration.linger, consider) }
        links.eachMoment(consider)
        lookups.eachMoment(consider)
        if case .waiting(_, let retryAt, _) = identity { consider(retryAt) }
        for topic in topics.values where topic.image == nil { consider(topic.lookupDeadline) }
        return next
    }
}
