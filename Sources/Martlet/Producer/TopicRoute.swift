internal import MartletCore

/// What nearly every record needs of its topic: which partition, and the batch that is open there. Plain memory, not
/// objects: counting references and checking for exclusive access would cost more than putting the record into its
/// batch. Guarded by the ``RecordGate``.
struct TopicRoute {
    /// The open batch of one partition; both nil while none is open.
    struct Slot {
        /// Kept alive by its ``Lane``.
        var batch: Unmanaged<ProduceBatch>?
        var filling: UnsafeMutablePointer<BatchBuffer.Filling>?
    }

    /// 0 while the topic is not known.
    private(set) var partitionCount = 0
    /// Where records without a key go; any number at first, brought into range when it is used.
    var chosen: Int
    private var slots = UnsafeMutableBufferPointer<UnsafeMutablePointer<Slot>>(start: nil, count: 0)

    init(chosen: Int) {
        self.chosen = chosen
    }

    /// `lanes`: at least those of the partitions that the topic has, in order; they outlive the route.
    mutating func update(lanes: [Lane], partitionCount: Int) {
        slots.deallocate()
        slots = .allocate(capacity: lanes.count)
        _ = slots.initialize(fromContentsOf: lanes.map(\.slot))
        self.partitionCount = partitionCount
    }

    /// The partition for a record without a key: the chosen one, or the one after it.
    mutating func choose(next: Bool) -> Int {
        if next { chosen += 1 }
        if chosen >= partitionCount { chosen %= partitionCount }
        return chosen
    }

    /// Frees what the route owns.
    func close() {
        slots.deallocate()
    }

    /// A partition of the topic.
    subscript(partition: Int) -> UnsafeMutablePointer<Slot> {
        assert(partition < partitionCount)
        return slots[partition]
    }
}

/// The topic of the record before: most programs write to one.
///
/// Sendable: the route is memory guarded by the ``RecordGate``; the topic is only kept alive.
struct RecentTopic: @unchecked Sendable {
    let name: String
    let route: UnsafeMutablePointer<TopicRoute>?
    private let topic: ProducerTopic?

    /// None.
    init() {
        name = ""
        route = nil
        topic = nil
    }

    init(_ topic: ProducerTopic) {
        name = topic.name
        route = topic.route
        self.topic = topic
    }
}
