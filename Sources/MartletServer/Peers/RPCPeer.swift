internal import MartletBroker
internal import MartletCore
internal import MartletMetadata
internal import MartletProtocol
internal import MartletRPC
internal import NIOCore
internal import Synchronization

/// One run of another broker, over three connections (RULES 29): fetched records on the first, those of replicas that are far
/// behind on the second, all that must not wait behind records on the third. Each is opened when it is needed.
final class RPCPeer: Peer {
    let loop: any EventLoop
    private let address: PeerAddress
    private let data: ReconnectingConnection
    private let bulk: ReconnectingConnection
    private let control: ReconnectingConnection
    private let onDeath: @Sendable (PartitionLeader) -> Void
    private let fate = Mutex(Fate())

    private struct Fate {
        var isClosed = false
        var reported: NIODeadline?
    }

    /// All connections live on `loop`. `onDeath` is told when the run that the peer is seems to have ended.
    init(
        address: PeerAddress, options: RPCConnectionOptions, loop: any EventLoop,
        onDeath: @escaping @Sendable (PartitionLeader) -> Void
    ) {
        self.address = address
        self.loop = loop
        self.onDeath = onDeath
        let backoff = Backoff(first: .milliseconds(20), longest: .seconds(1))
        let connection = {
            ReconnectingConnection(
                host: address.host, port: Int(address.port), options: options, backoff: backoff, group: loop)
        }
        data = connection()
        bulk = connection()
        control = connection()
    }

    func fetch(
        _ query: FetchQuery, inBulk: Bool, timeout: Duration,
        reply: @escaping @Sendable (Result<PeerFetchAnswer, BrokerError>) -> Void
    ) {
        loop.preconditionInEventLoop()
        let connection = inBulk ? bulk : data
        connection.start(RecordsClient.Method.fetch, FetchRequest(query), attachment: [], timeout: timeout) {
            [self] (result: Result<RPCReply<FetchResponse>, RPCFailure>) in
            switch result {
            case .success(let answer):
                reply(PeerFetchAnswer.make(answer, items: query.items.count, from: address))
            case .failure(let failure):
                note(failure, on: connection)
                reply(.failure(BrokerError(failure)))
            }
        }
    }

    func reportDurable(_ report: DurableReport) {
        control.sendOneWay(
            ReplicasClient.Method.reportDurable, ReportDurableRequest(report), attachment: [], written: { _ in })
    }

    func readForRepair(_ query: RepairQuery, timeout: Duration) async -> Result<ByteBuffer, BrokerError> {
        await call { control throws(RPCFailure) in
            let request = ReadBatchesRequest(
                topicID: query.id.topicID.bytes, partition: query.id.partition, offset: query.offsets.lowerBound,
                endOffset: query.offsets.upperBound, maxBytes: UInt32(clamping: query.maxBytes))
            let answer = try await ReplicasClient(caller: control).readBatches(request, timeout: timeout)
            guard answer.message.error == 0 else {
                throw RPCFailure(
                    .ok, error: ErrorCode(rawValue: answer.message.error) ?? .unknownServerError,
                    answer.message.message)
            }
            return answer.attachment
        }
    }

    func requestMove(_ request: MoveRequest, timeout: Duration) async -> Result<Void, BrokerError> {
        await call { control throws(RPCFailure) in
            _ = try await ReplicasClient(caller: control).requestMove(RequestMoveRequest(request), timeout: timeout)
        }
    }

    func reportDeath(_ run: PartitionLeader) async {
        _ = await call { control throws(RPCFailure) in
            let request = ReportDeathRequest(brokerID: run.broker, startEpoch: run.startEpoch)
            _ = try await ReplicasClient(caller: control).reportDeath(request, timeout: Self.reportTimeout)
        }
    }

    /// Sessions find out soon after what a report could not tell.
    private static let reportTimeout = Duration.seconds(2)

    func reachable(of brokers: [BrokerID], timeout: Duration) async -> [BrokerID]? {
        let answer = await call { control throws(RPCFailure) in
            try await ReplicasClient(caller: control).reachable(ReachableRequest(brokerIDs: brokers), timeout: timeout)
        }
        return try? answer.get().message.brokerIDs
    }

    func close() {
        fate.withLock { $0.isClosed = true }
        data.close()
        bulk.close()
        control.close()
    }

    private func call<Value: Sendable>(
        _ body: (ReconnectingConnection) async throws(RPCFailure) -> Value
    ) async -> Result<Value, BrokerError> {
        do throws(RPCFailure) {
            return .success(try await body(control))
        } catch {
            note(error, on: control)
            return .failure(BrokerError(error))
        }
    }

    /// What a failed call says of the other end.
    private func note(_ failure: RPCFailure, on connection: ReconnectingConnection) {
        switch failure.status {
        case .deadlineExceeded:
            // The connection's other end may be cut off. TCP would try it again only after minutes, long after the network has
            // healed: the next call dials anew.
            connection.drop()
        case .unavailable:
            reportDeath()
        default:
            break
        }
    }

    /// A connection that broke or was refused: the run may have ended. Whoever hears of it makes sure (RULES 21).
    private func reportDeath() {
        let now = NIODeadline.now()
        let isDue = fate.withLock { fate in
            guard !fate.isClosed, fate.reported.map({ now - $0 >= Self.reportInterval }) ?? true else { return false }
            fate.reported = now
            return true
        }
        if isDue { onDeath(PartitionLeader(broker: address.broker, startEpoch: address.startEpoch)) }
    }

    /// All open calls fail at once when a connection breaks; one report of it is enough.
    private static let reportInterval = TimeAmount.milliseconds(500)
}

extension BrokerError {
    /// A peer's refusal, or what became of the connection to it.
    fileprivate init(_ failure: RPCFailure) {
        let code: ErrorCode =
            switch (failure.error, failure.status) {
            case (.none, .deadlineExceeded): .requestTimedOut
            case (.none, .unavailable): .brokerUnavailable
            case (.none, _): .unknownServerError
            case (let error, _): error
            }
        self.init(code, failure.message)
    }
}
