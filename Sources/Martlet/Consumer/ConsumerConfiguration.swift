public import MartletCore

/// A place in a partition's log, as one may wish for it.
public enum OffsetSpec: Sendable, Hashable {
    /// The first record that is still kept.
    case earliest
    /// Behind the last record that consumers see: only what comes from now on.
    case latest
    /// Exactly there.
    case offset(Offset)
    /// The first record whose timestamp, in milliseconds since 1970, is this or later; ``latest`` when there is none.
    case timestamp(TimestampMs)
}

/// What to do when a position is not in the partition's log: it has been deleted, or never was there.
public enum OffsetReset: Sendable, Hashable {
    /// Go on with the first record that is kept.
    case earliest
    /// Go on behind the last one.
    case latest
    /// Throw ``MartletError/Code/offsetOutOfRange``.
    case none
    /// Go on with the records of the last such time.
    case ago(Duration)

    /// Nil for ``none``. `now`: milliseconds since 1970.
    func spec(now: TimestampMs) -> OffsetSpec? {
        switch self {
        case .earliest: .earliest
        case .latest: .latest
        case .none: nil
        case .ago(let duration): .timestamp(max(now - duration.wholeNanoseconds / 1_000_000, 0))
        }
    }
}

/// The settings of a ``Consumer``.
public struct ConsumerConfiguration: Sendable {
    /// How to reach the cluster.
    public var client: ClientConfiguration

    /// Where to go on when the position is not in the log; also where a partition is begun that is assigned without a
    /// position, or in which the group has committed nothing. Default: ``OffsetReset/latest``.
    public var reset = OffsetReset.latest

    /// How long a broker holds a fetch back while it has less than ``minBytes``. It costs no latency: the first
    /// record ends the wait. Default 500 ms; 0 to 60 s, and less than ``ClientConfiguration/requestTimeout``.
    public var maxWait = Duration.milliseconds(500)

    /// How much a broker gathers before it answers, up to ``maxWait``. Default 1 byte; 1 to ``maxBytes``.
    public var minBytes = 1

    /// The most that one answer holds, over all partitions. Default 8 MiB; 1 KiB to 256 MiB. A batch that is larger
    /// comes nevertheless.
    public var maxBytes = 8 * 1024 * 1024

    /// The most that one answer holds of one partition. Default 1 MiB; 1 KiB to ``maxBytes``. A batch that is larger
    /// comes nevertheless.
    public var maxPartitionBytes = 1024 * 1024

    /// Memory for what is fetched ahead of the application, in bytes. Default 64 MiB; at least ``maxBytes``.
    public var bufferBytes = 64 * 1024 * 1024

    /// Where this consumer runs, in the terms of the brokers' `broker.rack`: with `replica.selector=rack` it reads from
    /// an in-sync replica there, and from the leader while there is none. What it sees, and in which order, is the same;
    /// new records come a little later. Default nil: from leaders only.
    public var rack: String?

    /// The group to share partitions in, by ``Consumer/subscribe(topics:)``. Nil: none; partitions are assigned by hand.
    public var group: ConsumerGroup?

    public init(client: ClientConfiguration) {
        self.client = client
    }

    /// One broker at "host:port"; nil if `bootstrap` cannot be read as such.
    public init?(_ bootstrap: String) {
        guard let client = ClientConfiguration(bootstrap) else { return nil }
        self.init(client: client)
    }

    func validate() throws(MartletError) {
        try client.validate()
        try Setting.check("maxWait", maxWait, within: .zero ... .seconds(60))
        try Setting.require(maxWait < client.requestTimeout, "maxWait", "must be less than requestTimeout")
        try Setting.check("maxBytes", maxBytes, within: 1024...256 * 1024 * 1024)
        try Setting.check("minBytes", minBytes, within: 1...maxBytes)
        try Setting.check("maxPartitionBytes", maxPartitionBytes, within: 1024...maxBytes)
        try Setting.check("bufferBytes", bufferBytes, within: maxBytes...Int.max)
        try group?.validate()
        if case .ago(let duration) = reset {
            try Setting.require(duration >= .zero, "reset", "goes back by a negative time")
        }
    }
}
