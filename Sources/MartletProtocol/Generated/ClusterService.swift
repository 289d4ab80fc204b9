// Written by proto/generate from proto/martlet/v1/cluster.proto; edit that instead.

package import NIOCore

/// A broker and how it is.
///
/// The server's side: each method answers through its `call`, on any thread, and does not block.
package protocol ClusterService: Sendable {
    /// How the broker that answers is doing.
    func brokerStatus(_ request: BrokerStatusRequest, attachment: ByteBuffer, call: ServerCall<BrokerStatusResponse>)
}

extension ServiceTable {
    /// Dispatches to `service` under the name `Cluster`.
    package static func cluster(_ service: some ClusterService) -> ServiceTable {
        ServiceTable(
            name: "Cluster",
            methods: [
                "BrokerStatus": method { service.brokerStatus($0, attachment: $1, call: $2) }
            ])
    }
}

/// A broker and how it is.
///
/// The client's side. Any thread.
package struct ClusterClient: Sendable {
    /// The names of the methods, for calls that are made by name.
    package enum Method {
        package static let brokerStatus = MethodName("Cluster", "BrokerStatus")
    }

    package let caller: any RPCCaller

    package init(caller: any RPCCaller) {
        self.caller = caller
    }

    /// How the broker that answers is doing.
    package func brokerStatus(
        _ request: BrokerStatusRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<BrokerStatusResponse> {
        try await caller.call(Method.brokerStatus, request, attachment: attachment, timeout: timeout)
    }
}
