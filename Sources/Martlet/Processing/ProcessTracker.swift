internal import MartletCore

/// Decides which record is worked on next, and how far each partition may be committed. Records of one key are worked
/// on one after the other, in their order; so are records without a key of one partition. All others at once. Pure;
/// lives in the mutex of a ``Processor``.
struct ProcessTracker: Sendable {
    /// What is worked on in order.
    struct Lane: Hashable, Sendable {
        var partition: TopicPartition
        var key: [UInt8]?
    }

    /// A record for a worker.
    struct Job: Sendable {
        var record: Record
        /// Tells the partition's present tenure from one before it was lost.
        var tenure: UInt64

        var lane: Lane { Lane(partition: record.topicPartition, key: record.key) }
    }

    private struct Waiting: Sendable {
        var jobs = Fifo<Job>()
        /// A worker has a record of it.
        var isBusy = false
    }

    /// Done records behind one that is not, of one partition: past that nothing more is taken.
    static let windowMax = 100_000

    private let inFlightMax: Int
    private var lanes: [Lane: Waiting] = [:]
    /// Lanes with something to do and nobody at it.
    private var ready = Fifo<Lane>()
    private var progress: [TopicPartition: (state: PartitionProgress, tenure: UInt64)] = [:]
    private var lastTenure: UInt64 = 0
    /// Records that wait or are worked on.
    private(set) var inFlight = 0

    init(inFlightMax: Int) {
        self.inFlightMax = inFlightMax
    }

    var hasRoom: Bool {
        inFlight < inFlightMax && progress.values.allSatisfy { $0.state.window < Self.windowMax }
    }

    /// Records of a partition come in the order of their offsets. What comes of one that is being let go of is left
    /// out.
    mutating func add(_ record: Record) {
        let partition = record.topicPartition
        if progress[partition] == nil {
            lastTenure += 1
            progress[partition] = (PartitionProgress(at: record.offset), lastTenure)
        }
        guard let tenure = progress[partition]?.tenure, progress[partition]?.state.isClosing == false else { return }
        progress[partition]?.state.add(record.offset)
        let job = Job(record: record, tenure: tenure)
        inFlight += 1
        let lane = job.lane
        let isIdle = lanes[lane] == nil
        lanes[lane, default: Waiting()].jobs.append(job)
        if isIdle { ready.append(lane) }
    }

    /// The next record to be worked on; it is to be finished.
    mutating func take() -> Job? {
        while let lane = ready.popFirst() {
            guard let job = lanes[lane]?.jobs.popFirst() else { continue }
            lanes[lane]?.isBusy = true
            progress[job.record.topicPartition]?.state.begin()
            return job
        }
        return nil
    }

    /// - Parameter isDone: The partition may be committed past it.
    mutating func finish(_ job: Job, isDone: Bool) {
        inFlight -= 1
        let partition = job.record.topicPartition
        if progress[partition]?.tenure == job.tenure {
            progress[partition]?.state.finish(job.record.offset, isDone: isDone)
        }
        let lane = job.lane
        lanes[lane]?.isBusy = false
        if lanes[lane]?.jobs.isEmpty == false { ready.append(lane) } else { lanes[lane] = nil }
    }

    // MARK: Positions

    /// How far a partition may be committed; nil when nothing was taken from it.
    func position(of partition: TopicPartition) -> Offset? { progress[partition]?.state.position }

    var positions: [TopicPartition: Offset] { progress.mapValues { $0.state.position } }

    // MARK: Partitions that go

    /// Nothing of these is begun any more; what runs is to be finished.
    mutating func close(_ partitions: Set<TopicPartition>) {
        for partition in partitions { progress[partition]?.state.isClosing = true }
        dropWaiting(of: partitions)
    }

    func isIdle(_ partition: TopicPartition) -> Bool { (progress[partition]?.state.running ?? 0) == 0 }

    func isClosing(_ partition: TopicPartition) -> Bool { progress[partition]?.state.isClosing ?? true }

    /// These are another's, or at their end. What still runs of them counts no more.
    mutating func forget(_ partitions: Set<TopicPartition>) {
        dropWaiting(of: partitions)
        for partition in partitions { progress[partition] = nil }
    }

    private mutating func dropWaiting(of partitions: Set<TopicPartition>) {
        for (lane, waiting) in lanes where partitions.contains(lane.partition) {
            inFlight -= waiting.jobs.count
            if waiting.isBusy { lanes[lane]?.jobs = Fifo() } else { lanes[lane] = nil }
        }
        ready.removeAll { partitions.contains($0.partition) }
    }
}

/// First in, first out.
struct Fifo<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// O(1) on average.
    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        defer {
            elements[head] = nil
            head += 1
            if head > 64, head * 2 > elements.count {
                elements.removeFirst(head)
                head = 0
            }
        }
        return elements[head]
    }

    mutating func removeAll(where isUnwanted: (Element) -> Bool) {
        elements = elements[head...].compactMap { $0 }.filter { !isUnwanted($0) }
        head = 0
    }
}
