import MartletCore
import MartletProtocol
import NIOCore

/// What a caller wants sent.
enum Outgoing: Sendable {
    case call(
        id: UInt64, frame: ByteBuffer, attachment: [ByteBuffer], deadline: NIODeadline, completion: CallCompletion)
    case oneWay(frame: ByteBuffer, attachment: [ByteBuffer], written: @Sendable (Result<Void, RPCFailure>) -> Void)
    case cancel(id: UInt64)

    var isCancel: Bool {
        if case .cancel = self { true } else { false }
    }

    /// It will not be sent.
    func refuse(_ failure: RPCFailure) {
        switch self {
        case .call(_, _, _, _, let completion): completion(.failure(failure))
        case .oneWay(_, _, let written): written(.failure(failure))
        case .cancel: break
        }
    }
}

/// Takes the message and the attachment, or what went wrong, once, on the connection's loop.
typealias CallCompletion = @Sendable (Result<(message: ByteBuffer, attachment: ByteBuffer), RPCFailure>) -> Void

/// One connection at the client: calls out, answers in. On its channel's event loop only.
///
/// The rules are in ``ClientConnectionState`` (calls) and ``FrameDecoder`` (bytes); this does what they say.
final class ClientConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    let address: String
    private let options: RPCConnectionOptions
    private let buffers: ReceiveBuffers
    private let outbox: Outbox
    private(set) var state: ClientConnectionState<CallCompletion>
    /// Ends when no new calls are taken any more.
    let unusable: EventLoopPromise<Void>
    private var context: ChannelHandlerContext?
    private var timer = ConnectionTimer()
    private var frameDeadline: NIODeadline?
    private var memoryWait: (ticket: UInt64, bytes: Int)?
    /// The memory of the body being received.
    private var share: BudgetShare?
    private var readIsWithheld = false
    private var isClosed = false
    /// Why the connection is being closed, when it is this side that closes it.
    private var closeReason: String?

    init(
        address: String, options: RPCConnectionOptions, buffers: ReceiveBuffers, outbox: Outbox, loop: any EventLoop
    ) {
        self.unusable = loop.makePromise()
        self.address = address
        self.options = options
        self.buffers = buffers
        self.outbox = outbox
        self.state = ClientConnectionState(address: address, openCallsMax: Self.openCallsMaxBeforeHello)
    }

    /// Hello, and nothing beside it.
    private static let openCallsMaxBeforeHello = 1

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        ChannelTuning.applyIfWithinHost(to: context.channel)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connectionClosed()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        connectionClosed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close("\(error)")
    }

    private func connectionClosed() {
        guard !isClosed else { return }
        isClosed = true
        timer.cancel()
        buffers.noteHeld(0)
        share?.release()
        if let wait = memoryWait {
            _ = options.budget.cancelWait(wait.ticket)
        }
        let failure = RPCFailure(
            .unavailable, error: .brokerUnavailable,
            """
            the connection to the broker at \(address) is closed: \
            \(closeReason ?? "the broker or the network ended it"); \
            check that the broker runs and its log
            """)
        for completion in state.closed(failure) {
            completion(.failure(failure))
        }
        for item in outbox.close(failure) {
            item.refuse(failure)
        }
        unusable.succeed()
    }

    func close(_ reason: String) {
        closeReason = closeReason ?? reason
        context?.close(promise: nil)
    }

    /// Hello has told what the server takes.
    func greeted(openCallsMax: Int) {
        state.openCallsMax = max(1, openCallsMax)
    }

    // MARK: sending

    /// Sends what callers have put into the outbox, with one flush for all of it.
    func drainOutbox() {
        let batch = outbox.takeAll()
        guard !batch.isEmpty, let context, !isClosed else { return }
        for item in batch {
            switch item {
            case .call(let id, let frame, let attachment, let deadline, let completion):
                switch state.start(id, call: completion, deadline: deadline) {
                case .send:
                    armTimer(deadline)
                    write(frame, attachment, promise: nil, context)
                case .refuse(let failure):
                    completion(.failure(failure))
                }
            case .oneWay(let frame, let attachment, let written):
                sendOneWay(frame, attachment, written, context)
            case .cancel(let id):
                giveUp(id, RPCFailure(.cancelled, "the caller has cancelled the call"))
            }
        }
        context.flush()
    }

    private func sendOneWay(
        _ frame: ByteBuffer, _ attachment: [ByteBuffer],
        _ written: @escaping @Sendable (Result<Void, RPCFailure>) -> Void,
        _ context: ChannelHandlerContext
    ) {
        if case .refuse(let failure) = state.admit() {
            written(.failure(failure))
            return
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        let address = address
        promise.futureResult.whenComplete { result in
            written(
                result.mapError { error in
                    RPCFailure(
                        .unavailable, error: .brokerUnavailable, "could not send to the broker at \(address): \(error)")
                })
        }
        write(frame, attachment, promise: promise, context)
    }

    private func write(
        _ frame: ByteBuffer, _ attachment: [ByteBuffer], promise: EventLoopPromise<Void>?,
        _ context: ChannelHandlerContext
    ) {
        context.write(wrapOutboundOut(.byteBuffer(frame)), promise: attachment.isEmpty ? promise : nil)
        for (index, piece) in attachment.enumerated() {
            context.write(wrapOutboundOut(.byteBuffer(piece)), promise: index == attachment.count - 1 ? promise : nil)
        }
    }

    /// Ends a call from this side and tells the server.
    private func giveUp(_ id: UInt64, _ failure: RPCFailure) {
        guard state.isWaiting(id), let context else { return }
        let frame = FrameEncoder.head(callID: id, kind: .cancel(RpcCancel()), messageBytes: 0, attachmentBytes: 0)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(frame)), promise: nil)
        end(id, .failure(failure))
    }

    private func end(_ id: UInt64, _ result: Result<(message: ByteBuffer, attachment: ByteBuffer), RPCFailure>) {
        switch state.end(id) {
        case .complete(let completion):
            completion(result)
        case .completeAndClose(let completion):
            completion(result)
            close("the broker is shutting down")
        case .ignore:
            break
        }
    }

    // MARK: receiving

    func read(context: ChannelHandlerContext) {
        if memoryWait == nil {
            context.read()
        } else {
            readIsWithheld = true
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        buffers.received(bytes)
        process(context)
        buffers.finished(bytes, allocator: context.channel.allocator)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // What the answers of this turn have made their callers send goes out at once.
        drainOutbox()
        context.fireChannelReadComplete()
    }

    private func process(_ context: ChannelHandlerContext) {
        while !isClosed && memoryWait == nil {
            switch buffers.decoder.next() {
            case .needMore:
                watchFrame(context)
                return
            case .head(let head):
                decide(head, context)
            case .frame(let head):
                frameDeadline = nil
                deliver(head)
            case .skipped:
                frameDeadline = nil
            case .stranger(let stranger):
                close("it does not speak the Martlet protocol, it sent \(stranger.explanation)")
                return
            case .fault(let fault):
                close(fault.description)
                return
            }
        }
    }

    private func decide(_ head: FrameHead, _ context: ChannelHandlerContext) {
        switch head.kind {
        case .response(let response) where response.status == RPCStatus.ok.rawValue:
            receiveBody(head, context)
        case .response(let response):
            buffers.decoder.skipBody()
            end(head.callID, .failure(RPCFailure(response)))
        case .goAway(let goAway):
            buffers.decoder.skipBody()
            goingAway(goAway.reason)
        case .request, .cancel:
            close("it sent a request, which only clients do")
        case nil:
            buffers.decoder.skipBody()
        }
    }

    private func goingAway(_ reason: String) {
        let isDone = state.goAway(reason)
        if case .refuse(let failure) = state.admit() {
            outbox.refuseCalls(failure)
        }
        unusable.succeed()
        if isDone {
            close(reason)
        }
    }

    private func receiveBody(_ head: FrameHead, _ context: ChannelHandlerContext) {
        guard state.isWaiting(head.callID) else {
            buffers.decoder.skipBody()
            return
        }
        if head.attachmentBytes == 0 && buffers.decoder.wholeBodyIsHere {
            buffers.decoder.acceptBody(inPlace: true, allocator: context.channel.allocator)
            return
        }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let reservation = options.budget.reserve(head.bodyBytes, on: context.eventLoop) {
            connection.value.memoryGranted(head.bodyBytes)
        }
        switch reservation {
        case .granted:
            acceptBody(head.bodyBytes, context)
        case .waiting(let ticket):
            memoryWait = (ticket, head.bodyBytes)
            frameDeadline = nil
        case .tooLarge:
            buffers.decoder.skipBody()
            let text =
                "an answer of \(head.bodyBytes) bytes; the client's answers may use \(options.budget.capacity)"
            end(head.callID, .failure(RPCFailure(.resourceExhausted, error: .limitReached, text)))
        }
    }

    private func memoryGranted(_ bytes: Int) {
        guard let context, memoryWait != nil, !isClosed else {
            options.budget.release(bytes)
            return
        }
        memoryWait = nil
        acceptBody(bytes, context)
        process(context)
        buffers.noteHeld(buffers.decoder.inputBytes)
        if readIsWithheld && memoryWait == nil {
            readIsWithheld = false
            context.read()
        }
    }

    private func acceptBody(_ bytes: Int, _ context: ChannelHandlerContext) {
        frameDeadline = nil
        share = BudgetShare(bytes, of: options.budget)
        buffers.decoder.acceptBody(inPlace: false, allocator: context.channel.allocator)
    }

    private func deliver(_ head: FrameHead) {
        var body = buffers.decoder.takeBody()
        guard let message = body.readSlice(length: head.messageBytes) else {
            preconditionFailure("a whole frame is shorter than its message")
        }
        end(head.callID, .success((message, head.attachmentBytes == 0 ? ByteBuffer() : body)))
        // From here on the memory is the caller's affair.
        share?.release()
        share = nil
    }

    // MARK: time

    private func armTimer(_ deadline: NIODeadline) {
        guard let context else { return }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer.arm(deadline, on: context.eventLoop) { connection.value.timerFired() }
    }

    private func watchFrame(_ context: ChannelHandlerContext) {
        guard frameDeadline == nil, buffers.decoder.isInsideFrame else { return }
        let deadline = context.eventLoop.now + options.frameAllowance(bodyBytes: buffers.decoder.bodyBytesMissing)
        frameDeadline = deadline
        armTimer(deadline)
    }

    private func timerFired() {
        timer.fired()
        guard let context, !isClosed else { return }
        let now = context.eventLoop.now
        if let deadline = frameDeadline, deadline <= now {
            close("an answer that was begun did not come to its end in time")
            return
        }
        for id in state.expired(now: now) {
            giveUp(
                id,
                RPCFailure(
                    .deadlineExceeded, error: .requestTimedOut,
                    "the broker at \(address) did not answer in time; it may be busy, or the network may be cut"))
        }
        if let next = [state.earliestDeadline, frameDeadline].compactMap(\.self).min() {
            armTimer(next)
        }
    }
}

extension RPCFailure {
    /// A response that is not OK.
    init(_ response: RpcResponse) {
        let status = RPCStatus(rawValue: response.status) ?? .unknown
        self.init(status, error: ErrorCode(rawValue: response.error) ?? .none, response.message)
    }
}
