public import MartletCore

/// When a record counts as delivered. What "has it" means on each broker is the topic's `flush` setting.
public enum Acks: Sendable, Hashable {
    /// Nothing is waited for: a record counts once its bytes are in the socket. It may be lost, and its offset is
    /// unknown.
    case none
    /// The partition's leader has it.
    case leader
    /// Every in-sync replica has it. The default.
    case all
}

/// The settings of a ``Producer``.
public struct ProducerConfiguration: Sendable {
    /// How to reach the cluster.
    public var client: ClientConfiguration

    /// When a record counts as delivered. Default: ``Acks/all``.
    public var acks = Acks.all

    /// Whether brokers recognise a batch that is sent twice, so that retries neither repeat nor reorder records.
    /// Default true. Without it a retry may do both. Not used with ``Acks/none``, where nothing is tried again.
    public var isIdempotent = true

    /// A batch is sent once it holds this much, in bytes before compression. Default 256 KiB; 1 to 16 MiB - 1 KiB.
    /// Large batches cost no latency: a partition with nothing in flight sends what it has at once.
    public var batchBytes = 256 * 1024

    /// The largest batch that topics take, in bytes; a record that does not fit is refused. Keep it equal to the
    /// topics' `max.message.bytes`. Default 1,048,588; at least 1 KiB, at most 16 MiB - 1 KiB.
    public var maxMessageBytes = 1_048_588

    /// How long a batch that is not full waits for more records while nothing of its partition is in flight. Default
    /// 0; at most 60 s.
    public var linger = Duration.zero

    /// How batches are compressed, on the way and in the log: `none`, the default, or `lz4`. A batch that does not
    /// get smaller is sent as it is.
    public var compression = Compression.none

    /// Who chooses the partition of a record for which none is given. Default: ``Partitioner/sticky``.
    public var partitioner = Partitioner.sticky

    /// Memory for records that are not delivered yet, in bytes; `send`
    /// suspends when it is used up. Default 32 MiB; at least ``maxMessageBytes``.
    public var bufferBytes = 32 * 1024 * 1024

    /// Batches of one partition that may be unanswered at a time. Default 5; 1 to 5 (brokers remember five per
    /// producer).
    public var maxInFlightPerPartition = 5

    /// Requests that may be unanswered at a time on one connection. Default 8; 1 to 128.
    public var maxInFlightPerBroker = 8

    /// The most record bytes that go into one request. Default 8 MiB; at least ``maxMessageBytes``, at most 16 MiB.
    public var maxRequestBytes = 8 * 1024 * 1024

    /// How long a record may take from being accepted until it is delivered or has failed, retries included. Default
    /// 120 s; at least ``linger`` + ``ClientConfiguration/requestTimeout``.
    public var deliveryTimeout = Duration.seconds(120)

    public init(client: ClientConfiguration) {
        self.client = client
    }

    /// One broker at "host:port"; nil if `bootstrap` cannot be read as such.
    public init?(_ bootstrap: String) {
        guard let client = ClientConfiguration(bootstrap) else { return nil }
        self.init(client: client)
    }

    /// Whether producer ids and sequences are used.
    var usesSequences: Bool { isIdempotent && acks != .none }

    func validate() throws(MartletError) {
        try client.validate()
        let largestBatch = 16 * 1024 * 1024 - 1024
        try Setting.check("batchBytes", batchBytes, within: 1...largestBatch)
        try Setting.check("maxMessageBytes", maxMessageBytes, within: 1024...largestBatch)
        try Setting.require(
            compression.isSupported, "compression", "is \(compression); this library writes none and lz4")
        try Setting.check("linger", linger, within: .zero ... .seconds(60))
        try Setting.check("bufferBytes", bufferBytes, within: maxMessageBytes...Int.max)
        try Setting.check("maxInFlightPerPartition", maxInFlightPerPartition, within: 1...5)
        try Setting.check("maxInFlightPerBroker", maxInFlightPerBroker, within: 1...128)
        try Setting.check("maxRequestBytes", maxRequestBytes, within: maxMessageBytes...16 * 1024 * 1024)
        try Setting.check(
            "deliveryTimeout", deliveryTimeout, within: linger + client.requestTimeout ... .seconds(86_400 * 365))
    }
}
