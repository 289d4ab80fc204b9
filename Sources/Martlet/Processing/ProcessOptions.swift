/// How ``Consumer/process(concurrency:options:_:)`` treats records.
public struct ProcessOptions: Sendable {
    /// What becomes of a record whose every attempt has failed.
    public enum LastFailure: Sendable {
        /// The work ends and throws the record's error. The record is not committed: it comes again.
        case stop
        /// It counts as processed. The failure is logged and counted.
        case skip
        /// The record is sent to another topic, with its key, value and headers, and counts as processed once that is
        /// acknowledged. Headers are added: `martlet-source-topic`, `martlet-source-partition`, `martlet-source-offset`,
        /// `martlet-attempts` and `martlet-error`, all text. When it cannot be sent, the work ends as with ``stop``.
        /// The producer is not closed.
        case deadLetter(topic: String, Producer)
    }

    /// How often a record is tried before its failure is the last. Default 3; 1 to 1,000.
    public var attempts = 3

    /// The wait before the second attempt; it doubles with every further one, with jitter. Records of other keys go on
    /// meanwhile, in the other workers. Default 100 ms; 0 to ``retryBackoffMax``.
    public var retryBackoff = Duration.milliseconds(100)

    /// The longest wait between attempts. Default 10 s; at most 10 minutes.
    public var retryBackoffMax = Duration.seconds(10)

    /// Default: stop.
    public var lastFailure = LastFailure.stop

    /// Records that wait for a worker or are being worked on; beyond them no more are taken. Default 1,000; at least as
    /// many as there are workers, at most 1,000,000.
    public var inFlightMax = 1000

    public init() {}

    func validate(concurrency: Int) throws(MartletError) {
        try Setting.check("concurrency", concurrency, within: 1...10_000)
        try Setting.check("attempts", attempts, within: 1...1_000)
        try Setting.check("retryBackoffMax", retryBackoffMax, within: .zero ... .seconds(600))
        try Setting.check("retryBackoff", retryBackoff, within: .zero...retryBackoffMax)
        try Setting.check("inFlightMax", inFlightMax, within: concurrency...1_000_000)
    }
}
