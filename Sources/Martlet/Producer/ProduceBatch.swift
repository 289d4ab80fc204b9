internal import MartletCore
internal import NIOCore
internal import Synchronization

/// The name under which brokers recognise this producer's batches.
struct ProducerIdentity: Sendable, Equatable {
    var id: ProducerID
    var epoch: ProducerEpoch
    /// Counts the identities this producer has had; sequences begin anew with each.
    var generation: Int
}

/// One batch from its first record to its outcome.
///
/// Sendable: the mutable fields belong to the producer's mutex as long as the batch is open, queued or
/// waiting for its answer, except ``buffer`` and ``sealed``, which belong to the producer's event loop once the batch
/// has left ``Lane/open`` (the mutex was released in between, which orders the two). What is in the buffer while the
/// batch is open belongs to the ``RecordGate``. ``outcome`` and ``awaited`` are
/// safe by themselves.
final class ProduceBatch: @unchecked Sendable {
    /// Where a delivered batch stands.
    struct Place: Sendable, Equatable {
        var baseOffset: Offset?
        var logAppendTime: TimestampMs?
    }

    typealias Outcome = Result<Place, MartletError>

    let topicPartition: TopicPartition
    /// Its place among the batches of its partition.
    let ordinal: UInt64
    let openedAt: MonotonicTime
    /// When the attempt to deliver it ends.
    let deadline: MonotonicTime

    /// At most what it takes in a request.
    var sizeBytes = 0

    /// Set with the first send; cleared when the partition begins anew under another identity.
    var identity: ProducerIdentity?
    var baseSequence: Int32 = -1
    /// An attempt ended without an answer, or with one that does not say whether the batch is in the log.
    var mayBeAppended = false
    /// How often its partition had to change identity on its account.
    var identityChanges = 0
    var lastError: MartletError?

    /// The records until they are finished; given back then.
    private(set) var buffer: BatchBuffer?
    /// What the buffer said when it was given back.
    private var finalCount: Int32 = 0
    private var finalCharge = 0
    /// The finished bytes and the fields they carry.
    var sealed: (bytes: ByteBuffer, identity: ProducerIdentity?, baseSequence: Int32)?

    let outcome = Eventual<Outcome>()
    private let awaited = Mutex(Set<Int32>())

    init(
        topicPartition: TopicPartition, ordinal: UInt64, openedAt: MonotonicTime, deadline: MonotonicTime,
        buffer: BatchBuffer?
    ) {
        self.topicPartition = topicPartition
        self.ordinal = ordinal
        self.openedAt = openedAt
        self.deadline = deadline
        self.buffer = buffer
    }

    var recordCount: Int32 {
        get { buffer?.filling.pointee.recordCount ?? finalCount }
        set { finalCount = newValue }
    }

    /// What its records take of the producer's buffer memory.
    var chargedBytes: Int { buffer?.filling.pointee.chargedBytes ?? finalCharge }

    /// Parts with the buffer, if there is one still.
    func releaseBuffer() -> BatchBuffer? {
        guard let buffer else { return nil }
        finalCount = recordCount
        finalCharge = chargedBytes
        self.buffer = nil
        return buffer
    }

    /// Somebody will learn of this record's failure.
    func noteAwaited(_ index: Int32) {
        awaited.withLock { _ = $0.insert(index) }
    }

    /// How many records nobody has asked about.
    var unawaitedCount: Int {
        awaited.withLock { Int(recordCount) - $0.count }
    }
}
