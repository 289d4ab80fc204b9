// Written by proto/generate from proto/martlet/v1/topics.proto; edit that instead.

package import NIOCore

/// Topics and what is set on them. Every change is durable when it is answered.
///
/// The server's side: each method answers through its `call`, on any thread, and does not block.
package protocol TopicsService: Sendable {
    /// Creates topics, each by itself: one that fails does not undo the others.
    func createTopics(_ request: CreateTopicsRequest, attachment: ByteBuffer, call: ServerCall<CreateTopicsResponse>)
    /// Deletes topics with all their records.
    func deleteTopics(_ request: DeleteTopicsRequest, attachment: ByteBuffer, call: ServerCall<DeleteTopicsResponse>)
    /// Topics, their partitions and leaders, and the brokers: what a client needs to know to call the right one.
    func describeTopics(
        _ request: DescribeTopicsRequest, attachment: ByteBuffer, call: ServerCall<DescribeTopicsResponse>
    )
    /// Changes a topic's settings, adds partitions, or both.
    func alterTopic(_ request: AlterTopicRequest, attachment: ByteBuffer, call: ServerCall<AlterTopicResponse>)
    /// Moves log starts up: records below them are never read again.
    func deleteRecords(_ request: DeleteRecordsRequest, attachment: ByteBuffer, call: ServerCall<DeleteRecordsResponse>)
}

extension ServiceTable {
    /// Dispatches to `service` under the name `Topics`.
    package static func topics(_ service: some TopicsService) -> ServiceTable {
        ServiceTable(
            name: "Topics",
            methods: [
                "CreateTopics": method { service.createTopics($0, attachment: $1, call: $2) },
                "DeleteTopics": method { service.deleteTopics($0, attachment: $1, call: $2) },
                "DescribeTopics": method { service.describeTopics($0, attachment: $1, call: $2) },
                "AlterTopic": method { service.alterTopic($0, attachment: $1, call: $2) },
                "DeleteRecords": method { service.deleteRecords($0, attachment: $1, call: $2) },
            ])
    }
}

/// Topics and what is set on them. Every change is durable when it is answered.
///
/// The client's side. Any thread.
package struct TopicsClient: Sendable {
    /// The names of the methods, for calls that are made by name.
    package enum Method {
        package static let createTopics = MethodName("Topics", "CreateTopics")
        package static let deleteTopics = MethodName("Topics", "DeleteTopics")
        package static let describeTopics = MethodName("Topics", "DescribeTopics")
        package static let alterTopic = MethodName("Topics", "AlterTopic")
        package static let deleteRecords = MethodName("Topics", "DeleteRecords")
    }

    package let caller: any RPCCaller

    package init(caller: any RPCCaller) {
        self.caller = caller
    }

    /// Creates topics, each by itself: one that fails does not undo the others.
    package func createTopics(
        _ request: CreateTopicsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<CreateTopicsResponse> {
        try await caller.call(Method.createTopics, request, attachment: attachment, timeout: timeout)
    }

    /// Deletes topics with all their records.
    package func deleteTopics(
        _ request: DeleteTopicsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<DeleteTopicsResponse> {
        try await caller.call(Method.deleteTopics, request, attachment: attachment, timeout: timeout)
    }

    /// Topics, their partitions and leaders, and the brokers: what a client needs to know to call the right one.
    package func describeTopics(
        _ request: DescribeTopicsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<DescribeTopicsResponse> {
        try await caller.call(Method.describeTopics, request, attachment: attachment, timeout: timeout)
    }

    /// Changes a topic's settings, adds partitions, or both.
    package func alterTopic(
        _ request: AlterTopicRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<AlterTopicResponse> {
        try await caller.call(Method.alterTopic, request, attachment: attachment, timeout: timeout)
    }

    /// Moves log starts up: records below them are never read again.
    package func deleteRecords(
        _ request: DeleteRecordsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<DeleteRecordsResponse> {
        try await caller.call(Method.deleteRecords, request, attachment: attachment, timeout: timeout)
    }
}
