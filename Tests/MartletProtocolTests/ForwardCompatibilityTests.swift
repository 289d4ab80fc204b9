import MartletProtocol
import Testing

@Suite struct ForwardCompatibilityTests {
    /// Fields 500 of each wire type: varint, 64-bit, length-delimited, 32-bit.
    static let unknownFields: [[UInt8]] = [
        [0xA0, 0x1F, 0x96, 0x01],
        [0xA1, 0x1F, 1, 2, 3, 4, 5, 6, 7, 8],
        [0xA2, 0x1F, 3, 1, 2, 3],
        [0xA5, 0x1F, 1, 2, 3, 4],
    ]

    @Test("fields that the contract does not know are dropped", arguments: unknownFields)
    func unknownField(field: [UInt8]) throws {
        for type in allMessages {
            try check(type, field)
        }
    }

    private func check<Message: RandomMessage>(_ type: Message.Type, _ field: [UInt8]) throws {
        var random = Random(seed: 7)
        let message = Message.random(using: &random)
        #expect(try Message.decode(field + message.encoded + field) == message)
    }

    @Test("a kind that the contract does not know is none")
    func unknownKind() throws {
        let meta = try RpcMeta.decode([0x08, 9, 0x7A, 2, 0x08, 1])
        #expect(meta == RpcMeta(callID: 9))
    }

    @Test("of two kinds the last one counts")
    func twoKinds() throws {
        let meta = try RpcMeta.decode([0x1A, 2, 0x18, 5, 0x2A, 0])
        #expect(meta.kind == .cancel(RpcCancel()))
    }

    /// Encoders write a submessage once. protobuf-c merges pieces but for their numbers, which the last piece has.
    @Test("a submessage in two pieces keeps the numbers of the last one")
    func twoPieces() throws {
        let result = try ProducePartitionResult.decode([0x32, 2, 0x08, 3, 0x32, 2, 0x10, 4])
        #expect(result.leader == LeaderHint(brokerID: 0, leaderEpoch: 4))
    }
}
