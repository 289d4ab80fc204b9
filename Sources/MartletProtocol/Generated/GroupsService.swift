// Written by proto/generate from proto/martlet/v1/groups.proto; edit that instead.

package import NIOCore

/// Consumer groups: who reads which partitions, and how far each group has come. All calls but FindCoordinator and
/// ListGroups go to the group's coordinator: the leader of partition (murmur2(group) & 0x7fffffff) mod n of
/// __consumer_offsets. Any other broker answers NOT_COORDINATOR.
///
/// Group names are 1 to 249 bytes of UTF-8 without control characters; member ids, instance ids and client ids are at
/// most 128 bytes of the same.
///
/// The server's side: each method answers through its `call`, on any thread, and does not block.
package protocol GroupsService: Sendable {
    /// Which broker coordinates a group.
    func findCoordinator(
        _ request: FindCoordinatorRequest, attachment: ByteBuffer, call: ServerCall<FindCoordinatorResponse>
    )
    /// Joins, stays, reports, receives and leaves. A long poll: waits for up to the heartbeat interval and is answered
    /// at once when something changes for the member.
    func heartbeat(_ request: HeartbeatRequest, attachment: ByteBuffer, call: ServerCall<HeartbeatResponse>)
    /// Keeps, for each partition, the next offset to read. Durable as __consumer_offsets is (flush=batch) when it is
    /// answered.
    func commitOffsets(_ request: CommitOffsetsRequest, attachment: ByteBuffer, call: ServerCall<CommitOffsetsResponse>)
    /// Reads committed offsets: only such as are durable.
    func fetchOffsets(_ request: FetchOffsetsRequest, attachment: ByteBuffer, call: ServerCall<FetchOffsetsResponse>)
    /// All groups that this broker coordinates. Ask every broker for all that there are.
    func listGroups(_ request: ListGroupsRequest, attachment: ByteBuffer, call: ServerCall<ListGroupsResponse>)
    /// Members, assignments and settings of groups.
    func describeGroups(
        _ request: DescribeGroupsRequest, attachment: ByteBuffer, call: ServerCall<DescribeGroupsResponse>
    )
    /// Deletes groups without members, and their offsets.
    func deleteGroups(_ request: DeleteGroupsRequest, attachment: ByteBuffer, call: ServerCall<DeleteGroupsResponse>)
    /// Changes a group's settings. A group that is not there is created, empty.
    func alterGroup(_ request: AlterGroupRequest, attachment: ByteBuffer, call: ServerCall<AlterGroupResponse>)
}

extension ServiceTable {
    /// Dispatches to `service` under the name `Groups`.
    package static func groups(_ service: some GroupsService) -> ServiceTable {
        ServiceTable(
            name: "Groups",
            methods: [
                "FindCoordinator": method { service.findCoordinator($0, attachment: $1, call: $2) },
                "Heartbeat": method { service.heartbeat($0, attachment: $1, call: $2) },
                "CommitOffsets": method { service.commitOffsets($0, attachment: $1, call: $2) },
                "FetchOffsets": method { service.fetchOffsets($0, attachment: $1, call: $2) },
                "ListGroups": method { service.listGroups($0, attachment: $1, call: $2) },
                "DescribeGroups": method { service.describeGroups($0, attachment: $1, call: $2) },
                "DeleteGroups": method { service.deleteGroups($0, attachment: $1, call: $2) },
                "AlterGroup": method { service.alterGroup($0, attachment: $1, call: $2) },
            ])
    }
}

/// Consumer groups: who reads which partitions, and how far each group has come. All calls but FindCoordinator and
/// ListGroups go to the group's coordinator: the leader of partition (murmur2(group) & 0x7fffffff) mod n of
/// __consumer_offsets. Any other broker answers NOT_COORDINATOR.
///
/// Group names are 1 to 249 bytes of UTF-8 without control characters; member ids, instance ids and client ids are at
/// most 128 bytes of the same.
///
/// The client's side. Any thread.
package struct GroupsClient: Sendable {
    /// The names of the methods, for calls that are made by name.
    package enum Method {
        package static let findCoordinator = MethodName("Groups", "FindCoordinator")
        package static let heartbeat = MethodName("Groups", "Heartbeat")
        package static let commitOffsets = MethodName("Groups", "CommitOffsets")
        package static let fetchOffsets = MethodName("Groups", "FetchOffsets")
        package static let listGroups = MethodName("Groups", "ListGroups")
        package static let describeGroups = MethodName("Groups", "DescribeGroups")
        package static let deleteGroups = MethodName("Groups", "DeleteGroups")
        package static let alterGroup = MethodName("Groups", "AlterGroup")
    }

    package let caller: any RPCCaller

    package init(caller: any RPCCaller) {
        self.caller = caller
    }

    /// Which broker coordinates a group.
    package func findCoordinator(
        _ request: FindCoordinatorRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<FindCoordinatorResponse> {
        try await caller.call(Method.findCoordinator, request, attachment: attachment, timeout: timeout)
    }

    /// Joins, stays, reports, receives and leaves. A long poll: waits for up to the heartbeat interval and is answered
    /// at once when something changes for the member.
    package func heartbeat(
        _ request: HeartbeatRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<HeartbeatResponse> {
        try await caller.call(Method.heartbeat, request, attachment: attachment, timeout: timeout)
    }

    /// Keeps, for each partition, the next offset to read. Durable as __consumer_offsets is (flush=batch) when it is
    /// answered.
    package func commitOffsets(
        _ request: CommitOffsetsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<CommitOffsetsResponse> {
        try await caller.call(Method.commitOffsets, request, attachment: attachment, timeout: timeout)
    }

    /// Reads committed offsets: only such as are durable.
    package func fetchOffsets(
        _ request: FetchOffsetsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<FetchOffsetsResponse> {
        try await caller.call(Method.fetchOffsets, request, attachment: attachment, timeout: timeout)
    }

    /// All groups that this broker coordinates. Ask every broker for all that there are.
    package func listGroups(
        _ request: ListGroupsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ListGroupsResponse> {
        try await caller.call(Method.listGroups, request, attachment: attachment, timeout: timeout)
    }

    /// Members, assignments and settings of groups.
    package func describeGroups(
        _ request: DescribeGroupsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<DescribeGroupsResponse> {
        try await caller.call(Method.describeGroups, request, attachment: attachment, timeout: timeout)
    }

    /// Deletes groups without members, and their offsets.
    package func deleteGroups(
        _ request: DeleteGroupsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<DeleteGroupsResponse> {
        try await caller.call(Method.deleteGroups, request, attachment: attachment, timeout: timeout)
    }

    /// Changes a group's settings. A group that is not there is created, empty.
    package func alterGroup(
        _ request: AlterGroupRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<AlterGroupResponse> {
        try await caller.call(Method.alterGroup, request, attachment: attachment, timeout: timeout)
    }
}
