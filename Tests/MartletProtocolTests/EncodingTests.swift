import MartletProtocol
import Testing

/// Bytes by protobuf's specification, so that our own reading and writing cannot be wrong together.
@Suite struct EncodingTests {
    @Test("a request's meta")
    func requestMeta() throws {
        let meta = RpcMeta(
            callID: 300, attachmentBytes: 5,
            kind: .request(RpcRequest(service: "Records", method: "Fetch", timeoutMs: 1, oneWay: true))
        )
        let bytes: [UInt8] =
            [0x08, 0xAC, 0x02, 0x10, 0x05, 0x1A, 20]
            + [0x0A, 7] + Array("Records".utf8) + [0x12, 5] + Array("Fetch".utf8) + [0x18, 1, 0x20, 1]
        #expect(meta.encoded == bytes)
        #expect(try RpcMeta.decode(bytes) == meta)
    }

    @Test("an empty kind is told from none")
    func emptyKind() throws {
        let cancel = RpcMeta(callID: 1, kind: .cancel(RpcCancel()))
        #expect(cancel.encoded == [0x08, 1, 0x2A, 0])
        #expect(try RpcMeta.decode([0x08, 1, 0x2A, 0]) == cancel)
        #expect(try RpcMeta.decode([0x08, 1]).kind == nil)
    }

    @Test("negative numbers take ten bytes")
    func negative() throws {
        let bytes: [UInt8] = [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
        #expect(ProduceRequest(acks: -1).encoded == bytes)
        #expect(try ProduceRequest.decode(bytes).acks == -1)
    }

    @Test("repeated numbers are packed, and read unpacked too")
    func packed() throws {
        let partition = PartitionDescription(replicas: [1, 2, 300])
        #expect(partition.encoded == [0x22, 4, 1, 2, 0xAC, 0x02])
        #expect(try PartitionDescription.decode([0x20, 1, 0x20, 2, 0x20, 0xAC, 0x02]) == partition)
    }

    @Test("a string keeps a NUL in its middle")
    func nul() throws {
        let bytes: [UInt8] = [0x0A, 3, 0x61, 0, 0x62]
        #expect(try RpcGoAway.decode(bytes).reason == "a\0b")
        #expect(RpcGoAway(reason: "a\0b").encoded == bytes)
    }
}
