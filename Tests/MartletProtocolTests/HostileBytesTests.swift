import MartletProtocol
import Testing

/// Nothing here may trap, hang, or take memory out of proportion.
@Suite struct HostileBytesTests {
    @Test("every message cut at every byte is an error or a message", arguments: allMessages.indices)
    func truncated(index: Int) {
        func check<Message: RandomMessage>(_ type: Message.Type) {
            var random = Random(seed: UInt64(index))
            for _ in 0..<10 {
                let bytes = Message.random(using: &random).encoded
                for count in 0..<bytes.count {
                    _ = decodeAnything(type, Array(bytes[..<count]))
                }
            }
        }
        check(allMessages[index])
    }

    @Test("a length that points past the end is an error")
    func lengthPastEnd() {
        #expect(throws: WireError.self) { try RpcGoAway.decode([0x0A, 5, 0x61]) }
        #expect(throws: WireError.self) { try ProduceRequest.decode([0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) }
        #expect(throws: WireError.self) {
            try ProduceRequest.decode([0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
        }
    }

    @Test("every message with each of its bits flipped decodes, or fails", arguments: allMessages.indices)
    func flipped(index: Int) {
        func check<Message: RandomMessage>(_ type: Message.Type) {
            var random = Random(seed: UInt64(index) + 50)
            for _ in 0..<5 {
                var bytes = Message.random(using: &random).encoded
                for bit in 0..<bytes.count * 8 {
                    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                    _ = decodeAnything(type, bytes)
                    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                }
            }
        }
        check(allMessages[index])
    }

    @Test("random bytes decode, or fail; what decodes encodes and decodes to the same", arguments: allMessages.indices)
    func noise(index: Int) throws {
        func check<Message: RandomMessage>(_ type: Message.Type) throws {
            var random = Random(seed: UInt64(index) + 100)
            for _ in 0..<3000 {
                // Small tags and lengths, so that fields of the message are met at all.
                let bytes = (0..<random.below(60)).map { _ in UInt8(random.below(random.bool() ? 64 : 256)) }
                guard let message = decodeAnything(type, bytes) else { continue }
                #expect(try Message.decode(message.encoded) == message)
            }
        }
        try check(allMessages[index])
    }

    @Test(
        "a string that is not UTF-8 is refused, naming message and field",
        arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80]])
    func notUTF8(text: [UInt8]) {
        let error = #expect(throws: WireError.self) { try RpcGoAway.decode([0x0A, UInt8(text.count)] + text) }
        #expect(error?.description == "RpcGoAway: reason is not UTF-8")
    }

    @Test("bytes that are not UTF-8 are taken where the contract says bytes")
    func anyBytes() throws {
        #expect(try RpcHeader.decode([0x0A, 1, 0xFF]).key == [0xFF])
    }

    @Test("half a million empty submessages in a mebibyte are refused before they take the memory")
    func emptySubmessages() {
        let bytes = (0..<1024 * 1024).map { UInt8($0 % 2 == 0 ? 0x1A : 0) }
        let error = #expect(throws: WireError.self) { try ProduceRequest.decode(bytes) }
        #expect(error?.description == "ProduceRequest: 1048576 bytes take too much memory to decode")
    }

    @Test("a refused message leaves nothing behind for the next one")
    func afterRefusal() throws {
        let bytes = (0..<1024 * 1024).map { UInt8($0 % 2 == 0 ? 0x1A : 0) }
        for _ in 0..<3 {
            #expect(throws: WireError.self) { try ProduceRequest.decode(bytes) }
            #expect(try ProduceRequest.decode([0x10, 5]) == ProduceRequest(timeoutMs: 5))
        }
    }

    @Test("groups of protobuf's first version are refused, however deep")
    func groups() {
        #expect(throws: WireError.self) { try ProduceRequest.decode([UInt8](repeating: 0x1B, count: 100_000)) }
    }
}
