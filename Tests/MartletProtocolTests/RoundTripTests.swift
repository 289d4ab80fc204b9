import MartletProtocol
import NIOCore
import Testing

@Suite struct RoundTripTests {
    private static let valuesPerMessage = 200

    @Test("every message survives its encoding", arguments: allMessages.indices)
    func survives(index: Int) throws {
        func check<Message: RandomMessage>(_ type: Message.Type) throws {
            var random = Random(seed: UInt64(index))
            for round in 0..<Self.valuesPerMessage {
                let message = Message.random(using: &random)
                #expect(try Message.decode(message.encoded) == message, "seed \(index), value \(round)")
            }
        }
        try check(allMessages[index])
    }

    @Test("the encoded size is what is written", arguments: allMessages.indices)
    func sizes(index: Int) {
        func check<Message: RandomMessage>(_ type: Message.Type) {
            var random = Random(seed: UInt64(index) + 1000)
            for _ in 0..<Self.valuesPerMessage {
                let message = Message.random(using: &random)
                #expect(message.encodedSize == message.encoded.count)
            }
        }
        check(allMessages[index])
    }

    @Test("all fields at their defaults encode to nothing and decode from nothing", arguments: allMessages.indices)
    func empty(index: Int) throws {
        func check<Message: RandomMessage>(_ type: Message.Type) throws {
            #expect(Message().encoded.isEmpty)
            #expect(try Message.decode([]) == Message())
        }
        try check(allMessages[index])
    }

    @Test("encoding appends to what a buffer holds")
    func appends() {
        var buffer = ByteBuffer(string: "before")
        RpcGoAway(reason: "x").encode(into: &buffer)
        #expect(Array(buffer.readableBytesView) == Array("before".utf8) + [0x0A, 0x01, 0x78])
    }

    @Test("a message far larger than the thread's own block survives")
    func large() throws {
        let name = [UInt8](repeating: 0x61, count: 249)
        let request = DescribeTopicsRequest(names: Array(repeating: name, count: 10_000))
        #expect(try DescribeTopicsRequest.decode(request.encoded) == request)
    }

    @Test("ten thousand empty results, which a broker may well send, decode")
    func manyEmpty() throws {
        let response = DeleteRecordsResponse(partitions: Array(repeating: .init(), count: 10_000))
        #expect(try DeleteRecordsResponse.decode(response.encoded) == response)
    }
}
