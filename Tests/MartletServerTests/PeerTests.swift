import Logging
import MartletBroker
import MartletCore
import MartletMetadata
import MartletProtocol
import MartletRPC
import MartletTestSupport
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MartletServer

/// A broker's way to another, over sockets; what stands behind the other's listener is made up.
@Suite("A peer")
struct PeerTests {
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let topic = TopicID(high: 7, low: 9)

    private struct Other {
        let transport: RPCPeerTransport
        let address: PeerAddress
        let server: RPCServer
        let made: MadeUpBroker

        func peer() throws -> RPCPeer { try #require(transport.peer(address) as? RPCPeer) }
    }

    private static func with(_ body: (Other) async throws -> Void) async throws {
        let made = MadeUpBroker()
        let server = RPCServer(
            options: RPCServerOptions { HelloResponse(clusterID: "c") }, services: [.records(made), .replicas(made)],
            group: loops, logger: quiet)
        let bound = try await server.bind(host: "127.0.0.1", port: 0)
        let transport = RPCPeerTransport(group: loops, brokerID: 1) { "c" }
        let address = PeerAddress(
            broker: 2, startEpoch: 5, host: "127.0.0.1", port: UInt16(try #require(bound.port)))
        do {
            try await body(Other(transport: transport, address: address, server: server, made: made))
        } catch {
            await server.shutdown(grace: .zero)
            throw error
        }
        await server.shutdown(grace: .zero)
    }

    private static func fetch(
        _ peer: RPCPeer, partitions: Int32 = 3, timeout: Duration = .seconds(20)
    ) async -> Result<PeerFetchAnswer, BrokerError> {
        let query = FetchQuery(
            replica: ReplicaIdentity(broker: 1, startEpoch: 4), maxWait: .milliseconds(250), minBytes: 1,
            maxBytes: 1 << 20,
            items: (0..<partitions).map {
                FetchItem(
                    topicID: topic, partition: $0, leaderEpoch: 3, fetchOffset: 10, lastFetchedEpoch: 2,
                    maxBytes: 1 << 16, logStartOffset: 6, durableOffset: 8, condition: .toBeCopied,
                    foundDamage: true)
            })
        return await withCheckedContinuation { done in
            peer.loop.execute { peer.fetch(query, inBulk: false, timeout: timeout) { done.resume(returning: $0) } }
        }
    }

    @Test("a fetch says who fetches and how far the copies are, and gets each partition's records and errors")
    func fetches() async throws {
        try await Self.with { other in
            let peer = try other.peer()
            defer { peer.close() }
            let answer = try await Self.fetch(peer).get()
            let request = try #require(other.made.lastFetch)
            #expect(request.replica == FetchReplica(brokerID: 1, startEpoch: 4))
            #expect(request.maxWaitMs == 250)
            let asked = try #require(request.partitions.last)
            #expect(asked.topicID == Self.topic.bytes)
            #expect((asked.partition, asked.leaderEpoch, asked.fetchOffset) == (2, 3, 10))
            #expect((asked.lastFetchedEpoch, asked.logStartOffset, asked.durableOffset) == (2, 6, 8))
            #expect(asked.mustBeCopied && !asked.isUnderRepair && asked.foundDamage)

            #expect(answer.items.map(\.index) == [0, 1, 2])
            guard case .records(let first) = answer.items[0].content,
                case .failure(let refusal) = answer.items[1].content,
                case .diverging(let end) = answer.items[2].content
            else {
                Issue.record("not what the other broker said: \(answer.items)")
                return
            }
            #expect(first == 0..<4)
            #expect(Array(answer.records.readableBytesView) == [1, 2, 3, 4])
            #expect((answer.items[0].highWatermark, answer.items[0].logStartOffset) == (12, 6))
            #expect(answer.items[0].mayHaveGaps)
            #expect(refusal.code == .fencedLeaderEpoch)
            #expect(refusal.leader == MartletBroker.LeaderHint(brokerID: 9, leaderEpoch: 4))
            #expect(end == MartletBroker.EpochEnd(leaderEpoch: 1, endOffset: 7))
        }
    }

    @Test("an answer about a partition that was not asked for is an error, not a trap")
    func contradiction() async throws {
        try await Self.with { other in
            let peer = try other.peer()
            defer { peer.close() }
            let answer = await Self.fetch(peer, partitions: 1)
            guard case .failure(let error) = answer else {
                Issue.record("taken: \(answer)")
                return
            }
            #expect(error.code == .unknownServerError)
        }
    }

    @Test("durable offsets arrive without an answer, and calls to the controller with one")
    func control() async throws {
        try await Self.with { other in
            let peer = try other.peer()
            defer { peer.close() }
            let id = TopicIDPartition(topicID: Self.topic, partition: 1)
            peer.reportDurable(
                DurableReport(
                    replica: ReplicaIdentity(broker: 1, startEpoch: 4),
                    items: [.init(id: id, leaderEpoch: 3, durableOffset: 11)]))
            // A call made while the connection comes up may overtake it.
            let report = try #require(await other.made.firstReport(within: .seconds(20)))
            #expect(report.partitions.map(\.durableOffset) == [11])
            #expect(await peer.reachable(of: [1, 3], timeout: .seconds(20)) == [3])
            await peer.reportDeath(PartitionLeader(broker: 3, startEpoch: 8))
            #expect(other.made.deaths == [ReportDeathRequest(brokerID: 3, startEpoch: 8)])
            let move = MoveRequest(
                leader: ReplicaIdentity(broker: 1, startEpoch: 4), items: [.init(id: id, leaderEpoch: 3)])
            guard case .failure(let error) = await peer.requestMove(move, timeout: .seconds(20)) else {
                Issue.record("taken, though it is not the controller")
                return
            }
            #expect(error.code == .notController)
            let repair = RepairQuery(id: id, offsets: 4..<9, maxBytes: 100)
            #expect(try await peer.readForRepair(repair, timeout: .seconds(20)).get() == ByteBuffer(bytes: [5, 6]))
        }
    }

    @Test("a run that ended is reported, once for all calls that fail with it, and a peer that was closed never")
    func death() async throws {
        try await Self.with { other in
            let deaths = Mutex<[PartitionLeader]>([])
            other.transport.onDeath { run in deaths.withLock { $0.append(run) } }
            let peer = try other.peer()
            _ = await Self.fetch(peer)
            await other.server.shutdown(grace: .zero)
            #expect(await other.transport.dial(other.address, timeout: .seconds(5)) == .refused)
            for _ in 0..<3 {
                guard case .failure(let error) = await Self.fetch(peer, timeout: .milliseconds(50)) else {
                    Issue.record("an answer from nobody")
                    return
                }
                #expect(error.code == .brokerUnavailable)
            }
            #expect(Set(deaths.withLock { $0 }) == [PartitionLeader(broker: 2, startEpoch: 5)])
            let reported = deaths.withLock { $0.count }
            peer.close()
            _ = await Self.fetch(peer)
            #expect(deaths.withLock { $0.count } == reported)
        }
    }

    @Test("a broker that is up accepts a dial, and one of another cluster does, too")
    func dial() async throws {
        try await Self.with { other in
            #expect(await other.transport.dial(other.address, timeout: .seconds(5)) == .accepted)
            let stranger = RPCPeerTransport(group: Self.loops, brokerID: 1) { "another" }
            #expect(await stranger.dial(other.address, timeout: .seconds(5)) == .accepted)
        }
    }

    @Test("a process that is stopped answers no dial, though its host takes the connection")
    func dialStopped() async throws {
        // Nobody reads what comes: what a stopped process looks like from outside.
        let silent = try await ServerBootstrap(group: Self.loops)
            .bind(host: "127.0.0.1", port: 0).get()
        let address = PeerAddress(
            broker: 2, startEpoch: 5, host: "127.0.0.1", port: UInt16(try #require(silent.localAddress?.port)))
        let transport = RPCPeerTransport(group: Self.loops, brokerID: 1) { "c" }
        #expect(await transport.dial(address, timeout: .milliseconds(100)) == .noAnswer)
        try await silent.close()
    }

    @Test("after a call that nobody answered the next one goes over a new connection")
    func silence() async throws {
        try await Self.with { other in
            let peer = try other.peer()
            defer { peer.close() }
            _ = try await Self.fetch(peer).get()
            other.made.isSilent = true
            guard case .failure(let error) = await Self.fetch(peer, timeout: .milliseconds(50)) else {
                Issue.record("an answer from a silent broker")
                return
            }
            #expect(error.code == .requestTimedOut)
            let before = other.server.stats.connectionsAccepted
            other.made.isSilent = false
            _ = try await Self.fetch(peer).get()
            #expect(other.server.stats.connectionsAccepted == before + 1)
        }
    }
}

/// Keeps what it was asked and says what it says always.
private final class MadeUpBroker: RecordsService, ReplicasService {
    private struct State: Sendable {
        var isSilent = false
        var lastFetch: FetchRequest?
        var report: ReportDurableRequest?
        var deaths: [ReportDeathRequest] = []
    }

    private let state = Watched(State())

    var isSilent: Bool {
        get { state.value.isSilent }
        set { state.update { $0.isSilent = newValue } }
    }
    var lastFetch: FetchRequest? { state.value.lastFetch }
    var deaths: [ReportDeathRequest] { state.value.deaths }

    /// Nil when none comes.
    func firstReport(within limit: Duration) async -> ReportDurableRequest? {
        await state.wait(within: limit) { $0.report }
    }

    func fetch(_ request: FetchRequest, attachment: ByteBuffer, call: ServerCall<FetchResponse>) {
        let isSilent = state.update { state in
            state.lastFetch = request
            return state.isSilent
        }
        if isSilent { return }
        call.reply(
            FetchResponse(partitions: [
                FetchPartitionResult(
                    index: 0, highWatermark: 12, logStartOffset: 6, batchBytes: 4, mayHaveGaps: true),
                FetchPartitionResult(
                    index: 1, error: ErrorCode.fencedLeaderEpoch.rawValue, message: "moved on",
                    leader: MartletProtocol.LeaderHint(brokerID: 9, leaderEpoch: 4)),
                FetchPartitionResult(
                    index: 2, diverging: MartletProtocol.EpochEnd(leaderEpoch: 1, endOffset: 7)),
            ]), attachment: [.bytes(ByteBuffer(bytes: [1, 2, 3, 4]))])
    }

    func reportDurable(
        _ request: ReportDurableRequest, attachment: ByteBuffer, call: ServerCall<ReportDurableResponse>
    ) {
        state.update { $0.report = request }
        call.reply(ReportDurableResponse())
    }

    func readBatches(_ request: ReadBatchesRequest, attachment: ByteBuffer, call: ServerCall<ReadBatchesResponse>) {
        call.reply(ReadBatchesResponse(), attachment: [.bytes(ByteBuffer(bytes: [5, 6]))])
    }

    func reportDeath(_ request: ReportDeathRequest, attachment: ByteBuffer, call: ServerCall<ReportDeathResponse>) {
        state.update { $0.deaths.append(request) }
        call.reply(ReportDeathResponse())
    }

    func requestMove(_ request: RequestMoveRequest, attachment: ByteBuffer, call: ServerCall<RequestMoveResponse>) {
        call.fail(RPCFailure(.failedPrecondition, error: .notController, "broker 3 is"))
    }

    func reachable(_ request: ReachableRequest, attachment: ByteBuffer, call: ServerCall<ReachableResponse>) {
        call.reply(ReachableResponse(brokerIDs: request.brokerIDs.filter { $0 == 3 }))
    }

    func replicaStates(
        _ request: ReplicaStatesRequest, attachment: ByteBuffer, call: ServerCall<ReplicaStatesResponse>
    ) {
        call.reply(ReplicaStatesResponse())
    }

    func produce(_ request: ProduceRequest, attachment: ByteBuffer, call: ServerCall<ProduceResponse>) {
        call.reply(ProduceResponse())
    }

    func listOffsets(
        _ request: ListOffsetsRequest, attachment: ByteBuffer, call: ServerCall<ListOffsetsResponse>
    ) {
        call.reply(ListOffsetsResponse())
    }

    func initProducerID(
        _ request: InitProducerIdRequest, attachment: ByteBuffer, call: ServerCall<InitProducerIdResponse>
    ) {
        call.reply(InitProducerIdResponse())
    }
}
