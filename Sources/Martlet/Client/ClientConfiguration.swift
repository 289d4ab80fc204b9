/// How to reach a cluster; part of the configuration of producers, consumers and admin clients.
public struct ClientConfiguration: Sendable {
    /// Brokers to ask first, tried in turn until one answers; the others are learnt from it. At least one.
    public var bootstrap: [BrokerAddress]

    /// What brokers call this program in their logs. 1 to 255 bytes of UTF-8. Default: "martlet-swift".
    public var clientName = "martlet-swift"

    /// How long one attempt to connect may take. Default 5 s; 10 ms to 5 minutes.
    public var connectTimeout = Duration.seconds(5)

    /// How long a broker may take to answer one request before the connection's call is given up and tried again.
    /// Default 30 s; 10 ms to 10 minutes.
    public var requestTimeout = Duration.seconds(30)

    /// How long an operation of the admin client, a lookup of a topic or of an offset is tried again, over failures
    /// that may pass, before it is given up. Default 60 s; 10 ms to 1 hour.
    public var operationTimeout = Duration.seconds(60)

    /// The wait before the first new attempt; it doubles with every failure in a row, with jitter. Default 50 ms; 1
    /// ms to ``retryBackoffMax``.
    public var retryBackoff = Duration.milliseconds(50)

    /// The longest wait between attempts. Default 1 s; at most 5 minutes.
    public var retryBackoffMax = Duration.seconds(1)

    /// How old knowledge of a topic's partitions and leaders may grow while nothing fails: this is how soon added
    /// partitions are noticed. Default 5 minutes; at least 100 ms.
    public var metadataMaxAge = Duration.seconds(300)

    /// The thread that the connections live on. Default nil: one of the process's event loops, in turn.
    public var loop: ClientLoop?

    public init(bootstrap: [BrokerAddress]) {
        self.bootstrap = bootstrap
    }

    /// One broker at "host:port"; nil if `bootstrap` cannot be read as such.
    public init?(_ bootstrap: String) {
        guard let address = BrokerAddress(bootstrap) else { return nil }
        self.init(bootstrap: [address])
    }

    var backoff: Backoff { Backoff(first: retryBackoff, most: retryBackoffMax) }

    func validate() throws(MartletError) {
        try Setting.require(!bootstrap.isEmpty, "bootstrap", "needs at least one broker's address")
        for address in bootstrap {
            try Setting.require(
                !address.host.isEmpty && (1...65535).contains(address.port), "bootstrap",
                "holds \(address), which is not an address: write host:port")
        }
        try Setting.check("clientName", bytes: clientName.utf8.count, within: 1...255)
        try Setting.check("connectTimeout", connectTimeout, within: .milliseconds(10) ... .seconds(300))
        try Setting.check("requestTimeout", requestTimeout, within: .milliseconds(10) ... .seconds(600))
        try Setting.check("operationTimeout", operationTimeout, within: .milliseconds(10) ... .seconds(3600))
        try Setting.check("retryBackoffMax", retryBackoffMax, within: .milliseconds(1) ... .seconds(300))
        try Setting.check("retryBackoff", retryBackoff, within: .milliseconds(1)...retryBackoffMax)
        try Setting.check("metadataMaxAge", metadataMaxAge, within: .milliseconds(100) ... .seconds(86_400 * 365))
    }
}
