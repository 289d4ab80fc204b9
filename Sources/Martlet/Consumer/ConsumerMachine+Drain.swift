internal import MartletCore

/// One fetch request to be sent.
struct FetchCall: Sendable {
    struct Item: Sendable {
        var topicPartition: TopicPartition
        var topicID: TopicID
        var leaderEpoch: LeaderEpoch
        var position: Offset
        var epoch: LeaderEpoch
        var foundDamage: Bool
    }

    var id: UInt64
    var broker: BrokerID
    /// The broker is told where the reader is: it may be a follower, or know of one that is nearer.
    var tellsRack: Bool
    var items: [Item]
    var maxBytes: Int
}

/// One question for offsets to be sent.
struct OffsetsCall: Sendable {
    struct Item: Sendable {
        var topicPartition: TopicPartition
        var topicID: TopicID
        var leaderEpoch: LeaderEpoch
        /// As the wire has it: -1 latest, -2 earliest, else milliseconds since 1970.
        var timestamp: TimestampMs
    }

    var id: UInt64
    var broker: BrokerID
    var items: [Item]
}

/// What the shell is to do after an event.
struct ConsumerWork: Sendable {
    var fetches: [FetchCall] = []
    var questions: [OffsetsCall] = []
    var connect: [BrokerID] = []
    var lookup: [String] = []
    var wake: [Eventual<Void>] = []
    /// Call ``ConsumerMachine/drain(now:)`` again at this time, if not before.
    var wakeAt: MonotonicTime?
}

extension ConsumerMachine {
    /// Asks for what there is room for. To be called after every event, on the loop.
    mutating func drain(now: MonotonicTime) -> ConsumerWork {
        var work = ConsumerWork()
        beginDrain()
        isRoomWanted = false
        guard !isStopped else { return work }
        ask(now: now, into: &work)
        work.lookup = lookups.takeDue(now: now, used: topics.keys)
        work.connect = links.takeWanted()
        if cursors.values.contains(where: \.hasSomething) { wakeWaiter(into: &work) }
        work.wakeAt = nextMoment(after: now)
        return work
    }

    /// Whom a fetch goes to.
    private struct Source: Hashable {
        var broker: BrokerID
        var tellsRack: Bool
    }

    private mutating func ask(now: MonotonicTime, into work: inout ConsumerWork) {
        var fetches: [Source: [FetchCall.Item]] = [:]
        var questions: [BrokerID: [OffsetsCall.Item]] = [:]
        for partition in turns {
            guard let cursor = cursors[partition], cursor.mayAsk(now: now) else { continue }
            guard let topic = topics[partition.topic], Int(partition.partition) < topic.partitions.count,
                cursor.isIn(topic.id), let leader = topic.partitions[Int(partition.partition)].leader
            else {
                lookups.want(partition.topic)
                continue
            }
            var source = Source(broker: leader, tellsRack: false)
            if configuration.rack != nil, cursor.isKnown {
                let (broker, tellsRack) = cursor.source(leader: leader, now: now)
                source = Source(broker: broker, tellsRack: tellsRack)
            }
            guard links.isUp(source.broker, now: now) else { continue }
            let epoch = topic.partitions[Int(partition.partition)].leaderEpoch
            switch cursor.place {
            case .asked, .open:
                continue
            case .wanted(let spec):
                questions[leader, default: []].append(
                    OffsetsCall.Item(
                        topicPartition: partition, topicID: topic.id, leaderEpoch: epoch, timestamp: spec.wire))
            case .known where !cursor.isFetching && !cursor.isPaused && !isFull(cursor):
                fetches[source, default: []].append(
                    FetchCall.Item(
                        topicPartition: partition, topicID: topic.id, leaderEpoch: epoch,
                        position: cursor.fetchPosition,
                        epoch: cursor.fetchEpoch, foundDamage: cursor.foundDamage))
            case .known:
                continue
            }
        }
        for (broker, items) in questions {
            for part in parts(of: items) { open(questions: part, to: broker, into: &work) }
        }
        for (source, items) in fetches {
            for part in parts(of: items) { open(fetch: part, from: source, into: &work) }
        }
    }

    /// As many calls as hold them.
    private func parts<Item>(of items: [Item]) -> [[Item]] {
        stride(from: 0, to: items.count, by: Limits.partitionsPerRequest).map { start in
            Array(items[start..<min(start + Limits.partitionsPerRequest, items.count)])
        }
    }

    private mutating func open(questions items: [OffsetsCall.Item], to broker: BrokerID, into work: inout ConsumerWork)
    {
        nextCall += 1
        for item in items { cursors[item.topicPartition]?.noteAsked() }
        openQuestions[nextCall] = OpenQuestion(partitions: asked(items.map(\.topicPartition)))
        work.questions.append(OffsetsCall(id: nextCall, broker: broker, items: items))
    }

    private mutating func open(fetch items: [FetchCall.Item], from source: Source, into work: inout ConsumerWork) {
        let open = openFetches.values.filter { $0.broker == source.broker }
        let used =
            cursors.values.reduce(0) { $0 + $1.bufferedBytes } + openFetches.values.reduce(0) { $0 + $1.reservedBytes }
        let room = configuration.bufferBytes - used
        guard open.count < Self.fetchesPerBrokerMax else { return }
        guard room >= configuration.maxPartitionBytes else {
            isRoomWanted = true
            return
        }
        let maxBytes = min(configuration.maxBytes, room, items.count * configuration.maxPartitionBytes)
        nextCall += 1
        for item in items { cursors[item.topicPartition]?.isFetching = true }
        openFetches[nextCall] = OpenFetch(
            broker: source.broker, partitions: asked(items.map(\.topicPartition)), reservedBytes: maxBytes)
        work.fetches.append(
            FetchCall(
                id: nextCall, broker: source.broker, tellsRack: source.tellsRack, items: items, maxBytes: maxBytes))
    }

    private func asked(_ partitions: [TopicPartition]) -> [Asked] {
        partitions.compactMap { partition in
            cursors[partition].map { Asked(topicPartition: partition, generation: $0.generation) }
        }
    }

    /// Moments that have passed need no timer: what is due and was not done waits for an event.
    private func nextMoment(after now: MonotonicTime) -> MonotonicTime? {
        var next: MonotonicTime?
        func consider(_ moment: MonotonicTime) {
            guard moment > now else { return }
            next = next.map { min($0, moment) } ?? moment
        }
        for cursor in cursors.values { cursor.retryAt.map(consider) }
        links.eachMoment(consider)
        lookups.eachMoment(consider)
        return next
    }
}

extension OffsetSpec {
    /// As ListOffsets has it.
    var wire: TimestampMs {
        switch self {
        case .latest: -1
        case .earliest: -2
        case .timestamp(let timestamp): timestamp
        case .offset: -2
        }
    }
}
