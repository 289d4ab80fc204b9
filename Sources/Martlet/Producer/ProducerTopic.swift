internal import MartletCore

/// A topic as a producer uses it: its lanes, and where records without a key go. Guarded by the producer's mutex;
/// ``route`` by the ``RecordGate``, too, whenever it changes.
final class ProducerTopic {
    let name: String
    private let gate: RecordGate
    /// What records need of all this.
    let route: UnsafeMutablePointer<TopicRoute>
    private(set) var image: TopicImage? {
        didSet {
            gate.withRecordsHeld { route.pointee.update(lanes: lanes, partitionCount: image?.partitions.count ?? 0) }
        }
    }

    private(set) var lanes: [Lane] = []
    /// Arrives with the first answer about the topic; replaced when the topic is asked for anew.
    private(set) var lookup = Eventual<Result<Void, MartletError>>()
    /// When the wait for the first answer ends.
    private(set) var lookupDeadline: MonotonicTime

    init(name: String, gate: RecordGate, lookupDeadline: MonotonicTime, first: UInt64) {
        self.name = name
        self.gate = gate
        self.lookupDeadline = lookupDeadline
        route = .allocate(capacity: 1)
        route.initialize(to: TopicRoute(chosen: Int(first >> 33)))
    }

    deinit {
        route.pointee.close()
        route.deallocate()
    }

    /// 0 while the topic is not known.
    var partitionCount: Int { route.pointee.partitionCount }

    /// What was known is wrong.
    func askAnew(deadline: MonotonicTime) {
        lookup = Eventual()
        lookupDeadline = deadline
    }

    /// Takes in what a broker told. A topic never loses partitions: one with fewer, or another id, is another topic.
    func update(_ image: TopicImage, settings: Lane.Settings) -> [Lane.Settlement] {
        var settlements: [Lane.Settlement] = []
        if let old = self.image, old.id != image.id {
            settlements = giveUp(
                MartletError(
                    .refused(.unknownTopicID),
                    "topic \(name) was deleted and created again while records were on their way"))
        }
        for index in lanes.count..<max(lanes.count, image.partitions.count) {
            lanes.append(
                Lane(
                    topicPartition: TopicPartition(topic: name, partition: PartitionIndex(index)), settings: settings,
                    gate: gate))
        }
        self.image = image
        return settlements
    }

    /// The topic is gone.
    func giveUp(_ error: MartletError) -> [Lane.Settlement] {
        image = nil
        return lanes.flatMap { lane in
            var error = error
            error.topicPartition = lane.topicPartition
            return lane.giveUp(error)
        }
    }

    func partition(of lane: Lane) -> PartitionImage? {
        guard let image, Int(lane.topicPartition.partition) < image.partitions.count else { return nil }
        return image.partitions[Int(lane.topicPartition.partition)]
    }

    /// Takes in what an answer says about the leader, if it is news; true when it is.
    func noteLeader(_ hint: PartitionImage, of partition: PartitionIndex) -> Bool {
        guard let known = image?.partitions[Int(partition)], hint.leaderEpoch > known.leaderEpoch else { return false }
        image?.partitions[Int(partition)] = hint
        return true
    }
}

// MARK: - Choosing a partition

extension ProducerTopic {
    /// The lane for a record. The topic must be known.
    func lane(
        key: UnsafeRawBufferPointer?, partition: PartitionIndex?, partitioner: Partitioner
    ) throws(MartletError) -> Lane {
        let count = partitionCount
        if let partition {
            guard partition >= 0, partition < count else { throw outOfRange(partition, count: count) }
            return lanes[Int(partition)]
        }
        switch partitioner.kind {
        case .custom(let choose):
            let partition = choose(name, key, Int32(count))
            guard partition >= 0, partition < count else { throw outOfRange(partition, count: count) }
            return lanes[Int(partition)]
        case .sticky, .roundRobin:
            if let key { return lanes[Int(Murmur2.partition(forKey: key, count: count))] }
            let isNext = if case .roundRobin = partitioner.kind { true } else { false }
            return lanes[gate.withRecordsHeld { route.pointee.choose(next: isNext) }]
        }
    }

    /// Keyless records move on: the batch of the partition they stuck to is full.
    func moveOn(from lane: Lane, using random: inout RandomSource) {
        let count = partitionCount
        guard count > 1 else { return }
        let left = Int(lane.topicPartition.partition)
        // Any other one, all equally likely.
        let next = (left + 1 + Int.random(in: 0..<(count - 1), using: &random)) % count
        gate.withRecordsHeld { if route.pointee.chosen == left { route.pointee.chosen = next } }
    }

    private func outOfRange(_ partition: PartitionIndex, count: Int) -> MartletError {
        MartletError(
            .invalidArgument, "topic \(name) has partitions 0 to \(count - 1); there is no partition \(partition)",
            topicPartition: TopicPartition(topic: name, partition: partition))
    }
}
