internal import MartletCore
internal import MartletProtocol
internal import MartletRPC
internal import NIOCore

/// A connection to a broker. Any thread.
final class BrokerLink: Sendable {
    private let connection: RPCConnection
    /// The broker's address as messages name it.
    let name: String
    private let timeout: Duration

    private init(connection: RPCConnection, name: String, timeout: Duration) {
        self.connection = connection
        self.name = name
        self.timeout = timeout
    }

    /// The same connection, with less time for each awaited call.
    func impatient(_ timeout: Duration) -> BrokerLink {
        BrokerLink(connection: connection, name: name, timeout: min(timeout, self.timeout))
    }

    /// How many partitions the broker lets a request name.
    var partitionsPerRequestMax: Int {
        let told = Int(connection.hello.limits?.partitionsPerRequestMax ?? 0)
        return told > 0 ? told : .max
    }

    /// For calls with attachments or completions.
    var caller: any RPCCaller { connection }

    static func connect(
        to address: BrokerAddress, configuration: ClientConfiguration, loop: any EventLoop
    ) async throws(MartletError) -> BrokerLink {
        var options = RPCConnectionOptions(clientName: configuration.clientName, clientVersion: ClientVersion.current)
        options.connectTimeout = .nanoseconds(configuration.connectTimeout.wholeNanoseconds)
        do throws(RPCFailure) {
            let connection = try await RPCConnection.connect(
                host: address.host, port: address.port, options: options, group: loop)
            return BrokerLink(connection: connection, name: address.description, timeout: configuration.requestTimeout)
        } catch {
            throw error.martletError(broker: address.description)
        }
    }

    /// Runs on the connection's loop when it is gone; at once when it is gone already.
    func onClosed(_ body: @escaping @Sendable () -> Void) {
        connection.closed.whenComplete { _ in body() }
    }

    func close() {
        connection.close()
    }

    /// One call without attachments, awaited; its failure names the broker.
    nonisolated(nonsending) func call<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, as type: Response.Type, topicPartition: TopicPartition? = nil
    ) async throws(MartletError) -> Response {
        do throws(RPCFailure) {
            let reply: RPCReply<Response> = try await connection.call(method, request, attachment: [], timeout: timeout)
            return reply.message
        } catch {
            throw error.martletError(broker: name, topicPartition: topicPartition)
        }
    }
}

/// What this library calls itself to brokers.
enum ClientVersion {
    static let current = "0.1"
}
