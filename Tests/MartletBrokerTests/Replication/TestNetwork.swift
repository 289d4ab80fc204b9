import Foundation
import MartletCore
import MartletMetadata
import MartletStorage
import NIOCore
import NIOPosix
import Synchronization

@testable import MartletBroker

/// Brokers in one process that reach each other by calls, except where a test has cut them off.
final class TestNetwork: Sendable {
    struct Link: Hashable {
        var from: BrokerID
        var to: BrokerID
    }

    private struct State {
        var brokers: [ReplicaIdentity: Broker] = [:]
        var cuts: Set<Link> = []
        var silent: Set<ReplicaIdentity> = []
        var gone: Set<ReplicaIdentity> = []
        var fetchItems: [Int] = []
        var bulkFetchBytes: [Int] = []
    }

    private let state = Mutex(State())

    func join(_ broker: Broker, as replica: ReplicaIdentity) {
        state.withLock { $0.brokers[replica] = broker }
    }

    /// The process is gone: whoever calls it fails.
    func leave(_ replica: ReplicaIdentity) {
        state.withLock { state in
            state.brokers[replica] = nil
            state.gone.insert(replica)
        }
    }

    /// Nothing passes between the two, in neither direction.
    func cut(_ one: BrokerID, _ other: BrokerID) {
        state.withLock { $0.cuts.formUnion([Link(from: one, to: other), Link(from: other, to: one)]) }
    }

    func heal() {
        state.withLock { $0.cuts = [] }
    }

    /// Dials of this run are neither answered nor refused.
    func silence(_ replica: ReplicaIdentity) {
        state.withLock { _ = $0.silent.insert(replica) }
    }

    /// Nothing answers for a process that is gone but its host, and nothing that runs is heard through a cut. A broker
    /// listens before it joins.
    fileprivate func dial(_ address: PeerAddress, from broker: BrokerID) -> DialOutcome {
        state.withLock { state in
            let run = ReplicaIdentity(broker: address.broker, startEpoch: address.startEpoch)
            if state.silent.contains(run) { return .noAnswer }
            if state.gone.contains(run) { return .refused }
            return state.cuts.contains(Link(from: broker, to: address.broker)) ? .noAnswer : .accepted
        }
    }

    /// How many partitions each fetch asked for, so far.
    var fetchItems: [Int] { state.withLock { $0.fetchItems } }

    /// What each fetch for replicas that are far behind asked for at most, so far.
    var bulkFetchBytes: [Int] { state.withLock { $0.bulkFetchBytes } }

    fileprivate func fetchesInBulk(_ query: FetchQuery) {
        state.withLock { $0.bulkFetchBytes.append(query.maxBytes) }
    }

    fileprivate func reach(_ address: PeerAddress, from broker: BrokerID, items: Int? = nil) -> Broker? {
        state.withLock { state in
            if let items { state.fetchItems.append(items) }
            guard !state.cuts.contains(Link(from: broker, to: address.broker)) else { return nil }
            return state.brokers[ReplicaIdentity(broker: address.broker, startEpoch: address.startEpoch)]
        }
    }

    func transport(of broker: BrokerID) -> TestTransport {
        TestTransport(network: self, broker: broker)
    }
}

struct TestTransport: PeerTransport {
    let network: TestNetwork
    let broker: BrokerID

    func peer(_ address: PeerAddress) -> any Peer {
        TestPeer(network: network, own: broker, address: address, loop: BrokerHarness.group.next())
    }

    func dial(_ address: PeerAddress, timeout: Duration) async -> DialOutcome {
        network.dial(address, from: broker)
    }
}

final class TestPeer: Peer {
    let loop: any EventLoop
    private let network: TestNetwork
    private let own: BrokerID
    private let address: PeerAddress

    init(network: TestNetwork, own: BrokerID, address: PeerAddress, loop: any EventLoop) {
        self.network = network
        self.own = own
        self.address = address
        self.loop = loop
    }

    private var unreachable: BrokerError {
        BrokerError(.brokerUnavailable, "broker \(address.broker) cannot be reached")
    }

    func fetch(
        _ query: FetchQuery, inBulk: Bool, timeout: Duration,
        reply: @escaping @Sendable (Result<PeerFetchAnswer, BrokerError>) -> Void
    ) {
        loop.preconditionInEventLoop()
        if inBulk { network.fetchesInBulk(query) }
        guard let broker = network.reach(address, from: own, items: query.items.count) else {
            loop.execute { reply(.failure(self.unreachable)) }
            return
        }
        _ = broker.fetch(query, on: loop) { outcomes in
            self.loop.execute {
                // An answer does not pass a cut either.
                guard self.network.reach(self.address, from: self.own) != nil else {
                    return reply(.failure(self.unreachable))
                }
                reply(.success(Self.answer(outcomes, broker.liveTraffic)))
            }
        }
    }

    /// Reads what the outcomes point at, as a connection would send it.
    private static func answer(_ outcomes: [FetchOutcome], _ live: LiveTraffic) -> PeerFetchAnswer {
        var records = ByteBuffer()
        let items = outcomes.map { outcome -> PeerFetchItem in
            let content: PeerFetchItem.Content
            switch outcome.content {
            case .records(let read):
                let start = records.readableBytes
                records.writeWithUnsafeMutableBytes(minimumWritableBytes: read.count) {
                    pread(read.lease.descriptor, $0.baseAddress, read.count, off_t(read.filePosition))
                }
                content = .records(start..<records.readableBytes)
            case .nothing, .nearer: content = .nothing
            case .diverging(let end): content = .diverging(end)
            case .failure(let error): content = .failure(error)
            }
            return PeerFetchItem(
                index: outcome.index, highWatermark: outcome.highWatermark, logStartOffset: outcome.logStartOffset,
                mayHaveGaps: outcome.mayHaveGaps, content: content)
        }
        return PeerFetchAnswer(items: items, records: records, live: live)
    }

    func reportDurable(_ report: DurableReport) {
        network.reach(address, from: own)?.reportDurable(report)
    }

    func readForRepair(_ query: RepairQuery, timeout: Duration) async -> Result<ByteBuffer, BrokerError> {
        guard let broker = network.reach(address, from: own) else { return .failure(unreachable) }
        return await withCheckedContinuation { continuation in
            broker.readForRepair(query, on: loop) { result in
                continuation.resume(
                    returning: result.map { reads in
                        var bytes = ByteBuffer()
                        for read in reads {
                            bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: read.count) {
                                pread(read.lease.descriptor, $0.baseAddress, read.count, off_t(read.filePosition))
                            }
                        }
                        return bytes
                    })
            }
        }
    }

    func requestMove(_ request: MoveRequest, timeout: Duration) async -> Result<Void, BrokerError> {
        network.reach(address, from: own)?.requestMove(request) ?? .failure(unreachable)
    }
    func reportDeath(_ run: PartitionLeader) async {}
    func reachable(of brokers: [BrokerID], timeout: Duration) async -> [BrokerID]? {
        try? await network.reach(address, from: own)?.reachable(of: brokers)
    }
    func close() {}
}
