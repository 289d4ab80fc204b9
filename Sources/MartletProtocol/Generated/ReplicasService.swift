// Written by proto/generate from proto/martlet/v1/replicas.proto; edit that instead.

package import NIOCore

/// What the brokers of a cluster say to each other. Followers copy with Records.Fetch; the calls here go beside it, on
/// a connection of their own, so that a slow fetch never delays them. No client needs them, but for ReplicaStates,
/// which tools use to show what each replica has.
///
/// The server's side: each method answers through its `call`, on any thread, and does not block.
package protocol ReplicasService: Sendable {
    /// Tells a leader at once how far the follower's copies are durable: never behind a long poll. Sent one_way; what
    /// does not count (any more) is ignored.
    func reportDurable(_ request: ReportDurableRequest, attachment: ByteBuffer, call: ServerCall<ReportDurableResponse>)
    /// Reads committed batches, to repair a damaged replica with them. Any replica answers, up to its high watermark.
    /// The response's attachment is the batches.
    func readBatches(_ request: ReadBatchesRequest, attachment: ByteBuffer, call: ServerCall<ReadBatchesResponse>)
    /// What the replicas on the broker that answers have.
    func replicaStates(_ request: ReplicaStatesRequest, attachment: ByteBuffer, call: ServerCall<ReplicaStatesResponse>)
    /// Tells the controller that a broker seems to be dead: the controller dials it and decides. Any other broker
    /// ignores it.
    func reportDeath(_ request: ReportDeathRequest, attachment: ByteBuffer, call: ServerCall<ReportDeathResponse>)
    /// Asks the controller to give partitions to another leader: too few followers answer this one. NOT_CONTROLLER by
    /// any other broker.
    func requestMove(_ request: RequestMoveRequest, attachment: ByteBuffer, call: ServerCall<RequestMoveResponse>)
    /// Which brokers the one that answers can reach: it dials each.
    func reachable(_ request: ReachableRequest, attachment: ByteBuffer, call: ServerCall<ReachableResponse>)
}

extension ServiceTable {
    /// Dispatches to `service` under the name `Replicas`.
    package static func replicas(_ service: some ReplicasService) -> ServiceTable {
        ServiceTable(
            name: "Replicas",
            methods: [
                "ReportDurable": method { service.reportDurable($0, attachment: $1, call: $2) },
                "ReadBatches": method { service.readBatches($0, attachment: $1, call: $2) },
                "ReplicaStates": method { service.replicaStates($0, attachment: $1, call: $2) },
                "ReportDeath": method { service.reportDeath($0, attachment: $1, call: $2) },
                "RequestMove": method { service.requestMove($0, attachment: $1, call: $2) },
                "Reachable": method { service.reachable($0, attachment: $1, call: $2) },
            ])
    }
}

/// What the brokers of a cluster say to each other. Followers copy with Records.Fetch; the calls here go beside it, on
/// a connection of their own, so that a slow fetch never delays them. No client needs them, but for ReplicaStates,
/// which tools use to show what each replica has.
///
/// The client's side. Any thread.
package struct ReplicasClient: Sendable {
    /// The names of the methods, for calls that are made by name.
    package enum Method {
        package static let reportDurable = MethodName("Replicas", "ReportDurable")
        package static let readBatches = MethodName("Replicas", "ReadBatches")
        package static let replicaStates = MethodName("Replicas", "ReplicaStates")
        package static let reportDeath = MethodName("Replicas", "ReportDeath")
        package static let requestMove = MethodName("Replicas", "RequestMove")
        package static let reachable = MethodName("Replicas", "Reachable")
    }

    package let caller: any RPCCaller

    package init(caller: any RPCCaller) {
        self.caller = caller
    }

    /// Tells a leader at once how far the follower's copies are durable: never behind a long poll. Sent one_way; what
    /// does not count (any more) is ignored.
    package func reportDurable(
        _ request: ReportDurableRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ReportDurableResponse> {
        try await caller.call(Method.reportDurable, request, attachment: attachment, timeout: timeout)
    }

    /// Reads committed batches, to repair a damaged replica with them. Any replica answers, up to its high watermark.
    /// The response's attachment is the batches.
    package func readBatches(
        _ request: ReadBatchesRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ReadBatchesResponse> {
        try await caller.call(Method.readBatches, request, attachment: attachment, timeout: timeout)
    }

    /// What the replicas on the broker that answers have.
    package func replicaStates(
        _ request: ReplicaStatesRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ReplicaStatesResponse> {
        try await caller.call(Method.replicaStates, request, attachment: attachment, timeout: timeout)
    }

    /// Tells the controller that a broker seems to be dead: the controller dials it and decides. Any other broker
    /// ignores it.
    package func reportDeath(
        _ request: ReportDeathRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ReportDeathResponse> {
        try await caller.call(Method.reportDeath, request, attachment: attachment, timeout: timeout)
    }

    /// Asks the controller to give partitions to another leader: too few followers answer this one. NOT_CONTROLLER by
    /// any other broker.
    package func requestMove(
        _ request: RequestMoveRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<RequestMoveResponse> {
        try await caller.call(Method.requestMove, request, attachment: attachment, timeout: timeout)
    }

    /// Which brokers the one that answers can reach: it dials each.
    package func reachable(
        _ request: ReachableRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ReachableResponse> {
        try await caller.call(Method.reachable, request, attachment: attachment, timeout: timeout)
    }
}
