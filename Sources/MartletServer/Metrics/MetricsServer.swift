package import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Answers `GET /metrics` with Prometheus text, on a port of its own; everything else is told where the metrics are.
///
/// Requests are answered on the connection's event loop; a scrape reads counters and does no I/O.
package final class MetricsServer: Sendable {
    /// The address that is listened on.
    package let address: SocketAddress
    private let channel: any Channel

    private init(channel: any Channel, address: SocketAddress) {
        self.channel = channel
        self.address = address
    }

    /// Longest time a connection may be silent.
    private static let idleTime = TimeAmount.seconds(60)

    package static func start(
        on listener: HostPort, group: any EventLoopGroup, collect: @escaping @Sendable () -> [MetricFamily]
    ) async throws -> MetricsServer {
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: idleTime))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(MetricsHandler(collect: collect))
                }
            }
            .bind(host: listener.host, port: listener.port)
            .get()
        guard let address = channel.localAddress else {
            throw SettingsError("metrics.listener \(listener): the system gave no address")
        }
        return MetricsServer(channel: channel, address: address)
    }

    package func stop() async {
        try? await channel.close()
    }
}

private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let collect: @Sendable () -> [MetricFamily]
    private var request: HTTPRequestHead?

    init(collect: @escaping @Sendable () -> [MetricFamily]) {
        self.collect = collect
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = head
        case .body:
            break
        case .end:
            guard let request = request.take() else { return }
            answer(request, context: context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func answer(_ request: HTTPRequestHead, context: ChannelHandlerContext) {
        let path = request.uri.prefix { $0 != "?" }
        let (status, body): (HTTPResponseStatus, String) =
            switch (request.method, path) {
            case (.GET, "/metrics"), (.HEAD, "/metrics"): (.ok, MetricFamily.text(collect()))
            case (.GET, _), (.HEAD, _): (.notFound, "This is Martlet's metrics port; the metrics are at /metrics.\n")
            default: (.methodNotAllowed, "Only GET is answered here.\n")
            }
        var headers = HTTPHeaders()
        headers.add(name: "content-type", value: "text/plain; version=0.0.4; charset=utf-8")
        headers.add(name: "content-length", value: String(body.utf8.count))
        let head = HTTPResponseHead(version: request.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !request.isKeepAlive {
            let channel = context.channel
            written.whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
