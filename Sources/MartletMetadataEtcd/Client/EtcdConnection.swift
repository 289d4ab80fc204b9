internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import MartletMetadata
internal import NIOCore

/// A connection to one member, opened and opened again by itself, with one set of certificates. Any thread.
final class EtcdConnection: Sendable {
    let client: GRPCClient<HTTP2ClientTransport.Posix>
    /// Nil: it takes none from files.
    let certificates: CertificateFiles?
    /// Runs it until it is closed.
    private let runner: Task<Void, Never>

    /// Throws `.refused` when the certificates cannot be used.
    init(_ endpoint: EtcdEndpoint, _ certificates: CertificateFiles?) throws(MetadataError) {
        self.certificates = certificates
        do {
            client = GRPCClient(
                transport: try HTTP2ClientTransport.Posix(
                    target: Self.target(endpoint), transportSecurity: Self.security(endpoint, certificates),
                    config: Self.config))
        } catch {
            throw MetadataError(
                .refused,
                "TLS for etcd at \(endpoint) cannot be set up, check what is in the files of etcd.tls.*: \(error)")
        }
        runner = Task { [client] in
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

    /// Ends open calls and the connection.
    func close() async {
        end()
        await runner.value
    }

    /// ``close()``, without waiting for the end.
    func end() {
        client.beginGracefulShutdown()
        runner.cancel()
    }
}
