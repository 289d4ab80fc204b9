import MartletCore
import MartletProtocol
import NIOCore
import Testing

/// Answers every request with an error message that repeats it.
private struct EchoRecords: RecordsService {
    func produce(_ request: ProduceRequest, attachment: ByteBuffer, call: ServerCall<ProduceResponse>) {
        let message = "acks \(request.acks), attachment \(String(buffer: attachment))"
        call.reply(ProduceResponse(partitions: [ProducePartitionResult(message: message)]))
    }

    func fetch(_ request: FetchRequest, attachment: ByteBuffer, call: ServerCall<FetchResponse>) {
        call.fail(RPCFailure(.unavailable, "not today"))
    }

    func listOffsets(_ request: ListOffsetsRequest, attachment: ByteBuffer, call: ServerCall<ListOffsetsResponse>) {
        call.reply(ListOffsetsResponse())
    }

    func initProducerID(
        _ request: InitProducerIdRequest, attachment: ByteBuffer, call: ServerCall<InitProducerIdResponse>
    ) {
        call.reply(InitProducerIdResponse())
    }
}

@Suite struct ServiceTableTests {
    private let table = ServiceTable.records(EchoRecords())

    @Test("a table has its service's methods under their names in the contract")
    func names() {
        #expect(table.name == "Records")
        #expect(table.methods.keys.sorted() == ["Fetch", "InitProducerId", "ListOffsets", "Produce"])
    }

    @Test("a call reaches its method with message and attachment, and its reply comes back encoded")
    func dispatch() throws {
        let answer = try call("Produce", ProduceRequest(acks: -1).encoded, attachment: ByteBuffer(string: "batch"))
        let message = "acks -1, attachment batch"
        #expect(answer == .message(ProduceResponse(partitions: [ProducePartitionResult(message: message)]).encoded))
    }

    @Test("a request that is not readable fails as invalid, without reaching the method")
    func unreadable() throws {
        let answer = try call("Produce", [0x1A, 5], attachment: ByteBuffer())
        let reason = "the request is not readable: ProduceRequest: 2 bytes are not valid protobuf"
        #expect(answer == .failure(RPCFailure(.invalidArgument, error: .invalidRequest, reason)))
    }

    @Test("a method's failure is the call's")
    func failure() throws {
        #expect(try call("Fetch", [], attachment: ByteBuffer()) == .failure(RPCFailure(.unavailable, "not today")))
    }

    private func call(_ method: String, _ message: [UInt8], attachment: ByteBuffer) throws -> ServerCallRecorder.Answer?
    {
        let context = ServerCallRecorder()
        let body = try #require(table.methods[method])
        message.withUnsafeBytes { body($0, attachment, context) }
        return context.answer
    }
}
