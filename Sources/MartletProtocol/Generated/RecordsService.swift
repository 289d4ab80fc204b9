// Written by proto/generate from proto/martlet/v1/records.proto; edit that instead.

package import NIOCore

/// The data path. Record batches travel as attachments, verbatim; messages say which bytes belong to which partition,
/// in order.
///
/// The server's side: each method answers through its `call`, on any thread, and does not block.
package protocol RecordsService: Sendable {
    /// Appends record batches. The request's attachment is the batches, in the order of `partitions`.
    func produce(_ request: ProduceRequest, attachment: ByteBuffer, call: ServerCall<ProduceResponse>)
    /// Reads record batches, waiting for them when there are none. The response's attachment is the batches, in the
    /// order of `partitions`.
    func fetch(_ request: FetchRequest, attachment: ByteBuffer, call: ServerCall<FetchResponse>)
    /// Finds offsets by time, or the ends of a log.
    func listOffsets(_ request: ListOffsetsRequest, attachment: ByteBuffer, call: ServerCall<ListOffsetsResponse>)
    /// A producer id for idempotent producing, or a higher epoch for one that the caller has.
    func initProducerID(
        _ request: InitProducerIdRequest, attachment: ByteBuffer, call: ServerCall<InitProducerIdResponse>
    )
}

extension ServiceTable {
    /// Dispatches to `service` under the name `Records`.
    package static func records(_ service: some RecordsService) -> ServiceTable {
        ServiceTable(
            name: "Records",
            methods: [
                "Produce": method { service.produce($0, attachment: $1, call: $2) },
                "Fetch": method { service.fetch($0, attachment: $1, call: $2) },
                "ListOffsets": method { service.listOffsets($0, attachment: $1, call: $2) },
                "InitProducerId": method { service.initProducerID($0, attachment: $1, call: $2) },
            ])
    }
}

/// The data path. Record batches travel as attachments, verbatim; messages say which bytes belong to which partition,
/// in order.
///
/// The client's side. Any thread.
package struct RecordsClient: Sendable {
    /// The names of the methods, for calls that are made by name.
    package enum Method {
        package static let produce = MethodName("Records", "Produce")
        package static let fetch = MethodName("Records", "Fetch")
        package static let listOffsets = MethodName("Records", "ListOffsets")
        package static let initProducerID = MethodName("Records", "InitProducerId")
    }

    package let caller: any RPCCaller

    package init(caller: any RPCCaller) {
        self.caller = caller
    }

    /// Appends record batches. The request's attachment is the batches, in the order of `partitions`.
    package func produce(
        _ request: ProduceRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ProduceResponse> {
        try await caller.call(Method.produce, request, attachment: attachment, timeout: timeout)
    }

    /// Reads record batches, waiting for them when there are none. The response's attachment is the batches, in the
    /// order of `partitions`.
    package func fetch(
        _ request: FetchRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<FetchResponse> {
        try await caller.call(Method.fetch, request, attachment: attachment, timeout: timeout)
    }

    /// Finds offsets by time, or the ends of a log.
    package func listOffsets(
        _ request: ListOffsetsRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<ListOffsetsResponse> {
        try await caller.call(Method.listOffsets, request, attachment: attachment, timeout: timeout)
    }

    /// A producer id for idempotent producing, or a higher epoch for one that the caller has.
    package func initProducerID(
        _ request: InitProducerIdRequest, attachment: [ByteBuffer] = [], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<InitProducerIdResponse> {
        try await caller.call(Method.initProducerID, request, attachment: attachment, timeout: timeout)
    }
}
