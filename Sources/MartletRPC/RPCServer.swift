package import Logging
package import MartletProtocol
package import NIOCore
import NIOPosix
import Synchronization

/// A listener that serves calls. Any thread.
///
/// Life: ``bind(host:port:)``, then ``shutdown(grace:)`` once.
package final class RPCServer: Sendable {
    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: NIOLoopBound<ServerConnectionHandler>] = [:]
        var isStopping = false
        /// Resumed when the last connection has closed.
        var whenEmpty: EventLoopPromise<Void>?
    }

    private let shared: ServerShared
    private let group: any EventLoopGroup
    private let state = Mutex(State())

    package init(
        options: RPCServerOptions, services: [ServiceTable], group: any EventLoopGroup, logger: Logger
    ) {
        self.shared = ServerShared(options: options, services: services, logger: logger)
        self.group = group
    }

    package var stats: RPCServerStats {
        shared.counters.snapshot(budget: shared.options.budget)
    }

    /// Listens. Returns the address bound to, which tells the port when 0 was asked for. Throws NIO's error when the
    /// address cannot be bound.
    package func bind(host: String, port: Int) async throws -> SocketAddress {
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.setUp(channel) }
            }
            .bind(host: host, port: port)
            .get()
        let isStopping = state.withLock { state in
            state.listener = listener
            return state.isStopping
        }
        if isStopping {
            try? await listener.close()
        }
        guard let address = listener.localAddress else {
            throw RPCFailure(.internal, "the listener on \(host):\(port) has no address")
        }
        return address
    }

    private func setUp(_ channel: any Channel) throws {
        shared.counters.connectionsAccepted.add()
        let peer = channel.remoteAddress.map(describe) ?? "unknown peer"
        let buffers = ReceiveBuffers(limits: .greeting, budget: shared.options.budget)
        let handler = ServerConnectionHandler(shared: shared, buffers: buffers, peer: peer)
        guard register(NIOLoopBound(handler, eventLoop: channel.eventLoop)) else {
            shared.counters.connectionsRefused.add()
            shared.logger.warning(
                "refusing a connection: the limit is reached or the broker stops", metadata: ["peer": "\(peer)"])
            throw RPCFailure(.resourceExhausted, "too many connections")
        }
        let id = ObjectIdentifier(handler)
        channel.closeFuture.whenComplete { _ in self.unregister(id) }
        try ChannelTuning.apply(to: channel, buffers: buffers)
        ChannelTuning.applyIfWithinHost(to: channel)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func register(_ connection: NIOLoopBound<ServerConnectionHandler>) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopping, state.connections.count < shared.options.connectionsMax else { return false }
            state.connections[ObjectIdentifier(connection.value)] = connection
            return true
        }
        if isTaken {
            shared.counters.connectionsOpen.add()
        }
        return isTaken
    }

    private func unregister(_ id: ObjectIdentifier) {
        shared.counters.connectionsOpen.subtract()
        let promise = state.withLock { state -> EventLoopPromise<Void>? in
            state.connections[id] = nil
            guard state.connections.isEmpty else { return nil }
            defer { state.whenEmpty = nil }
            return state.whenEmpty
        }
        promise?.succeed()
    }

    /// Stops listening, tells every client, answers the calls that are open, and closes; after `grace`, closes what is
    /// still open.
    package func shutdown(grace: Duration) async {
        let loop = group.next()
        let empty = loop.makePromise(of: Void.self)
        let (listener, connections) = state.withLock { state in
            state.isStopping = true
            if state.connections.isEmpty {
                empty.succeed()
            } else {
                state.whenEmpty = empty
            }
            return (state.listener, Array(state.connections.values))
        }
        try? await listener?.close()
        for connection in connections {
            connection.eventLoop.execute { connection.value.shutdown() }
        }
        let cutOff = loop.scheduleTask(in: TimeAmount(grace)) {
            for connection in self.state.withLock({ Array($0.connections.values) }) {
                connection.eventLoop.execute { connection.value.closeNow() }
            }
        }
        try? await empty.futureResult.get()
        cutOff.cancel()
    }
}

/// "127.0.0.1:51234"
func describe(_ address: SocketAddress) -> String {
    guard let ip = address.ipAddress, let port = address.port else { return "\(address)" }
    return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
}
