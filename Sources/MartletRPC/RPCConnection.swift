import MartletCore
package import MartletProtocol
package import NIOCore
import NIOPosix
import Synchronization

/// A client's connection to one broker. Any thread.
///
/// When it closes, for whatever reason, every call on it fails with `.unavailable`; whether the broker has carried them
/// out is then unknown.
package final class RPCConnection: RPCCaller {
    /// "127.0.0.1:7400", as it was dialled.
    package let address: String
    /// The loop that completions run on.
    package let eventLoop: any EventLoop
    private let channel: any Channel
    private let handler: NIOLoopBound<ClientConnectionHandler>
    private let outbox: Outbox
    private let nextID = Atomic<UInt64>(1)
    private let greeting = Mutex(HelloResponse())

    private init(address: String, channel: any Channel, handler: NIOLoopBound<ClientConnectionHandler>, outbox: Outbox)
    {
        self.address = address
        self.channel = channel
        self.eventLoop = channel.eventLoop
        self.handler = handler
        self.unusable = handler.value.unusable.futureResult
        self.outbox = outbox
    }

    /// What the broker said of itself in answer to Hello.
    package var hello: HelloResponse { greeting.withLock { $0 } }

    /// False once the connection is closed or the broker has said that it goes away: new calls fail.
    package var isOpen: Bool { outbox.failure == nil }

    /// Ends when ``isOpen`` becomes false.
    package let unusable: EventLoopFuture<Void>

    /// Ends when the connection is closed.
    package var closed: EventLoopFuture<Void> { channel.closeFuture }

    // MARK: opening and closing

    /// Connects and says Hello. Fails with `.unavailable` when nobody answers, `.failedPrecondition` when the two do
    /// not fit together.
    package static func connect(
        host: String, port: Int, options: RPCConnectionOptions = RPCConnectionOptions(), group: any EventLoopGroup
    ) async throws(RPCFailure) -> RPCConnection {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let connection: RPCConnection
        do {
            connection = try await ClientBootstrap(group: group)
                .connectTimeout(options.connectTimeout)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try RPCConnection.setUp(channel, address: address, options: options)
                    }
                }
        } catch {
            throw RPCFailure(
                .unavailable, error: .brokerUnavailable,
                """
                cannot connect to a broker at \(address): \(reason(error)); \
                check that a broker runs there and that host and port are right
                """)
        }
        do {
            try await connection.sayHello(options)
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    static func setUp(_ channel: any Channel, address: String, options: RPCConnectionOptions) throws -> RPCConnection {
        let outbox = Outbox()
        let buffers = ReceiveBuffers(limits: options.limits, budget: options.budget)
        try ChannelTuning.apply(to: channel, buffers: buffers)
        let handler = ClientConnectionHandler(
            address: address, options: options, buffers: buffers, outbox: outbox, loop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(handler)
        return RPCConnection(
            address: address, channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
            outbox: outbox)
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? NIOConnectionError else { return NetworkReason.text(error) }
        return (error.connectionErrors.first?.error ?? error.dnsAError).map(NetworkReason.text)
            ?? "the name \(error.host) has no address"
    }

    private func sayHello(_ options: RPCConnectionOptions) async throws(RPCFailure) {
        let request = HelloRequest(
            versionMin: ProtocolVersion.lowest, versionMax: ProtocolVersion.highest,
            clientName: Array(options.clientName.utf8), clientVersion: options.clientVersion,
            clusterID: options.clusterID)
        let timeout = Duration.nanoseconds(options.connectTimeout.nanoseconds)
        let handler = handler
        let reply: RPCReply<HelloResponse> = try await call(
            ConnectionClient.Method.hello, request, attachment: [], timeout: timeout
        ) { reply in
            // Still on the loop: the first calls of whoever gets the connection cannot overtake this.
            handler.value.greeted(openCallsMax: Int(reply.message.limits?.openCallsMax ?? 1))
        }
        greeting.withLock { $0 = reply.message }
    }

    /// Closes at once; calls that wait fail.
    package func close() {
        let handler = handler
        eventLoop.execute { handler.value.close("this client has closed it") }
    }

    // MARK: calls

    package func start<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration,
        completion: @escaping @Sendable (Result<RPCReply<Response>, RPCFailure>) -> Void
    ) {
        start(nextCallID(), method, request, attachment: attachment, timeout: timeout, completion: completion)
    }

    private func nextCallID() -> UInt64 {
        nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    private func start<Request: WireMessage, Response: WireMessage>(
        _ id: UInt64, _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration,
        completion: @escaping @Sendable (Result<RPCReply<Response>, RPCFailure>) -> Void
    ) {
        let amount = TimeAmount(timeout)
        let head = RpcRequest(
            service: method.service, method: method.method,
            timeoutMs: UInt32(clamping: max(1, amount.nanoseconds / 1_000_000)), oneWay: false)
        let frame: ByteBuffer
        do {
            frame = try encode(id, head, request, attachment)
        } catch {
            eventLoop.execute { completion(.failure(error)) }
            return
        }
        let address = address
        put(
            .call(id: id, frame: frame, attachment: attachment, deadline: eventLoop.now + amount) { result in
                completion(result.flatMap { Self.decode($0.message, $0.attachment, method, address) })
            })
    }

    package func sendOneWay<Request: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer],
        written: @escaping @Sendable (Result<Void, RPCFailure>) -> Void
    ) {
        let head = RpcRequest(service: method.service, method: method.method, oneWay: true)
        do {
            put(
                .oneWay(
                    frame: try encode(nextCallID(), head, request, attachment), attachment: attachment, written: written
                ))
        } catch {
            eventLoop.execute { written(.failure(error)) }
        }
    }

    package func call<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<Response> {
        try await call(method, request, attachment: attachment, timeout: timeout) { _ in }
    }

    /// `arrived` sees the answer first, on the connection's loop.
    private func call<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration,
        arrived: @escaping @Sendable (RPCReply<Response>) -> Void
    ) async throws(RPCFailure) -> RPCReply<Response> {
        let id = nextCallID()
        let result: Result<RPCReply<Response>, RPCFailure> = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                start(id, method, request, attachment: attachment, timeout: timeout) {
                    (result: Result<RPCReply<Response>, RPCFailure>) in
                    if case .success(let reply) = result { arrived(reply) }
                    continuation.resume(returning: result)
                }
                // A cancellation that came before the call was put has found nothing to cancel.
                if Task.isCancelled { put(.cancel(id: id)) }
            }
        } onCancel: {
            put(.cancel(id: id))
        }
        return try result.get()
    }

    private func put(_ item: Outgoing) {
        switch outbox.put(item) {
        case .wakeUp:
            let handler = handler
            eventLoop.execute { handler.value.drainOutbox() }
        case .done:
            break
        case .refuse(let failure):
            eventLoop.execute { item.refuse(failure) }
        }
    }

    // MARK: bytes

    /// A request's frame but for its attachment. Refuses what the broker has said it would not take.
    private func encode(
        _ id: UInt64, _ head: RpcRequest, _ request: some WireMessage, _ attachment: [ByteBuffer]
    ) throws(RPCFailure) -> ByteBuffer {
        let attachmentBytes = attachment.reduce(0) { $0 + $1.readableBytes }
        guard attachmentBytes <= FrameLimits.request.attachmentBytesMax else {
            throw RPCFailure(
                .invalidArgument, error: .messageTooLarge,
                "\(attachmentBytes) bytes of records; a request takes \(FrameLimits.request.attachmentBytesMax)"
            )
        }
        let frame = FrameEncoder.frame(
            callID: id, kind: .request(head), message: request, attachmentBytes: attachmentBytes)
        guard frame.messageBytes <= FrameLimits.request.messageBytesMax else {
            throw RPCFailure(
                .invalidArgument, error: .messageTooLarge,
                "a request of \(frame.messageBytes) bytes; the limit is \(FrameLimits.request.messageBytesMax)")
        }
        return frame.bytes
    }

    private static func decode<Response: WireMessage>(
        _ message: ByteBuffer, _ attachment: ByteBuffer, _ method: MethodName, _ address: String
    ) -> Result<RPCReply<Response>, RPCFailure> {
        do throws(WireError) {
            let response = try message.withUnsafeReadableBytes { bytes throws(WireError) in try Response.decode(bytes) }
            return .success(RPCReply(message: response, attachment: attachment))
        } catch {
            return .failure(
                RPCFailure(.internal, "the answer of the broker at \(address) to \(method) is unreadable: \(error)"))
        }
    }
}
