internal import MartletCore
internal import NIOCore

extension ServiceTable {
    /// What a generated table calls `body` through: decodes the request, or fails the call when it is none.
    static func method<Request: WireMessage, Response: WireMessage>(
        _ body: @escaping @Sendable (Request, ByteBuffer, ServerCall<Response>) -> Void
    ) -> Method {
        { message, attachment, context in
            do {
                body(try Request.decode(message), attachment, ServerCall(context: context))
            } catch {
                context.fail(
                    RPCFailure(.invalidArgument, error: .invalidRequest, "the request is not readable: \(error)"))
            }
        }
    }
}
