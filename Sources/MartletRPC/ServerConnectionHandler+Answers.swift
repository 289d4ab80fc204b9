import Logging
import MartletCore
import MartletProtocol
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Answers: encoded, queued, written, flushed once per turn of the event loop.
extension ServerConnectionHandler {
    /// A message up to this size is copied behind its head rather than written by itself.
    private static let copiedMessageBytesMax = 4 * 1024
    /// What is said to people is cut here, to fit into the meta.
    private static let failureTextBytesMax = 4 * 1024

    /// A service has answered a call.
    func answer(_ id: UInt64, _ message: ByteBuffer, _ attachment: [AttachmentPart]) {
        endCall(id) { writeAnswer(id, message, attachment) }
    }

    /// A service has failed a call.
    func fail(_ id: UInt64, _ failure: RPCFailure) {
        endCall(id) { writeFailure(id, failure) }
    }

    private func endCall(_ id: UInt64, write: () -> Void) {
        guard ending != .closed else { return }
        switch state.answered(id) {
        case .write:
            shared.counters.callsOpen.subtract()
            write()
        case .writeAndClose:
            shared.counters.callsOpen.subtract()
            write()
            finish()
        case .drop:
            break
        }
    }

    func writeMessage(_ id: UInt64, _ message: some WireMessage) {
        var buffer = ByteBufferAllocator().buffer(capacity: message.encodedSize)
        message.encode(into: &buffer)
        writeAnswer(id, buffer, [])
    }

    func writeFailure(_ id: UInt64, _ failure: RPCFailure) {
        let text = String(decoding: failure.message.utf8.prefix(Self.failureTextBytesMax), as: UTF8.self)
        let response = RpcResponse(status: failure.status.rawValue, error: failure.error.rawValue, message: text)
        let head = FrameEncoder.head(callID: id, kind: .response(response), messageBytes: 0, attachmentBytes: 0)
        send(PendingResponse(callID: id, head: head, attachment: [], attachmentBytes: 0))
    }

    func writeGoAway(_ reason: String) {
        let head = FrameEncoder.head(
            callID: 0, kind: .goAway(RpcGoAway(reason: reason)), messageBytes: 0, attachmentBytes: 0)
        shared.counters.framesSent.add()
        write(.byteBuffer(head))
    }

    private func writeAnswer(_ id: UInt64, _ message: ByteBuffer, _ attachment: [AttachmentPart]) {
        let attachmentBytes = attachment.reduce(0) { $0 + $1.count }
        let isCopied = message.readableBytes <= Self.copiedMessageBytesMax
        var head = FrameEncoder.head(
            callID: id, kind: .response(RpcResponse()), messageBytes: message.readableBytes,
            attachmentBytes: attachmentBytes, room: isCopied ? message.readableBytes : 0)
        if isCopied {
            head.writeImmutableBuffer(message)
            send(PendingResponse(callID: id, head: head, attachment: attachment, attachmentBytes: attachmentBytes))
        } else {
            send(
                PendingResponse(
                    callID: id, head: head, attachment: [.bytes(message)] + attachment,
                    attachmentBytes: message.readableBytes + attachmentBytes))
        }
    }

    private func send(_ response: PendingResponse) {
        switch responses.add(response) {
        case .write(let response):
            write(response, promise: nil)
        case .writeBulk(let response):
            writeBulk(response)
        case .wait:
            break
        }
    }

    // MARK: into the channel

    private func writeBulk(_ response: PendingResponse) {
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        // The response, and with it the leases of its files, is kept until it has left or the connection is gone.
        let regions = write(response, promise: promise)
        promise.futureResult.assumeIsolated().whenComplete { result in
            withExtendedLifetime(response) {
                for region in regions {
                    // The descriptor is the lease's: the handle must not close it.
                    _ = try? region.takeDescriptorOwnership()
                }
            }
            if case .success = result {
                self.bulkWritten()
            }
        }
    }

    private func bulkWritten() {
        stall = nil
        if let next = responses.bulkWritten() {
            writeBulk(next)
            scheduleFlush()
        }
        closeIfFinished()
        resumeIfPossible()
    }

    /// Hands a response to the channel; `promise` ends with its last byte. Returns the handles that stand in for leased
    /// descriptors.
    @discardableResult
    private func write(_ response: PendingResponse, promise: EventLoopPromise<Void>?) -> [NIOFileHandle] {
        shared.counters.framesSent.add()
        let last = response.attachment.count - 1
        write(.byteBuffer(response.head), promise: last < 0 ? promise : nil)
        var handles: [NIOFileHandle] = []
        for (index, part) in response.attachment.enumerated() {
            let partPromise = index == last ? promise : nil
            switch part {
            case .bytes(let buffer):
                write(.byteBuffer(buffer), promise: partPromise)
            case .file(let lease, let offset, let count):
                guard fileHolds(lease, offset: offset, count: count) else {
                    abort(
                        "a file is shorter than the answer that was to be sent from it", promise: partPromise ?? promise
                    )
                    return handles
                }
                let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: lease.descriptor)
                handles.append(handle)
                let region = FileRegion(fileHandle: handle, readerIndex: Int(offset), endIndex: Int(offset) + count)
                write(.fileRegion(region), promise: partPromise)
            }
        }
        return handles
    }

    /// NIO would try for ever to send a range that ends behind the file's end. Costs one fstat.
    private func fileHolds(_ lease: any FileLease, offset: Int64, count: Int) -> Bool {
        var status = stat()
        return fstat(lease.descriptor, &status) == 0 && offset + Int64(count) <= Int64(status.st_size)
    }

    /// An error in the middle of a frame leaves no way to go on.
    private func abort(_ reason: String, promise: EventLoopPromise<Void>?) {
        shared.logger.error("closing a connection: \(reason)", metadata: ["peer": "\(peer)"])
        context?.close(promise: nil)
        promise?.fail(ChannelError.ioOnClosedChannel)
    }

    func write(_ data: IOData, promise: EventLoopPromise<Void>? = nil) {
        guard let context, ending == .none || ending == .finishing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        bytesQueued += data.readableBytes
        shared.counters.bytesSent.add(data.readableBytes)
        hasUnflushed = true
        context.write(wrapOutboundOut(data), promise: promise)
        scheduleFlush()
    }

    /// Sees to one flush for all answers of this turn: at the end of the read that is going on, or else soon.
    private func scheduleFlush() {
        guard !isReading, !flushIsScheduled, let context else { return }
        flushIsScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.flushIsScheduled = false
            self.flushAnswers()
        }
    }

    func flushAnswers() {
        guard let context, ending != .closed else { return }
        if hasUnflushed {
            hasUnflushed = false
            context.flush()
        }
        watchWrites(context)
        closeIfFinished()
    }

    // MARK: the end

    /// Takes nothing more from the peer, writes what waits, then closes.
    func finish() {
        guard ending == .none else { return }
        ending = .finishing
        scheduleFlush()
    }

    /// Closes our side once everything is written; the peer's bytes are then thrown away for a while, since closing on
    /// unread bytes would reset the connection, and the reset would overtake what was just written.
    func closeIfFinished() {
        guard ending == .finishing, responses.isIdle, let context else { return }
        ending = .lingering
        let deadline = context.eventLoop.now + shared.options.lingerTimeout
        lingerDeadline = deadline
        armTimer(deadline)
        context.close(mode: .output, promise: nil)
        // Whatever had paused reading, the peer's end has to be seen.
        context.read()
    }

    func closeNow() {
        context?.close(promise: nil)
    }

    /// The server is shutting down.
    func shutdown() {
        switch state.shutdown() {
        case .goAway:
            writeGoAway("this broker is shutting down")
        case .goAwayAndClose:
            writeGoAway("this broker is shutting down")
            finish()
        case .none:
            break
        }
    }
}
