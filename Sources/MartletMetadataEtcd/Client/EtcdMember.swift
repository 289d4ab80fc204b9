internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import MartletMetadata
internal import MartletProtocol
internal import NIOCore
internal import Synchronization

/// The connection to one member of the etcd cluster, opened and opened again by itself. Any thread.
final class EtcdMember: Sendable {
    /// Far above any page of an image and any batch of a watch.
    private static let responseBytesMax = 256 << 20

    let endpoint: EtcdEndpoint
    private let client: GRPCClient<HTTP2ClientTransport.Posix>
    /// Runs the connection until ``close()``.
    private let connection: Task<Void, Never>
    /// Whether its last call was answered.
    private let answers = Atomic(false)

    init(_ endpoint: EtcdEndpoint, tls: EtcdTLS?) throws(MetadataError) {
        self.endpoint = endpoint
        do {
            client = GRPCClient(
                transport: try HTTP2ClientTransport.Posix(
                    target: Self.target(endpoint), transportSecurity: Self.security(endpoint, tls),
                    config: Self.config))
        } catch {
            throw MetadataError(
                .refused, "TLS for etcd at \(endpoint) cannot be set up, check the files it names: \(error)")
        }
        connection = Task { [client] in
            // What goes wrong with the connection is told by the calls on it.
            try? await client.runConnections()
        }
    }

    private static var config: HTTP2ClientTransport.Posix.Config {
        .defaults { config in
            config.backoff = .init(initial: .milliseconds(100), max: .seconds(1), multiplier: 1.6, jitter: 0.2)
            // Lets go of connections whose other end is gone. More than one ping in 5 s makes etcd hang up.
            config.connection.keepalive = .init(time: .seconds(10), timeout: .seconds(3), allowWithoutCalls: false)
        }
    }

    /// An address is not resolved, and is not sent as the name of the server that TLS is to find behind it.
    private static func target(_ endpoint: EtcdEndpoint) -> any ResolvableTarget {
        switch try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) {
        case .v4: .ipv4(address: endpoint.host, port: endpoint.port)
        case .v6: .ipv6(address: endpoint.host, port: endpoint.port)
        case .unixDomainSocket, nil: .dns(host: endpoint.host, port: endpoint.port)
        }
    }

    private static func security(
        _ endpoint: EtcdEndpoint, _ tls: EtcdTLS?
    ) -> HTTP2ClientTransport.Posix.TransportSecurity {
        guard endpoint.isSecure else { return .plaintext }
        return .tls { config in
            if let file = tls?.authorityFile {
                config.trustRoots = .certificates([.file(path: file, format: .pem)])
            }
            if let certificate = tls?.certificateFile, let key = tls?.keyFile {
                config.certificateChain = [.file(path: certificate, format: .pem)]
                config.privateKey = .file(path: key, format: .pem)
            }
        }
    }

    /// The last call was answered: the next one will most likely be.
    var isAnswering: Bool { answers.load(ordering: .relaxed) }

    /// Sends one request and waits for its one response. A refusal is an answer, too.
    func call<Request: WireMessage, Response: WireMessage>(
        _ method: EtcdMethod<Request, Response>, _ request: Request, token: String?, timeout: Duration
    ) async throws(RPCError) -> Response {
        var options = Self.options
        options.timeout = timeout
        do {
            let response = try await client.unary(
                request: ClientRequest(message: request, metadata: Self.metadata(token: token)),
                descriptor: method.descriptor, serializer: WireSerializer<Request>(),
                deserializer: WireDeserializer<Response>(), options: options
            ) { response in try response.message }
            answers.store(true, ordering: .relaxed)
            return response
        } catch {
            let error = Self.rpcError(error)
            answers.store(EtcdAnswer(error).isDefinite, ordering: .relaxed)
            throw error
        }
    }

    /// Watches until `receive` returns or the stream fails. Only a member that has a leader keeps it open.
    func watch(
        _ request: WatchCreateRequest, token: String?,
        receive: @Sendable @escaping (RPCAsyncSequence<WatchResponse, any Error>) async -> Void
    ) async throws(RPCError) {
        // etcd ends the watch when the requests end: these stay open until the responses were taken.
        let (requests, open) = AsyncStream.makeStream(of: WatchRequest.self)
        open.yield(WatchRequest(requestUnion: .createRequest(request)))
        var metadata = Self.metadata(token: token)
        metadata.addString("true", forKey: "hasleader")
        do {
            try await client.bidirectionalStreaming(
                request: StreamingClientRequest(metadata: metadata) { writer in
                    for await request in requests { try await writer.write(request) }
                },
                descriptor: EtcdMethods.watch.descriptor, serializer: WireSerializer<WatchRequest>(),
                deserializer: WireDeserializer<WatchResponse>(), options: Self.options
            ) { response in
                defer { open.finish() }
                await receive(response.messages)
            }
        } catch {
            throw Self.rpcError(error)
        }
    }

    /// Ends open calls and the connection.
    func close() async {
        client.beginGracefulShutdown()
        connection.cancel()
        await connection.value
    }

    private static var options: CallOptions {
        var options = CallOptions.defaults
        options.maxResponseMessageBytes = responseBytesMax
        return options
    }

    private static func metadata(token: String?) -> Metadata {
        var metadata: Metadata = [:]
        if let token { metadata.addString(token, forKey: "token") }
        return metadata
    }

    private static func rpcError(_ error: any Error) -> RPCError {
        switch error {
        case let error as RPCError: error
        case is CancellationError: RPCError(code: .cancelled, message: "the call was cancelled")
        default: RPCError(code: .unavailable, message: "\(error)")
        }
    }
}
