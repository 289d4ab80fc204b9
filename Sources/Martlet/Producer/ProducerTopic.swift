internal import MartletCore

/// A topic as a producer uses it: its lanes, and where records without a key go. Guarded by the producer's mutex.
final class ProducerTopic {
    let name: String
    private(set) var image: TopicImage? {
        didSet { partitionCount = image?.partitions.count ?? 0 }
    }

    /// 0 while the topic is not known. Kept apart from the image, which is costly to look at for every record.
    private(set) var partitionCount = 0
    private(set) var lanes: [Lane] = []
    /// Arrives with the first answer about the topic; replaced when the topic is asked for anew.
    private(set) var lookup = Eventual<Result<Void, MartletError>>()
    /// When the wait for the first answer ends.
    private(set) var lookupDeadline: MonotonicTime
    /// Where records without a key go; any number at first, brought into range when it is used.
    private var chosen: Int

    init(name: String, lookupDeadline: MonotonicTime, first: UInt64) {
        self.name = name
        self.lookupDeadline = lookupDeadline
        chosen = Int(first >> 33)
    }

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
        self.image = image
        for index in lanes.count..<max(lanes.count, image.partitions.count) {
            lanes.append(
                Lane(topicPartition: TopicPartition(topic: name, partition: PartitionIndex(index)), settings: settings))
        }
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

    /// Takes in what an answer says about the leader, if it is news.
    func noteLeader(_ hint: PartitionImage, of partition: PartitionIndex) {
        guard let known = image?.partitions[Int(partition)], hint.leaderEpoch > known.leaderEpoch else { return }
        image?.partitions[Int(partition)] = hint
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
            if case .roundRobin = partitioner.kind { chosen &+= 1 }
            if chosen >= count { chosen %= count }
            return lanes[chosen]
        }
    }

    /// Keyless records move on: the batch of the partition they stuck to is full.
    func moveOn(from lane: Lane, using random: inout RandomSource) {
        let count = partitionCount
        guard count > 1, chosen == Int(lane.topicPartition.partition) else { return }
        // Any other one, all equally likely.
        chosen = (chosen + 1 + Int.random(in: 0..<(count - 1), using: &random)) % count
    }

    private func outOfRange(_ partition: PartitionIndex, count: Int) -> MartletError {
        MartletError(
            .invalidArgument, "topic \(name) has partitions 0 to \(count - 1); there is no partition \(partition)",
            topicPartition: TopicPartition(topic: name, partition: partition))
    }
}
