// Written by proto/generate from proto/martlet/v1/rpc.proto; edit that instead.

package import NIOCore

/// What stands in front of every message on a connection: which call it belongs to and what it is. The frame around it
/// is described in proto/README.md. A receiver ignores fields and kinds that it does not know.
package struct RpcMeta: WireMessage {
    /// Chosen by the caller, unique among its open calls on this connection, never 0. Responses and cancellations
    /// repeat it. 0 only in RpcGoAway.
    package var callID: UInt64 = 0
    /// How many bytes at the end of the body are the attachment; the message is what stands before them.
    package var attachmentBytes: UInt32 = 0
    /// What this frame is. None that the receiver knows: it drops the frame.
    package var kind: Kind?

    /// What this frame is. None that the receiver knows: it drops the frame.
    package enum Kind: Sendable, Equatable {
        /// From the client: a call. The body is the method's request message and its attachment.
        case request(RpcRequest)
        /// From the server: the end of a call. The body is the method's response message and its attachment.
        case response(RpcResponse)
        /// From the client: the answer is no longer wanted. No body.
        case cancel(RpcCancel)
        /// From either side: no new calls on this connection. No body.
        case goAway(RpcGoAway)
    }

    package init() {}

    package init(callID: UInt64 = 0, attachmentBytes: UInt32 = 0, kind: Kind? = nil) {
        self.callID = callID
        self.attachmentBytes = attachmentBytes
        self.kind = kind
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// A named value that travels with a request: for authentication and tracing.
package struct RpcHeader: WireMessage {
    /// Lower-case ASCII by convention.
    package var key: [UInt8] = []
    /// Any bytes.
    package var value: [UInt8] = []

    package init() {}

    package init(key: [UInt8] = [], value: [UInt8] = []) {
        self.key = key
        self.value = value
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// The head of a call.
package struct RpcRequest: WireMessage {
    /// The service's name in the contract, without its package: "Records".
    package var service: String = ""
    /// The method's name in the contract: "Produce".
    package var method: String = ""
    /// How long the caller will wait, in milliseconds from the arrival of the request; 0: the server's default. A
    /// server that cannot answer in time answers DEADLINE_EXCEEDED.
    package var timeoutMs: UInt32 = 0
    /// The caller wants no response, whatever happens, and the call is not counted as open.
    package var oneWay: Bool = false
    /// Values for the server's layers, not for the method. Unknown ones are ignored.
    package var metadata: [RpcHeader] = []

    package init() {}

    package init(
        service: String = "", method: String = "", timeoutMs: UInt32 = 0, oneWay: Bool = false,
        metadata: [RpcHeader] = []
    ) {
        self.service = service
        self.method = method
        self.timeoutMs = timeoutMs
        self.oneWay = oneWay
        self.metadata = metadata
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// The head of an answer.
package struct RpcResponse: WireMessage {
    /// One of gRPC's status codes; 0 is OK. When it is not 0 the body is empty.
    package var status: UInt32 = 0
    /// The number of an ErrorCode (errors.proto) when one applies to the whole call, else 0. Errors of single items
    /// stand in the response message of a call whose status is OK.
    package var error: Int32 = 0
    /// For a person: what was wrong with what, and what to do. Empty when the status is OK.
    package var message: String = ""

    package init() {}

    package init(status: UInt32 = 0, error: Int32 = 0, message: String = "") {
        self.status = status
        self.error = error
        self.message = message
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// The caller no longer wants the answer to call_id and forgets the call; the server may stop working on it. An answer
/// that was already on its way is dropped by the caller. What the call did stays done.
package struct RpcCancel: WireMessage {
    package init() {}

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}

/// The sender answers the calls that are open and takes no new ones on this connection: call elsewhere, or connect
/// anew.
package struct RpcGoAway: WireMessage {
    /// For a person: "shutting down".
    package var reason: String = ""

    package init() {}

    package init(reason: String = "") {
        self.reason = reason
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Self { try Codec.decode(bytes) }
    package var encodedSize: Int { Codec.size(of: self) }
    package func encode(into buffer: inout ByteBuffer) { Codec.encode(self, into: &buffer) }
}
