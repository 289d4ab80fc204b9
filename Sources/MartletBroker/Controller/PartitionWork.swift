internal import DequeModule
internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// Which partitions a broker has to do with, and which are to be looked at. Kept up with each change, so that a
/// broker's death costs what it touches and no walk over everything.
struct PartitionWork {
    /// By replicas, members of the in-sync set, and leader.
    private var byBroker: [BrokerID: Set<TopicIDPartition>] = [:]
    private var byTopic: [TopicID: Set<PartitionIndex>] = [:]
    private var queue: Deque<TopicIDPartition> = []
    private var queued: Set<TopicIDPartition> = []

    init() {}

    /// Everything in `image`, all of it to be looked at. O(partitions).
    init(_ image: ClusterImage) {
        for partition in image.partitions.values { add(partition.record) }
        enqueue(image.partitions.keys.sorted())
    }

    func partitions(of broker: BrokerID) -> Set<TopicIDPartition> { byBroker[broker] ?? [] }
    func partitions(of topic: TopicID) -> [TopicIDPartition] {
        (byTopic[topic] ?? []).sorted().map { TopicIDPartition(topicID: topic, partition: $0) }
    }

    mutating func replace(_ old: PartitionRecord?, with new: PartitionRecord) {
        let before = old.map(Self.brokers) ?? []
        let after = Self.brokers(of: new)
        if before != after {
            for broker in before.subtracting(after) { byBroker[broker]?.remove(new.id) }
            for broker in after.subtracting(before) { byBroker[broker, default: []].insert(new.id) }
        }
        if old == nil { byTopic[new.id.topicID, default: []].insert(new.id.partition) }
        enqueue([new.id])
    }

    mutating func remove(_ old: PartitionRecord) {
        for broker in Self.brokers(of: old) { byBroker[broker]?.remove(old.id) }
        byTopic[old.id.topicID]?.remove(old.id.partition)
        if byTopic[old.id.topicID]?.isEmpty == true { byTopic[old.id.topicID] = nil }
        // A place in the queue is left to be passed over.
    }

    private mutating func add(_ record: PartitionRecord) {
        for broker in Self.brokers(of: record) { byBroker[broker, default: []].insert(record.id) }
        byTopic[record.id.topicID, default: []].insert(record.id.partition)
    }

    private static func brokers(of record: PartitionRecord) -> Set<BrokerID> {
        var brokers = Set(record.replicas)
        brokers.formUnion(record.inSyncReplicas)
        if let leader = record.leader { brokers.insert(leader.broker) }
        return brokers
    }

    // MARK: The queue

    var isEmpty: Bool { queue.isEmpty }

    /// First come, first served; each once.
    mutating func enqueue(_ partitions: some Sequence<TopicIDPartition>) {
        for id in partitions where queued.insert(id).inserted { queue.append(id) }
    }

    /// What the broker leads comes first: it may be that nobody serves it until another leads it, while the rest waits
    /// for a smaller in-sync set only.
    mutating func enqueue(broker: BrokerID, in image: ClusterImage) {
        let ids = partitions(of: broker).sorted()
        let isLed = ids.map { image.partitions[$0]?.leader?.broker == broker }
        enqueue(zip(ids, isLed).lazy.filter(\.1).map(\.0))
        enqueue(ids)
    }

    mutating func next() -> TopicIDPartition? {
        guard let id = queue.popFirst() else { return nil }
        queued.remove(id)
        return id
    }
}
