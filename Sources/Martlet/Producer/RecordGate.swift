internal import MartletCore
internal import Synchronization

/// What every record needs of a producer: which batch is open for it, and how much memory is left. It has a lock of its
/// own. Threads that send hold it nearly all the time; the event loop works under the ``ProducerMachine``'s lock and
/// comes here a few times a batch, so neither waits for the other, and the lock's memory does not wander between cores
/// with every record.
///
/// Order of the locks: the machine's first, then this one. Any thread.
final class RecordGate: Sendable {
    private struct State {
        var recent = RecentTopic()
        var usedBytes = 0
    }

    /// The most that records may take that are not delivered yet.
    private let bufferBytes: Int
    private let partitioning: Partitioner.Policy
    private let state = Mutex(State())

    init(bufferBytes: Int, partitioning: Partitioner.Policy) {
        self.bufferBytes = bufferBytes
        self.partitioning = partitioning
    }

    /// Runs `body` while no record is put anywhere. Open batches are exchanged, and a ``TopicRoute`` is changed, only in
    /// here.
    func withRecordsHeld<Value>(_ body: () -> sending Value) -> sending Value {
        state.withLock { _ in body() }
    }
}

// MARK: - Records

extension RecordGate {
    /// Puts a record into the batch that is open for it: the path of nearly every record, so it looks at no object and
    /// allocates nothing. Nil, with nothing changed, when it takes more than that:
    /// ``ProducerMachine/append(_:topic:partition:now:)``.
    @inline(__always)
    func appendToOpen(_ record: OutgoingRecord, topic name: String, partition: PartitionIndex?) -> DeliveryHandle? {
        let charge = record.charge
        return state.withLock { state -> DeliveryHandle? in
            guard let route = state.recent.route, state.recent.name == name, state.usedBytes + charge <= bufferBytes
            else { return nil }
            let count = route.pointee.partitionCount
            let index: Int
            if let partition {
                index = Int(partition)
            } else if let key = record.key, partitioning != .custom {
                index = Int(Murmur2.partition(forKey: key, count: count))
            } else {
                switch partitioning {
                case .sticky: index = route.pointee.chosen
                case .roundRobin: index = route.pointee.chosen + 1 == count ? 0 : route.pointee.chosen + 1
                case .custom: return nil
                }
            }
            guard index >= 0, index < count else { return nil }
            let slot = route.pointee[index]
            guard let batch = slot.pointee.batch, let filling = slot.pointee.filling,
                !filling.pointee.isFull, case .appended = filling.pointee.append(record, charge: charge)
            else { return nil }
            state.usedBytes += charge
            if partitioning == .roundRobin, partition == nil, record.key == nil { route.pointee.chosen = index }
            return DeliveryHandle(batch: batch.takeUnretainedValue(), index: filling.pointee.recordCount - 1)
        }
    }

    /// Puts a record into `batch`, whose memory has been reserved. Others may be putting records into it, too.
    func append(_ record: OutgoingRecord, charge: Int, to batch: ProduceBatch) -> ProduceBatch.AppendResult {
        state.withLock { _ in batch.append(record, charge: charge) }
    }

    /// Records of this topic come next, most likely.
    func expect(_ topic: ProducerTopic) {
        let recent = RecentTopic(topic)
        state.withLock { $0.recent = recent }
    }

    /// From here on ``appendToOpen(_:topic:partition:)`` takes nothing, until the next topic is expected.
    func expectNothing() {
        state.withLock { $0.recent = RecentTopic() }
    }
}

// MARK: - Memory

extension RecordGate {
    /// What records take that are not delivered yet.
    var usedBytes: Int { state.withLock { $0.usedBytes } }

    /// Takes memory for a record. False when there is not enough left.
    func reserve(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard state.usedBytes + bytes <= bufferBytes else { return false }
            state.usedBytes += bytes
            return true
        }
    }

    func release(_ bytes: Int) {
        state.withLock { $0.usedBytes -= bytes }
    }
}
