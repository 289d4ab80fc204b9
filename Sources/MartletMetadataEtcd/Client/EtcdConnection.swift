internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import MartletMetadata
internal import NIOCore
internal import Synchronization

/// Connections to one member, opened and opened again by themselves, with one set of certificates. Any thread.
///
/// Several, because etcd's server pings at the data of nearly every call, to measure the link, and SwiftNIO's HTTP/2 takes
/// more than 200 pings in 30 s for an attack and hangs up. Calls take turns on some; each stream has one of its own, that
/// no call disturbs, and a new one each time: over a connection that was cut off for some seconds TCP tries again only
/// after as many more.
final class EtcdConnection: Sendable {
    typealias Client = GRPCClient<HTTP2ClientTransport.Posix>
    /// A power of two.
    private static let callClients = 4

    private let endpoint: EtcdEndpoint
    private let calls: [Client]
    private let turn = Atomic(0)
    /// Nil: it takes none from files.
    let certificates: CertificateFiles?
    /// Run them until they are closed.
    private let runners: [Task<Void, Never>]

    /// Throws `.refused` when the certificates cannot be used.
    init(_ endpoint: EtcdEndpoint, _ certificates: CertificateFiles?) throws(MetadataError) {
        self.endpoint = endpoint
        self.certificates = certificates
        do {
            calls = try (0..<Self.callClients).map { _ in try Self.client(endpoint, certificates) }
        } catch {
            throw MetadataError(
                .refused,
                "TLS for etcd at \(endpoint) cannot be set up, check what is in the files of etcd.tls.*: \(error)")
        }
        runners = calls.map(Self.run)
    }

    private static func run(_ client: Client) -> Task<Void, Never> {
        Task {
            // What goes wrong with the connection is told by the calls on it.
            try? await client.runConnections()
        }
    }

    /// For one call.
    var client: Client { calls[turn.wrappingAdd(1, ordering: .relaxed).newValue & (Self.callClients - 1)] }

    /// A connection of its own for `body`, which ends with it.
    func withStream<Result: Sendable>(_ body: (Client) async throws -> Result) async throws -> Result {
        let client = try Self.client(endpoint, certificates)
        let runner = Self.run(client)
        defer {
            client.beginGracefulShutdown()
            runner.cancel()
        }
        return try await body(client)
    }

    private static func client(_ endpoint: EtcdEndpoint, _ certificates: CertificateFiles?) throws -> Client {
        GRPCClient(
            transport: try HTTP2ClientTransport.Posix(
                target: target(endpoint), transportSecurity: security(endpoint, certificates), config: config))
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
        _ endpoint: EtcdEndpoint, _ certificates: CertificateFiles?
    ) -> HTTP2ClientTransport.Posix.TransportSecurity {
        guard endpoint.isSecure else { return .plaintext }
        return .tls { config in
            if let authority = certificates?.authority {
                config.trustRoots = .certificates([.bytes(authority, format: .pem)])
            }
            if let certificate = certificates?.certificate, let key = certificates?.key {
                config.certificateChain = [.bytes(certificate, format: .pem)]
                config.privateKey = .bytes(key, format: .pem)
            }
        }
    }

    /// Ends open calls and the connections.
    func close() async {
        end()
        for runner in runners { await runner.value }
    }

    /// ``close()``, without waiting for the end.
    func end() {
        for client in calls { client.beginGracefulShutdown() }
        for runner in runners { runner.cancel() }
    }
}
