import MartletProtocol
import NIOCore
import NIOEmbedded
import Synchronization

/// The context of one call, which keeps what it was answered.
///
/// Sendable: its state is in a Mutex.
final class ServerCallRecorder: ServerCallContext {
    enum Answer: Equatable {
        case message([UInt8])
        case failure(RPCFailure)
    }

    let eventLoop: any EventLoop = NIOAsyncTestingEventLoop()
    let deadline = NIODeadline.distantFuture
    let isOneWay = false
    let peer = "127.0.0.1:1"
    private let answered = Mutex<Answer?>(nil)

    var answer: Answer? { answered.withLock { $0 } }

    func onAbandoned(_ body: @escaping @Sendable () -> Void) {}

    func answer(_ message: ByteBuffer, attachment: [AttachmentPart]) {
        answered.withLock { $0 = .message(Array(message.readableBytesView)) }
    }

    func fail(_ failure: RPCFailure) {
        answered.withLock { $0 = .failure(failure) }
    }
}
