// Written by proto/generate from proto/martlet/v1/connection.proto; edit that instead.

package import NIOCore

/// The connection itself.
///
/// The server's side: each method answers through its `call`, on any thread, and does not block.
package protocol ConnectionService: Sendable {
    /// The first call on a connection; every other is refused before it. Agrees on a version and tells limits and
    /// names. Refused with FAILED_PRECONDITION and the reason when no version fits or the cluster is another one.
    func hello(_ request: HelloRequest, attachment: ByteBuffer, call: ServerCall<HelloResponse>)
    /// Answered at once: is the connection alive?
    func ping(_ request: PingRequest, attachment: ByteBuffer, call: ServerCall<PingResponse>)
}

extension ServiceTable {
    /// Dispatches to `service` under the name `Connection`.
    package static func connection(_ service: some ConnectionService) -> ServiceTable {
        ServiceTable(
            name: "Connection",
            methods: [
                "Hello": method { service.hello($0, attachment: $1, call: $2) },
                "Ping": method { service.ping($0, attachment: $1, call: $2) },
            ])
    }
}

/// The connection itself.
///
/// The client's side. Any thread.
package struct ConnectionClient: Sendable {
    /// The names of the methods, for calls that are made by name.
    package enum Method {
        package static let hello = MethodName("Connection", "Hello")
        package static let ping = MethodName("Connection", "Ping")
    }

    package let caller: any RPCCaller

    package init(caller: any RPCCaller) {
        self.caller = caller
    }

    /// The first call on a connection; every other is refused before it. Agrees on a version and tells limits and
    /// names. Refused with FAILED_PRECONDITION and the reason when no version fits or the cluster is another one.
    package func hello(
        _ request: HelloRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<HelloResponse> {
        try await caller.call(Method.hello, request, attachment: attachment, timeout: timeout)
    }

    /// Answered at once: is the connection alive?
    package func ping(
        _ request: PingRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<PingResponse> {
        try await caller.call(Method.ping, request, attachment: attachment, timeout: timeout)
    }
}
