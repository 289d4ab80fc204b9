internal import MartletRPC
internal import NIOCore
internal import NIOPosix

/// A connection without the SDK around it.
enum BareConnection {
    static func with<Result>(
        _ broker: BrokerUnderTest, _ body: (RPCConnection) async throws -> Result
    ) async throws -> Result {
        let address = try HostAndPort(broker.address)
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let result = try await use(address, loops, body)
            try await loops.shutdownGracefully()
            return result
        } catch {
            try? await loops.shutdownGracefully()
            throw error
        }
    }

    /// The connection is closed while its loop still runs.
    private static func use<Result>(
        _ address: HostAndPort, _ loops: MultiThreadedEventLoopGroup, _ body: (RPCConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await RPCConnection.connect(host: address.host, port: address.port, group: loops)
        defer { connection.close() }
        return try await body(connection)
    }
}
