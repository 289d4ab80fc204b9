import MartletProtocol

/// The frames of a short conversation, as `proto/README.md` shows them: say hello, produce one record.
///
/// Meta and message are also given in protobuf's text format, which `Tests/Python` checks against the bytes.
struct ExampleFrame {
    var title: String
    var meta: RpcMeta
    var metaText: String
    var messageName: String
    var message: [UInt8]
    var messageText: String
    var attachment: [UInt8] = []

    /// Two spaces before what a part is, four before its bytes.
    var rendered: String {
        var lines = [title, "  magic, meta size \(meta.encoded.count), body size \(message.count + attachment.count)"]
        lines += Self.hexadecimal(head)
        lines += ["  RpcMeta: \(metaText)"] + Self.hexadecimal(meta.encoded)
        lines += ["  \(messageName): \(messageText)"] + Self.hexadecimal(message)
        if !attachment.isEmpty { lines += ["  attachment"] + Self.hexadecimal(attachment) }
        return lines.joined(separator: "\n")
    }

    private var head: [UInt8] {
        Array("MRT1".utf8) + bigEndian(UInt32(meta.encoded.count)) + bigEndian(UInt32(message.count + attachment.count))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> [String] {
        stride(from: 0, to: bytes.count, by: 16).map { start in
            let row = bytes[start..<min(start + 16, bytes.count)]
            return "    " + row.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        }
    }
}

extension ExampleFrame {
    static let conversation = [helloRequest, helloResponse, produceRequest, produceResponse, failure]

    private static let helloRequest = ExampleFrame(
        title: "1. The client says hello",
        meta: RpcMeta(
            callID: 1, kind: .request(RpcRequest(service: "Connection", method: "Hello", timeoutMs: 5000))),
        metaText: #"call_id: 1 request { service: "Connection" method: "Hello" timeout_ms: 5000 }"#,
        messageName: "HelloRequest",
        message: HelloRequest(versionMin: 1, versionMax: 1, clientName: Array("example".utf8)).encoded,
        messageText: #"version_min: 1 version_max: 1 client_name: "example""#
    )

    private static let helloResponse = ExampleFrame(
        title: "2. The broker answers",
        meta: RpcMeta(callID: 1, kind: .response(RpcResponse())),
        metaText: "call_id: 1 response { }",
        messageName: "HelloResponse",
        message: HelloResponse(
            version: 1, brokerVersion: "1.0.0", clusterID: "c1",
            limits: BrokerLimits(
                messageBytesMax: 4_194_304, attachmentBytesMax: 16_777_216, openCallsMax: 256,
                partitionsPerRequestMax: 1000)
        ).encoded,
        messageText: #"version: 1 broker_version: "1.0.0" cluster_id: "c1" limits { message_bytes_max: 4194304 "#
            + "attachment_bytes_max: 16777216 open_calls_max: 256 partitions_per_request_max: 1000 }"
    )

    private static let produceRequest = ExampleFrame(
        title: "3. The client produces a batch of one record: key k, value hello",
        meta: RpcMeta(
            callID: 2, attachmentBytes: UInt32(batch.count),
            kind: .request(RpcRequest(service: "Records", method: "Produce", timeoutMs: 30000))),
        metaText:
            #"call_id: 2 attachment_bytes: 74 request { service: "Records" method: "Produce" timeout_ms: 30000 }"#,
        messageName: "ProduceRequest",
        message: ProduceRequest(
            acks: -1,
            partitions: [
                ProducePartition(
                    topicID: Array("0123456789abcdef".utf8), partition: 0, leaderEpoch: 1,
                    batchBytes: UInt32(batch.count))
            ]
        ).encoded,
        messageText: #"acks: -1 partitions { topic_id: "0123456789abcdef" leader_epoch: 1 batch_bytes: 74 }"#,
        attachment: batch
    )

    private static let produceResponse = ExampleFrame(
        title: "4. The broker has it, at offset 41",
        meta: RpcMeta(callID: 2, kind: .response(RpcResponse())),
        metaText: "call_id: 2 response { }",
        messageName: "ProduceResponse",
        message: ProduceResponse(partitions: [ProducePartitionResult(baseOffset: 41, logAppendTimeMs: -1)]).encoded,
        messageText: "partitions { base_offset: 41 log_append_time_ms: -1 }"
    )

    private static let failure = ExampleFrame(
        title: "5. Or the whole call fails: UNAVAILABLE, with an error code and no message",
        meta: RpcMeta(
            callID: 2, kind: .response(RpcResponse(status: 14, error: 10004, message: "the broker is shutting down"))),
        metaText: #"call_id: 2 response { status: 14 error: 10004 message: "the broker is shutting down" }"#,
        messageName: "ProduceResponse",
        message: [],
        messageText: "none"
    )

    /// A record batch written out field by field, see DESIGN's table: key "k", value "hello", at 1,700,000,000,000 ms.
    private static let batch: [UInt8] = {
        let record: [UInt8] = [24, 0, 0, 0, 2, 0x6B, 10] + Array("hello".utf8) + [0]
        let timestamp = bigEndian(UInt64(1_700_000_000_000))
        let none = [UInt8](repeating: 0xFF, count: 8 + 2 + 4)  // producer id, its epoch, base sequence
        let fromAttributes: [UInt8] = [0, 0, 0, 0, 0, 0] + timestamp + timestamp + none + [0, 0, 0, 1] + record
        let fromEpoch = [0xFF, 0xFF, 0xFF, 0xFF, 2] + bigEndian(crc32c(fromAttributes)) + fromAttributes
        return [UInt8](repeating: 0, count: 8) + bigEndian(UInt32(fromEpoch.count)) + fromEpoch
    }()
}

private func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

/// Bit by bit, so that it shares nothing with the one in C.
private func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~crc
}
