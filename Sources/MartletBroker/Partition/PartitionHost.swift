internal import MartletCore

/// What a partition needs of the broker around it. Called on any thread; must not block.
protocol PartitionHost: AnyObject, Sendable {
    /// Monotonic time, from an arbitrary beginning.
    var elapsed: Duration { get }
    /// How long a follower may go without its leader.
    var replicaLagMax: Duration { get }
    /// Whether consumers may read from followers.
    var servesFollowerReads: Bool { get }
    /// The log can be read and appended to now: the replica may take its role.
    func logIsOnline(_ partition: Partition)
    /// Higher than all that it gave before.
    func nextIncarnation() -> Int32
    /// The log takes part in nothing any more.
    func logIsOffline(_ partition: Partition)
    /// What lies there on this broker's disk is damaged.
    func corruptionFound(_ offsets: Range<Offset>, in partition: Partition)
    /// What was read there came damaged to somebody: it may be so on this broker's disk.
    func damageSuspected(at offset: Offset, in partition: Partition)
    /// The partition leads, and wants its in-sync replicas changed.
    func propose(_ change: InSyncChange, of partition: Partition)
}
