// Written by proto/generate from proto/martlet/v1/operations.proto; edit that instead.

package import NIOCore

/// What an operator sees of a cluster, and does with it. Every change is kept in the metadata store when it is
/// answered; moving data goes on afterwards. Any broker takes any of these calls.
///
/// The server's side: each method answers through its `call`, on any thread, and does not block.
package protocol OperationsService: Sendable {
    /// All brokers, the controller, partitions in trouble and the metadata store, as the broker that answers sees them.
    func describeCluster(
        _ request: DescribeClusterRequest, attachment: ByteBuffer, call: ServerCall<DescribeClusterResponse>
    )
    /// Settings that hold for all brokers until they are changed: defaults of topics, and what replication may take.
    func describeConfig(
        _ request: DescribeConfigRequest, attachment: ByteBuffer, call: ServerCall<DescribeConfigResponse>
    )
    /// Changes such settings. All or nothing.
    func alterConfig(_ request: AlterConfigRequest, attachment: ByteBuffer, call: ServerCall<AlterConfigResponse>)
    /// Forgets a broker that is down for good and keeps no replicas (any more).
    func removeBroker(_ request: RemoveBrokerRequest, attachment: ByteBuffer, call: ServerCall<RemoveBrokerResponse>)
    /// Moves leaders, then replicas off a broker, and keeps new ones away; or takes that back.
    func drain(_ request: DrainRequest, attachment: ByteBuffer, call: ServerCall<DrainResponse>)
    /// Says which replicas would have to move for topics to be spread over brokers. Moves nothing.
    func planReassignment(
        _ request: PlanReassignmentRequest, attachment: ByteBuffer, call: ServerCall<PlanReassignmentResponse>
    )
    /// Moves replicas, each partition for itself: copies first, then drops what is left over.
    func reassign(_ request: ReassignRequest, attachment: ByteBuffer, call: ServerCall<ReassignResponse>)
    /// Stops moving, and goes back to where the replicas were.
    func cancelReassignments(
        _ request: CancelReassignmentsRequest, attachment: ByteBuffer, call: ServerCall<CancelReassignmentsResponse>
    )
    /// Replicas that are moving.
    func listReassignments(
        _ request: ListReassignmentsRequest, attachment: ByteBuffer, call: ServerCall<ListReassignmentsResponse>
    )
    /// Elects leaders anew: the preferred ones, or (unclean) any that is up where nobody in sync is.
    func electLeaders(_ request: ElectLeadersRequest, attachment: ByteBuffer, call: ServerCall<ElectLeadersResponse>)
}

extension ServiceTable {
    /// Dispatches to `service` under the name `Operations`.
    package static func operations(_ service: some OperationsService) -> ServiceTable {
        ServiceTable(
            name: "Operations",
            methods: [
                "DescribeCluster": method { service.describeCluster($0, attachment: $1, call: $2) },
                "DescribeConfig": method { service.describeConfig($0, attachment: $1, call: $2) },
                "AlterConfig": method { service.alterConfig($0, attachment: $1, call: $2) },
                "RemoveBroker": method { service.removeBroker($0, attachment: $1, call: $2) },
                "Drain": method { service.drain($0, attachment: $1, call: $2) },
                "PlanReassignment": method { service.planReassignment($0, attachment: $1, call: $2) },
                "Reassign": method { service.reassign($0, attachment: $1, call: $2) },
                "CancelReassignments": method { service.cancelReassignments($0, attachment: $1, call: $2) },
                "ListReassignments": method { service.listReassignments($0, attachment: $1, call: $2) },
                "ElectLeaders": method { service.electLeaders($0, attachment: $1, call: $2) },
            ])
    }
}

/// What an operator sees of a cluster, and does with it. Every change is kept in the metadata store when it is
/// answered; moving data goes on afterwards. Any broker takes any of these calls.
///
/// The client's side. Any thread.
package struct OperationsClient: Sendable {
    /// The names of the methods, for calls that are made by name.
    package enum Method {
        package static let describeCluster = MethodName("Operations", "DescribeCluster")
        package static let describeConfig = MethodName("Operations", "DescribeConfig")
        package static let alterConfig = MethodName("Operations", "AlterConfig")
        package static let removeBroker = MethodName("Operations", "RemoveBroker")
        package static let drain = MethodName("Operations", "Drain")
        package static let planReassignment = MethodName("Operations", "PlanReassignment")
        package static let reassign = MethodName("Operations", "Reassign")
        package static let cancelReassignments = MethodName("Operations", "CancelReassignments")
        package static let listReassignments = MethodName("Operations", "ListReassignments")
        package static let electLeaders = MethodName("Operations", "ElectLeaders")
    }

    package let caller: any RPCCaller

    package init(caller: any RPCCaller) {
        self.caller = caller
    }

    /// All brokers, the controller, partitions in trouble and the metadata store, as the broker that answers sees them.
    package func describeCluster(
        _ request: DescribeClusterRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<DescribeClusterResponse> {
        try await caller.call(Method.describeCluster, request, attachment: attachment, timeout: timeout)
    }

    /// Settings that hold for all brokers until they are changed: defaults of topics, and what replication may take.
    package func describeConfig(
        _ request: DescribeConfigRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<DescribeConfigResponse> {
        try await caller.call(Method.describeConfig, request, attachment: attachment, timeout: timeout)
    }

    /// Changes such settings. All or nothing.
    package func alterConfig(
        _ request: AlterConfigRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<AlterConfigResponse> {
        try await caller.call(Method.alterConfig, request, attachment: attachment, timeout: timeout)
    }

    /// Forgets a broker that is down for good and keeps no replicas (any more).
    package func removeBroker(
        _ request: RemoveBrokerRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<RemoveBrokerResponse> {
        try await caller.call(Method.removeBroker, request, attachment: attachment, timeout: timeout)
    }

    /// Moves leaders, then replicas off a broker, and keeps new ones away; or takes that back.
    package func drain(
        _ request: DrainRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<DrainResponse> {
        try await caller.call(Method.drain, request, attachment: attachment, timeout: timeout)
    }

    /// Says which replicas would have to move for topics to be spread over brokers. Moves nothing.
    package func planReassignment(
        _ request: PlanReassignmentRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<PlanReassignmentResponse> {
        try await caller.call(Method.planReassignment, request, attachment: attachment, timeout: timeout)
    }

    /// Moves replicas, each partition for itself: copies first, then drops what is left over.
    package func reassign(
        _ request: ReassignRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ReassignResponse> {
        try await caller.call(Method.reassign, request, attachment: attachment, timeout: timeout)
    }

    /// Stops moving, and goes back to where the replicas were.
    package func cancelReassignments(
        _ request: CancelReassignmentsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<CancelReassignmentsResponse> {
        try await caller.call(Method.cancelReassignments, request, attachment: attachment, timeout: timeout)
    }

    /// Replicas that are moving.
    package func listReassignments(
        _ request: ListReassignmentsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ListReassignmentsResponse> {
        try await caller.call(Method.listReassignments, request, attachment: attachment, timeout: timeout)
    }

    /// Elects leaders anew: the preferred ones, or (unclean) any that is up where nobody in sync is.
    package func electLeaders(
        _ request: ElectLeadersRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ElectLeadersResponse> {
        try await caller.call(Method.electLeaders, request, attachment: attachment, timeout: timeout)
    }
}
