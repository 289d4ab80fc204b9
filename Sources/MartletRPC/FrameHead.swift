package import MartletProtocol
package import NIOCore

/// What stands in front of a frame's body, decoded, its sizes checked.
package struct FrameHead: Sendable, Equatable {
    /// Chosen by the caller; 0 only in GoAway.
    package var callID: UInt64
    /// The body is the message, then the attachment.
    package var messageBytes: Int
    package var attachmentBytes: Int
    /// nil: a kind that a later version of the contract has added; the frame is dropped.
    package var kind: RpcMeta.Kind?

    package var bodyBytes: Int { messageBytes + attachmentBytes }

    /// Decodes a frame's meta; `bodyBytes` is from the frame's header.
    init(meta bytes: UnsafeRawBufferPointer, bodyBytes: Int) throws(FrameFault) {
        let meta: RpcMeta
        do {
            meta = try RpcMeta.decode(bytes)
        } catch {
            throw .unreadableMeta(error.reason)
        }
        guard meta.attachmentBytes <= bodyBytes else {
            throw .attachmentBeyondBody(bytes: Int(meta.attachmentBytes), body: bodyBytes)
        }
        callID = meta.callID
        attachmentBytes = Int(meta.attachmentBytes)
        messageBytes = bodyBytes - attachmentBytes
        kind = meta.kind
    }
}

/// Writes frames.
package enum FrameEncoder {
    /// Room for most metas, so that the buffer is allocated once.
    private static let metaBytesUsual = 96

    /// A frame's header and meta, and behind them room for `room` more bytes.
    package static func head(
        callID: UInt64, kind: RpcMeta.Kind, messageBytes: Int, attachmentBytes: Int, room: Int = 0,
        allocator: ByteBufferAllocator = ByteBufferAllocator()
    ) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: FrameLimits.headerBytes + metaBytesUsual + room)
        let meta = RpcMeta(callID: callID, attachmentBytes: UInt32(attachmentBytes), kind: kind)
        buffer.writeInteger(FrameLimits.magic)
        buffer.writeInteger(UInt32(0))
        buffer.writeInteger(UInt32(messageBytes + attachmentBytes))
        meta.encode(into: &buffer)
        buffer.setInteger(UInt32(buffer.writerIndex - FrameLimits.headerBytes), at: 4)
        return buffer
    }

    /// A whole frame but for its attachment. Returns also how many bytes of it are the message.
    package static func frame(
        callID: UInt64, kind: RpcMeta.Kind, message: some WireMessage, attachmentBytes: Int
    ) -> (bytes: ByteBuffer, messageBytes: Int) {
        let size = message.encodedSize
        var buffer = head(
            callID: callID, kind: kind, messageBytes: size, attachmentBytes: attachmentBytes, room: size)
        message.encode(into: &buffer)
        return (buffer, size)
    }
}

/// Why a peer's bytes are not frames, or not frames that may be sent here. The connection cannot go on.
package enum FrameFault: Error, Sendable, Equatable, CustomStringConvertible {
    case metaTooLarge(bytes: Int)
    case bodyTooLarge(bytes: Int, limit: Int)
    case messageTooLarge(bytes: Int, limit: Int)
    case attachmentTooLarge(bytes: Int, limit: Int)
    case attachmentBeyondBody(bytes: Int, body: Int)
    case unreadableMeta(String)
    /// The magic is wrong in the middle of a connection that has sent good frames.
    case lostFraming

    package var description: String {
        switch self {
        case .metaTooLarge(let bytes):
            "the frame announces \(bytes) bytes of meta; the limit is \(FrameLimits.metaBytesMax)"
        case .bodyTooLarge(let bytes, let limit):
            "the frame announces a body of \(bytes) bytes; the limit here is \(limit)"
        case .messageTooLarge(let bytes, let limit):
            "the frame announces a message of \(bytes) bytes; the limit here is \(limit)"
        case .attachmentTooLarge(let bytes, let limit):
            "the frame announces an attachment of \(bytes) bytes; the limit here is \(limit)"
        case .attachmentBeyondBody(let bytes, let body):
            "the frame announces an attachment of \(bytes) bytes in a body of \(body)"
        case .unreadableMeta(let reason):
            "the frame's meta cannot be read: \(reason)"
        case .lostFraming:
            "the bytes after a frame do not begin another one"
        }
    }
}
