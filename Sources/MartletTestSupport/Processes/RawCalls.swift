package import MartletProtocol
internal import MartletRPC
internal import NIOCore

/// Frames as bytes, for connections that send some of them changed.
package enum RawFrame {
    package static func request(
        _ method: MethodName, _ message: some WireMessage, attachment: [UInt8] = [], callID: UInt64
    ) -> [UInt8] {
        let request = RpcRequest(service: method.service, method: method.method, timeoutMs: 20_000)
        var frame = FrameEncoder.frame(
            callID: callID, kind: .request(request), message: message, attachmentBytes: attachment.count
        ).bytes
        frame.writeBytes(attachment)
        return Array(buffer: frame)
    }

    /// A frame with the body given, whatever that is.
    package static func request(_ method: MethodName, body: [UInt8], callID: UInt64) -> [UInt8] {
        let request = RpcRequest(service: method.service, method: method.method, timeoutMs: 20_000)
        var frame = FrameEncoder.head(
            callID: callID, kind: .request(request), messageBytes: body.count, attachmentBytes: 0)
        frame.writeBytes(body)
        return Array(buffer: frame)
    }

    package static let hello = request(
        ConnectionClient.Method.hello, HelloRequest(versionMin: 1, versionMax: 1), callID: 1)
}

/// What came back.
package struct RawAnswer {
    package var meta: RpcMeta
    package var body: [UInt8]

    package var status: UInt32? {
        guard case .response(let response)? = meta.kind else { return nil }
        return response.status
    }

    package func message<Message: WireMessage>(_ type: Message.Type) throws -> Message {
        let count = body.count - Int(meta.attachmentBytes)
        return try body[..<count].withUnsafeBytes { try Message.decode($0) }
    }
}

extension RawConnection {
    /// The next frame; nil when the connection ends, or stays silent for the timeout, before that.
    package func answer() throws -> RawAnswer? {
        guard let head = receiveExactly(FrameLimits.headerBytes) else { return nil }
        let sizes = [head[4..<8], head[8..<12]].map { $0.reduce(0) { $0 << 8 | Int($1) } }
        guard let meta = receiveExactly(sizes[0]), let body = receiveExactly(sizes[1]) else { return nil }
        return RawAnswer(meta: try meta.withUnsafeBytes { try RpcMeta.decode($0) }, body: body)
    }

    /// Says hello; throws when that is not answered.
    package func greet() throws {
        send(RawFrame.hello)
        guard try answer()?.status == 0 else { throw TestFailure("the broker does not answer a Hello") }
    }
}
