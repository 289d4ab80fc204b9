internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import MartletMetadata
internal import MartletProtocol
internal import Synchronization

/// Calls one member of the etcd cluster. Any thread.
final class EtcdMember: Sendable {
    /// Far above any page of an image and any batch of a watch.
    private static let responseBytesMax = 256 << 20

    let endpoint: EtcdEndpoint
    private let tls: EtcdTLS?
    private let current: Mutex<EtcdConnection>
    /// Whether its last call was answered.
    private let answers = Atomic(false)

    /// Throws `.refused` when the certificates cannot be read or used.
    init(_ endpoint: EtcdEndpoint, tls: EtcdTLS?) throws(MetadataError) {
        self.endpoint = endpoint
        self.tls = endpoint.isSecure ? tls : nil
        let certificates = try self.tls.map { tls throws(MetadataError) in try CertificateFiles(tls) }
        current = Mutex(try EtcdConnection(endpoint, certificates))
    }

    /// Certificates are renewed while brokers run: a member that cannot be reached is tried with those that the files
    /// hold by now.
    private func renewCertificates(after error: RPCError, on connection: EtcdConnection) {
        guard error.code == .unavailable, let tls else { return }
        // Files that are only half written are read again after the next failure.
        guard let certificates = try? CertificateFiles(tls), certificates != connection.certificates,
            let renewed = try? EtcdConnection(endpoint, certificates)
        else { return }
        let left = current.withLock { current in
            guard current === connection else { return renewed }
            current = renewed
            return connection
        }
        left.end()
    }

    /// The last call was answered: the next one will most likely be.
    var isAnswering: Bool { answers.load(ordering: .relaxed) }

    /// Sends one request and waits for its one response. A refusal is an answer, too.
    func call<Request: WireMessage, Response: WireMessage>(
        _ method: EtcdMethod<Request, Response>, _ request: Request, token: String?, timeout: Duration
    ) async throws(RPCError) -> Response {
        var options = Self.options
        options.timeout = timeout
        let connection = current.withLock { $0 }
        do {
            let response = try await connection.client.unary(
                request: ClientRequest(message: request, metadata: Self.metadata(token: token)),
                descriptor: method.descriptor, serializer: WireSerializer<Request>(),
                deserializer: WireDeserializer<Response>(), options: options
            ) { response in try response.message }
            answers.store(true, ordering: .relaxed)
            return response
        } catch {
            let error = Self.rpcError(error)
            answers.store(EtcdAnswer(error).isDefinite, ordering: .relaxed)
            renewCertificates(after: error, on: connection)
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
        let connection = current.withLock { $0 }
        do {
            try await connection.withStream { client in
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
            }
        } catch {
            throw Self.rpcError(error)
        }
    }

    /// Ends open calls and the connection.
    func close() async {
        await current.withLock { $0 }.close()
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
