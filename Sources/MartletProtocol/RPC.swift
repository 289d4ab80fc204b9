package import MartletCore
package import NIOCore

/// gRPC's sixteen status codes.
package enum RPCStatus: UInt32, Sendable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
}

/// A whole call that failed, at the server or on the way.
package struct RPCFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var status: RPCStatus
    package var error: ErrorCode
    /// For a person: what was wrong with what, and what to do.
    package var message: String

    package init(_ status: RPCStatus, error: ErrorCode = .none, _ message: String) {
        self.status = status
        self.error = error
        self.message = message
    }

    package var description: String { "\(message) (\(status))" }
}

/// Names a method of the contract.
package struct MethodName: Hashable, Sendable, CustomStringConvertible {
    package var service: String
    package var method: String

    package init(_ service: String, _ method: String) {
        self.service = service
        self.method = method
    }

    package var description: String { "\(service).\(method)" }
}

/// Keeps a file descriptor open for as long as it is referenced.
package protocol FileLease: AnyObject, Sendable {
    var descriptor: CInt { get }
}

/// One piece of an attachment that is being sent.
package enum AttachmentPart: Sendable {
    case bytes(ByteBuffer)
    /// `count` bytes at `offset` of an open file; they exist already and do not change until the lease is gone.
    case file(any FileLease, offset: Int64, count: Int)

    package var count: Int {
        switch self {
        case .bytes(let buffer): buffer.readableBytes
        case .file(_, offset: _, let count): count
        }
    }
}

/// The server's side of one call. Every member may be used from any thread; callbacks run on ``eventLoop``.
package protocol ServerCallContext: AnyObject, Sendable {
    /// The loop of the connection: the method is called on it.
    var eventLoop: any EventLoop { get }
    /// When the caller stops waiting.
    var deadline: NIODeadline { get }
    /// The caller takes no answer: replies are dropped.
    var isOneWay: Bool { get }
    /// "127.0.0.1:51234", for logs.
    var peer: String { get }
    /// Runs `body` once if the call ends before it is answered: cancelled, past its deadline, or connection closed.
    func onAbandoned(_ body: @escaping @Sendable () -> Void)
    /// Answers. Only the first answer counts. `message` is encoded already.
    func answer(_ message: ByteBuffer, attachment: [AttachmentPart])
    func fail(_ failure: RPCFailure)
}

/// What a service method answers through. Exactly one of ``reply(_:attachment:)`` and ``fail(_:)``, once, from any
/// thread, now or later.
package struct ServerCall<Response: WireMessage>: Sendable {
    package let context: any ServerCallContext

    package init(context: any ServerCallContext) {
        self.context = context
    }

    package func reply(_ response: Response, attachment: [AttachmentPart] = []) {
        var buffer = ByteBuffer()
        response.encode(into: &buffer)
        context.answer(buffer, attachment: attachment)
    }

    package func fail(_ failure: RPCFailure) {
        context.fail(failure)
    }

    /// Answers with what `body` returns, from a task of its own: for methods off the hot path.
    package func answer(with body: @escaping @Sendable () async throws -> Response) {
        let task = Task {
            do {
                reply(try await body())
            } catch let failure as RPCFailure {
                fail(failure)
            } catch {
                fail(RPCFailure(.internal, "the broker failed unexpectedly: \(error)"))
            }
        }
        context.onAbandoned { task.cancel() }
    }
}

/// A service as the server dispatches to it; generated code makes these from service protocols.
package struct ServiceTable: Sendable {
    /// Decodes the message, calls the method. Runs on the connection's loop and does not block.
    package typealias Method =
        @Sendable (
            _ message: UnsafeRawBufferPointer, _ attachment: ByteBuffer, _ context: any ServerCallContext
        ) -> Void

    package var name: String
    package var methods: [String: Method]

    package init(name: String, methods: [String: Method]) {
        self.name = name
        self.methods = methods
    }
}

/// What came back from a call.
package struct RPCReply<Response: WireMessage>: Sendable {
    package var message: Response
    package var attachment: ByteBuffer

    package init(message: Response, attachment: ByteBuffer) {
        self.message = message
        self.attachment = attachment
    }
}

/// The client's side of a connection; generated stubs call through it. Any thread.
package protocol RPCCaller: Sendable {
    /// Sends a call; `completion` runs exactly once, on the connection's event loop. Parts of the attachment are sent as
    /// they are, not copied. Calls made from one thread are sent in the order made. `timeout` counts from now.
    func start<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration,
        completion: @escaping @Sendable (Result<RPCReply<Response>, RPCFailure>) -> Void
    )

    /// The same, awaited; cancelling the task cancels the call.
    func call<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<Response>

    /// Sends a call that is never answered. `written` runs once on the connection's loop when the bytes are in the
    /// socket, or could not be.
    func sendOneWay<Request: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer],
        written: @escaping @Sendable (Result<Void, RPCFailure>) -> Void
    )
}
