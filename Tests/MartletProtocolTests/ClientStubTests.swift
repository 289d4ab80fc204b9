import MartletProtocol
import NIOCore
import Synchronization
import Testing

/// Answers each call with an empty message, and keeps what was called.
///
/// Sendable: its state is in a Mutex.
private final class RecordingCaller: RPCCaller {
    struct Call: Equatable {
        var method: MethodName
        var message: [UInt8]
        var attachment: [ByteBuffer]
        var timeout: Duration
    }

    private let recorded = Mutex<[Call]>([])

    var calls: [Call] { recorded.withLock { $0 } }

    func start<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration,
        completion: @escaping @Sendable (Result<RPCReply<Response>, RPCFailure>) -> Void
    ) {
        completion(.failure(RPCFailure(.unimplemented, "stubs await their answers")))
    }

    func call<Request: WireMessage, Response: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer], timeout: Duration
    ) async throws(RPCFailure) -> RPCReply<Response> {
        let call = Call(method: method, message: request.encoded, attachment: attachment, timeout: timeout)
        recorded.withLock { $0.append(call) }
        return RPCReply(message: Response(), attachment: ByteBuffer())
    }

    func sendOneWay<Request: WireMessage>(
        _ method: MethodName, _ request: Request, attachment: [ByteBuffer],
        written: @escaping @Sendable (Result<Void, RPCFailure>) -> Void
    ) {
        written(.failure(RPCFailure(.unimplemented, "stubs send nothing one-way")))
    }
}

@Suite struct ClientStubTests {
    @Test("a stub calls its method with what it was given")
    func stub() async throws {
        let caller = RecordingCaller()
        let batch = ByteBuffer(string: "batch")
        let request = ProduceRequest(acks: 1)
        let reply = try await RecordsClient(caller: caller).produce(request, attachment: [batch], timeout: .seconds(3))
        #expect(reply.message == ProduceResponse())
        let method = MethodName("Records", "Produce")
        let call = RecordingCaller.Call(
            method: method, message: request.encoded, attachment: [batch], timeout: .seconds(3))
        #expect(caller.calls == [call])
        #expect(RecordsClient.Method.produce == method)
    }
}
