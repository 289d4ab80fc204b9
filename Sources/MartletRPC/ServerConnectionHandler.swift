import Logging
import MartletCore
import MartletProtocol
import NIOCore

/// One connection at the server: frames in, calls to services, answers out. On its channel's event loop only.
///
/// The rules are in ``ServerConnectionState`` (calls), ``FrameDecoder`` (bytes) and ``ResponseQueue`` (answers); this
/// does what they say. Answers are written in ServerConnectionHandler+Answers.swift, time-outs are in
/// ServerConnectionHandler+Time.swift.
final class ServerConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    /// What is to be done with the body that is being received.
    enum Admitted {
        case hello
        case call(ServiceTable.Method, RpcRequest, deadline: NIODeadline, BudgetShare?)
    }

    /// How far the end of the connection has come.
    enum Ending {
        case none
        /// Nothing more is read; what waits is written, then our side is closed.
        case finishing
        /// Our side is closed; what the peer still sends is thrown away.
        case lingering
        case closed
    }

    let shared: ServerShared
    let peer: String
    private let buffers: ReceiveBuffers
    var state: ServerConnectionState<OpenCall>
    var responses = ResponseQueue()
    var ending = Ending.none
    var timer = ConnectionTimer()
    var helloDeadline: NIODeadline?
    var frameDeadline: NIODeadline?
    var lingerDeadline: NIODeadline?
    var bodyProgress: BodyProgress?
    var stall: WriteStall?
    var bytesQueued = 0
    var flushIsScheduled = false
    var hasUnflushed = false
    var isReading = false
    private(set) var context: ChannelHandlerContext?
    private var admitted: Admitted?
    /// Our place in the line for memory, and the head whose body it is for.
    private var memoryWait: (ticket: UInt64, head: FrameHead, Admitted)?
    /// NIO has asked for a read that is withheld.
    private var readIsWithheld = false
    /// Reads that came while requests were to be left unread.
    private var readsTooMany = 0
    /// Calls of this turn whose bodies may be free already, once NIO has let go of them.
    private var justCalled: [(OpenCall, ByteBuffer)] = []

    var decoder: FrameDecoder { buffers.decoder }

    init(shared: ServerShared, buffers: ReceiveBuffers, peer: String) {
        self.shared = shared
        self.buffers = buffers
        self.peer = peer
        self.state = ServerConnectionState(settings: shared.options.stateSettings)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        buffers.decoder.limits = .greeting
        if context.channel.isActive {
            opened(context)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        opened(context)
        context.fireChannelActive()
    }

    private func opened(_ context: ChannelHandlerContext) {
        guard helloDeadline == nil else { return }
        let deadline = context.eventLoop.now + shared.options.helloTimeout
        helloDeadline = deadline
        armTimer(deadline)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connectionClosed()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connectionClosed()
        self.context = nil
    }

    private func connectionClosed() {
        guard ending != .closed else { return }
        ending = .closed
        timer.cancel()
        buffers.noteHeld(0)
        responses.removeAll()
        justCalled.removeAll()
        admitted = nil
        if let wait = memoryWait {
            // False: the grant is on its way to us, and gives the bytes back when it finds the connection closed.
            _ = shared.options.budget.cancelWait(wait.ticket)
            memoryWait = nil
        }
        let open = state.closed()
        shared.counters.callsOpen.subtract(open.count)
        for call in open {
            call.abandon()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shared.logger.debug("connection lost", metadata: ["peer": "\(peer)", "reason": "\(error)"])
        context.close(promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resumeIfPossible()
        context.fireChannelWritabilityChanged()
    }

    // MARK: reading

    func read(context: ChannelHandlerContext) {
        if isPaused {
            readIsWithheld = true
        } else {
            context.read()
        }
    }

    /// Requests are left unread: no memory for the next body, or the peer does not take its answers.
    var isPaused: Bool {
        guard let context else { return true }
        if ending != .none { return false }
        // A body half received has its memory already: finish it.
        return memoryWait != nil
            || !decoder.isInsideBody && responses.isBackedUp(channelIsWritable: context.channel.isWritable)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        shared.counters.bytesReceived.add(bytes.readableBytes)
        guard ending == .none else {
            buffers.discard(bytes)
            return
        }
        if isPaused {
            // One read may have been under way. More come only when the peer has closed and NIO empties the socket:
            // nobody is there to answer.
            readsTooMany += 1
            guard readsTooMany < 2 else {
                context.close(promise: nil)
                return
            }
        } else {
            readsTooMany = 0
        }
        isReading = true
        buffers.received(bytes)
        process(context)
        buffers.finished(bytes, allocator: context.channel.allocator)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        for index in justCalled.indices {
            let call = justCalled[index].0
            justCalled[index].1.modifyIfUniquelyOwned { _ in call.releaseMemory() }
        }
        justCalled.removeAll(keepingCapacity: true)
        flushAnswers()
        context.fireChannelReadComplete()
    }

    /// Goes on where ``isPaused`` had stopped, if nothing stops it any more.
    func resumeIfPossible() {
        guard let context, ending == .none, !isReading, !isPaused else { return }
        readsTooMany = 0
        process(context)
        buffers.noteHeld(decoder.inputBytes)
        if readIsWithheld && !isPaused {
            readIsWithheld = false
            context.read()
        }
    }

    private func process(_ context: ChannelHandlerContext) {
        while ending == .none && !isPaused {
            switch buffers.decoder.next() {
            case .needMore:
                watchFrame(context)
                return
            case .head(let head):
                decide(head, context)
            case .frame(let head):
                frameEnded()
                call(head, body: buffers.decoder.takeBody())
            case .skipped:
                frameEnded()
            case .stranger(let stranger):
                turnAway(stranger, context)
            case .fault(let fault):
                protocolError(fault.description)
            }
        }
    }

    private func frameEnded() {
        frameDeadline = nil
        bodyProgress = nil
        shared.counters.framesReceived.add()
    }

    private func decide(_ head: FrameHead, _ context: ChannelHandlerContext) {
        switch head.kind {
        case .request(let request):
            decide(head, request, context)
        case .cancel:
            cancelled(head.callID)
            buffers.decoder.skipBody()
        case .response:
            protocolError("a client does not send responses")
        case .goAway, nil:
            buffers.decoder.skipBody()
        }
    }

    private func decide(_ head: FrameHead, _ request: RpcRequest, _ context: ChannelHandlerContext) {
        switch state.request(head.callID, request, now: context.eventLoop.now) {
        case .greet:
            receiveBody(head, .hello, context)
        case .dispatch(let deadline):
            let name = MethodName(request.service, request.method)
            if let method = shared.methods[name] {
                receiveBody(head, .call(method, request, deadline: deadline, nil), context)
            } else {
                refuse(
                    head, RPCFailure(.unimplemented, "this broker has no method \(name); is it older than the client?"))
            }
        case .refuse(let failure):
            refuse(head, failure)
        case .drop:
            buffers.decoder.skipBody()
        case .close(let reason):
            protocolError(reason)
        }
    }

    private func refuse(_ head: FrameHead, _ failure: RPCFailure) {
        shared.counters.callsRefused.add()
        buffers.decoder.skipBody()
        if case .request(let request) = head.kind, !request.oneWay {
            writeFailure(head.callID, failure)
        }
    }

    /// Gets the memory for a body, or a place in the line for it. A small message that is here already needs none: it
    /// is decoded where it is.
    private func receiveBody(_ head: FrameHead, _ wanted: Admitted, _ context: ChannelHandlerContext) {
        if head.attachmentBytes == 0 && decoder.wholeBodyIsHere {
            admitted = wanted
            buffers.decoder.acceptBody(inPlace: true, allocator: context.channel.allocator)
            return
        }
        let budget = shared.options.budget
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let reservation = budget.reserve(head.bodyBytes, on: context.eventLoop) {
            connection.value.memoryGranted(head.bodyBytes)
        }
        switch reservation {
        case .granted:
            acceptBody(wanted, BudgetShare(head.bodyBytes, of: budget), context)
        case .waiting(let ticket):
            memoryWait = (ticket, head, wanted)
            frameDeadline = nil
        case .tooLarge:
            let text = "the request has \(head.bodyBytes) bytes, all requests together may use \(budget.capacity)"
            refuse(head, RPCFailure(.resourceExhausted, error: .limitReached, text))
        }
    }

    private func memoryGranted(_ bytes: Int) {
        let share = BudgetShare(bytes, of: shared.options.budget)
        guard let context, let wait = memoryWait, ending == .none else {
            share.release()
            return
        }
        memoryWait = nil
        acceptBody(wait.2, share, context)
        resumeIfPossible()
    }

    private func acceptBody(_ wanted: Admitted, _ share: BudgetShare, _ context: ChannelHandlerContext) {
        // The body's time is measured by its size, and from now.
        frameDeadline = nil
        switch wanted {
        case .hello:
            admitted = .hello
        case .call(let method, let request, let deadline, _):
            admitted = .call(method, request, deadline: deadline, share)
        }
        buffers.decoder.acceptBody(inPlace: false, allocator: context.channel.allocator)
    }

    // MARK: calls

    private func call(_ head: FrameHead, body: consuming ByteBuffer) {
        guard let context, let admitted else {
            preconditionFailure("a body was received that nobody had admitted")
        }
        self.admitted = nil
        switch admitted {
        case .hello:
            hello(head.callID, body)
        case .call(let method, let request, let deadline, let share):
            let call = OpenCall(
                id: head.callID, deadline: deadline, isOneWay: request.oneWay, peer: peer,
                connection: NIOLoopBound(self, eventLoop: context.eventLoop), share: share)
            if !request.oneWay {
                state.open(head.callID, call: call, deadline: deadline)
                shared.counters.callsOpen.add()
                armTimer(deadline)
            }
            run(method, call, head, body)
            if head.attachmentBytes > 0 {
                justCalled.append((call, body))
            }
        }
    }

    private func run(_ method: ServiceTable.Method, _ call: OpenCall, _ head: FrameHead, _ body: borrowing ByteBuffer) {
        let attachment =
            head.attachmentBytes == 0
            ? ByteBuffer()
            : body.getSlice(at: body.readerIndex + head.messageBytes, length: head.attachmentBytes) ?? ByteBuffer()
        body.withUnsafeReadableBytes { bytes in
            method(UnsafeRawBufferPointer(rebasing: bytes[..<head.messageBytes]), attachment, call)
        }
    }

    private func hello(_ id: UInt64, _ body: borrowing ByteBuffer) {
        do throws(WireError) {
            let request = try body.withUnsafeReadableBytes { bytes throws(WireError) in try HelloRequest.decode(bytes) }
            switch Hello.answer(request, options: shared.options) {
            case .success(let response):
                state.greeted()
                helloDeadline = nil
                buffers.decoder.limits = shared.options.limits
                writeMessage(id, response)
                shared.logger.debug(
                    "client connected",
                    metadata: [
                        "peer": "\(peer)", "client": "\(String(decoding: request.clientName, as: UTF8.self))",
                        "version": "\(request.clientVersion)",
                    ])
            case .failure(let failure):
                shared.logger.notice("client refused", metadata: ["peer": "\(peer)", "reason": "\(failure.message)"])
                shared.counters.callsRefused.add()
                writeFailure(id, failure)
                finish()
            }
        } catch {
            protocolError(error.description)
        }
    }

    private func cancelled(_ id: UInt64) {
        switch state.cancelled(id) {
        case .abandon(let call):
            abandon(call)
        case .abandonAndClose(let call):
            abandon(call)
            finish()
        case .ignore:
            break
        }
    }

    private func abandon(_ call: OpenCall) {
        shared.counters.callsOpen.subtract()
        shared.counters.callsCancelled.add()
        call.abandon()
    }

    // MARK: peers that cannot be served

    private func turnAway(_ stranger: Stranger, _ context: ChannelHandlerContext) {
        shared.counters.strangers.add()
        shared.logger.notice("closing a connection: \(peer) sent \(stranger.explanation)")
        if let reply = stranger.reply(metricsHint: shared.options.metricsHint) {
            write(.byteBuffer(reply))
        } else if case .unknown = stranger {
            writeGoAway("this port speaks the Martlet protocol; the connection sent \(stranger.explanation)")
        }
        finish()
    }

    func protocolError(_ reason: String) {
        shared.counters.protocolErrors.add()
        shared.logger.notice(
            "closing a connection: protocol error", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
        writeGoAway(reason)
        finish()
    }
}
