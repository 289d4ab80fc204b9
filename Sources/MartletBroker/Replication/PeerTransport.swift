package import MartletCore
package import MartletMetadata
package import NIOCore

/// Where one run of a broker answers.
package struct PeerAddress: Sendable, Hashable {
    package var broker: BrokerID
    package var startEpoch: StartEpoch
    package var host: String
    package var port: UInt16

    package init(broker: BrokerID, startEpoch: StartEpoch, host: String, port: UInt16) {
        self.broker = broker
        self.startEpoch = startEpoch
        self.host = host
        self.port = port
    }
}

/// What became of a connection to a broker that may be dead.
package enum DialOutcome: Sendable, Hashable {
    /// A process answered.
    case accepted
    /// The host answers, and nobody listens: the process is gone.
    case refused
    /// The host is away, or the process is stopped.
    case noAnswer
}

/// Reaches other brokers. No wire types here: a listener's protocol implements it, and tests do in one process.
package protocol PeerTransport: Sendable {
    /// Cheap: connects when it is first used, and again after failures, backing off. Whoever made it closes it.
    func peer(_ address: PeerAddress) -> any Peer
    /// Connects, waits for a greeting, and hangs up (RULES 21). `timeout` is for each of the first two.
    func dial(_ address: PeerAddress, timeout: Duration) async -> DialOutcome
}

/// Another broker, over a connection for fetching, one for fetching what replicas are far behind by, so that nobody else's
/// answers wait behind it, and one for everything else (RULES 29).
package protocol Peer: AnyObject, Sendable {
    /// Of the fetching connections; the same for the peer's life.
    var loop: any EventLoop { get }

    /// Call it on ``loop``. `reply` runs there, once, in a later tick; after a failure of the connection too.
    ///
    /// - Parameter inBulk: over the connection for replicas that are far behind.
    func fetch(
        _ query: FetchQuery, inBulk: Bool, timeout: Duration,
        reply: @escaping @Sendable (Result<PeerFetchAnswer, BrokerError>) -> Void
    )
    /// Any thread. Lost when there is no connection: the next fetch says the same.
    func reportDurable(_ report: DurableReport)
    /// Whole batches as they lie in the peer's log.
    func readForRepair(_ query: RepairQuery, timeout: Duration) async -> Result<ByteBuffer, BrokerError>
    /// To the broker that is the controller.
    func requestMove(_ request: MoveRequest, timeout: Duration) async -> Result<Void, BrokerError>
    /// To the broker that is the controller: this run seems to have ended. Best effort (RULES 21).
    func reportDeath(_ run: PartitionLeader) async
    /// Which of these the broker reaches itself; nil when it did not answer (RULES 20).
    func reachable(of brokers: [BrokerID], timeout: Duration) async -> [BrokerID]?
    /// Any thread. What is open fails.
    func close()
}

/// What a leader said to a follower's fetch.
package struct PeerFetchAnswer: Sendable {
    package var items: [PeerFetchItem]
    /// The records of all items.
    package var records: ByteBuffer
    /// What the leader does for clients.
    package var live: LiveTraffic

    package init(items: [PeerFetchItem], records: ByteBuffer, live: LiveTraffic) {
        self.items = items
        self.records = records
        self.live = live
    }
}

package struct PeerFetchItem: Sendable {
    package enum Content: Sendable {
        /// Whole batches: where they lie, counted from the records' reader index.
        case records(Range<Int>)
        case nothing
        case diverging(EpochEnd)
        case failure(BrokerError)
    }

    /// Which of the query's items.
    package var index: Int
    /// Of the leader. -1 after an error, as the next.
    package var highWatermark: Offset
    package var logStartOffset: Offset
    /// The leader's log was compacted: its batches need not follow each other without gaps.
    package var mayHaveGaps: Bool
    package var content: Content

    package init(
        index: Int, highWatermark: Offset, logStartOffset: Offset, mayHaveGaps: Bool, content: Content
    ) {
        self.index = index
        self.highWatermark = highWatermark
        self.logStartOffset = logStartOffset
        self.mayHaveGaps = mayHaveGaps
        self.content = content
    }
}
