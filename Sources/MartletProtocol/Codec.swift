internal import CMartletProto
package import NIOCore

/// How much memory decoding may take.
package enum DecodingMemory {
    /// Enough for any small message: ten thousand empty submessages, which are the worst that a well-meant one holds.
    package static let baseBytes = 1024 * 1024

    /// Per byte of input. The fields of real messages take up to 15 bytes of memory each byte on the wire; empty
    /// submessages take 50 and more, which is what makes them a weapon.
    package static let bytesPerInputByte = 16

    /// The most that decoding `inputBytes` may take beside the Swift value that it results in.
    package static func limitBytes(inputBytes: Int) -> Int {
        baseBytes + bytesPerInputByte * inputBytes
    }
}

/// Between messages and their protobuf encoding, by way of protobuf-c's structs in the calling thread's ``Arena``.
/// Steady calls allocate nothing but the Swift value that decoding results in. Any thread.
package enum Codec {
    package static func decode<Message: CTwin>(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Message {
        let arena = Arena(limitBytes: DecodingMemory.limitBytes(inputBytes: bytes.count))
        defer { arena.close() }
        let input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard let c = Message.unpack(arena.allocator, bytes.count, input), !arena.isExhausted else {
            throw arena.isExhausted
                ? WireError(message: Message.name, reason: "\(bytes.count) bytes take too much memory to decode")
                : WireError(message: Message.name, reason: "\(bytes.count) bytes are not valid protobuf")
        }
        return try Message(c)
    }

    package static func size<Message: CTwin>(of message: Message) -> Int {
        let arena = Arena(limitBytes: Int.max)
        defer { arena.close() }
        return protobuf_c_message_get_packed_size(base(arena.place(message)))
    }

    package static func encode<Message: CTwin>(_ message: Message, into buffer: inout ByteBuffer) {
        let arena = Arena(limitBytes: Int.max)
        defer { arena.close() }
        let c: UnsafePointer<ProtobufCMessage> = base(arena.place(message))
        let size = protobuf_c_message_get_packed_size(c)
        if size == 0 { return }
        _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { out in
            protobuf_c_message_pack(c, out.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
    }

    /// The struct's first member.
    private static func base<C>(_ c: UnsafeMutablePointer<C>) -> UnsafePointer<ProtobufCMessage> {
        UnsafePointer(UnsafeRawPointer(c).assumingMemoryBound(to: ProtobufCMessage.self))
    }
}
