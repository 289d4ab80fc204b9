internal import MartletCore
package import MartletProtocol
package import NIOCore

/// How a server treats its connections.
package struct RPCServerOptions: Sendable {
    /// The memory that requests' bodies are charged to, across all connections of all listeners that share it.
    package var budget: MemoryBudget
    /// Sizes of one request.
    package var limits = FrameLimits.request
    /// Connections open at once; more are closed as they come.
    package var connectionsMax = 10_000
    /// Calls of one connection open at once; more are answered RESOURCE_EXHAUSTED.
    package var openCallsMax = Limits.openCalls
    /// Partitions one request may name: told in Hello, upheld by the services.
    package var partitionsPerRequestMax = Limits.partitionsPerRequest
    /// For calls that name no timeout.
    package var defaultTimeout = TimeAmount.seconds(30)
    /// Longer timeouts are cut to this.
    package var timeoutMax = TimeAmount.minutes(10)
    /// From the connection's opening to a complete Hello.
    package var helloTimeout = TimeAmount.seconds(10)
    /// A frame whose first byte has come is whole after this, plus a second for every ``slowestBytesPerSecond`` of its
    /// body.
    package var frameTimeout = TimeAmount.seconds(30)
    /// A peer that sends, or takes its answers, more slowly than this over the time allowed loses its connection.
    package var slowestBytesPerSecond = 64 * 1024
    /// While others wait for memory, a request that holds some must come at ``slowestBytesPerSecond``, measured over
    /// this.
    package var memoryHoldTimeout = TimeAmount.seconds(2)
    /// While answers wait in the socket, so long may pass in which the peer takes less than a second's worth of
    /// ``slowestBytesPerSecond``.
    package var writeStallTimeout = TimeAmount.seconds(30)
    /// After our last byte, how long the peer may take to close its side before the connection is reset.
    package var lingerTimeout = TimeAmount.seconds(2)
    /// What a Hello is answered with; limits and version are filled in by the server. Called on event loops.
    package var identity: @Sendable () -> HelloResponse
    /// For a browser that comes to the wrong port.
    package var metricsHint: String

    package init(
        budget: MemoryBudget = MemoryBudget(),
        metricsHint: String = "Metrics are on a port of their own, if one is configured.",
        identity: @escaping @Sendable () -> HelloResponse
    ) {
        self.budget = budget
        self.metricsHint = metricsHint
        self.identity = identity
    }

    var stateSettings: ServerConnectionState<OpenCall>.Settings {
        .init(openCallsMax: openCallsMax, defaultTimeout: defaultTimeout, timeoutMax: timeoutMax)
    }

    /// How long a frame with such a body may take from its first byte to its last.
    func frameAllowance(bodyBytes: Int) -> TimeAmount {
        frameTimeout + .seconds(Int64(bodyBytes / slowestBytesPerSecond))
    }

    /// The answer to Hello.
    func helloResponse(version: UInt32) -> HelloResponse {
        var response = identity()
        response.version = version
        response.limits = BrokerLimits(
            messageBytesMax: UInt32(limits.messageBytesMax),
            attachmentBytesMax: UInt32(limits.attachmentBytesMax),
            openCallsMax: UInt32(openCallsMax),
            partitionsPerRequestMax: UInt32(partitionsPerRequestMax))
        return response
    }
}
