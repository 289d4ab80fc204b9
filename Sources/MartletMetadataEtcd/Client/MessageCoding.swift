internal import GRPCCore
internal import MartletProtocol
internal import NIOCore

/// Writes messages by way of protobuf-c, as the project's own protocol does: one protobuf runtime serves both.
struct WireSerializer<Message: WireMessage>: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: Message) -> Bytes {
        var buffer = ByteBuffer()
        message.encode(into: &buffer)
        return Bytes(buffer.readableBytesView)
    }
}

struct WireDeserializer<Message: WireMessage>: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Message {
        try bytes.withUnsafeBytes { try Message.decode($0) }
    }
}
