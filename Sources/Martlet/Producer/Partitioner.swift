public import MartletCore

/// Chooses the partition of a record for which the application gave none.
public struct Partitioner: Sendable {
    /// What a custom partitioner sees of a record. The bytes are valid only during the call.
    public typealias Choose =
        @Sendable (_ topic: String, _ key: UnsafeRawBufferPointer?, _ partitionCount: Int32) -> PartitionIndex

    enum Kind: Sendable {
        case sticky
        case roundRobin
        case custom(Choose)
    }

    let kind: Kind

    /// ``Kind`` without what comes with it.
    enum Policy {
        case sticky
        case roundRobin
        case custom
    }

    var policy: Policy {
        switch kind {
        case .sticky: .sticky
        case .roundRobin: .roundRobin
        case .custom: .custom
        }
    }

    /// Records with a key go to (murmur2(key) & 0x7fffffff) mod n, as Kafka's clients choose. Records without one
    /// stay with one partition until a batch of it fills, then move on to another: few, full batches.
    public static let sticky = Partitioner(kind: .sticky)

    /// As ``sticky`` for records with a key; those without go to the partitions in turn.
    public static let roundRobin = Partitioner(kind: .roundRobin)

    /// `choose` is called for every record without a given partition, while a lock is held: it must be quick and must
    /// not use the producer. A result outside 0 ..< partition count makes the send throw.
    public static func custom(_ choose: @escaping Choose) -> Partitioner {
        Partitioner(kind: .custom(choose))
    }
}
