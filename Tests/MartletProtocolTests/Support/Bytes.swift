import MartletProtocol
import NIOCore

extension WireMessage {
    var encoded: [UInt8] {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        return Array(buffer.readableBytesView)
    }

    static func decode(_ bytes: [UInt8]) throws -> Self {
        try bytes.withUnsafeBytes { try decode($0) }
    }
}

/// Decodes what may be any bytes; all that counts is that it comes back.
func decodeAnything<Message: WireMessage>(_ type: Message.Type, _ bytes: [UInt8]) -> Message? {
    try? Message.decode(bytes)
}
