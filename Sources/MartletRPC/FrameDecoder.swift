package import NIOCore

/// Cuts a stream of bytes into frames. A pure state machine: it reads nothing and reserves nothing by itself.
///
/// A frame comes in two steps. ``Event/head(_:)`` reports what is about to come, its sizes checked, nothing of its body
/// stored; the owner then says ``acceptBody(allocator:)`` when it has the memory, or ``skipBody()``, or nothing yet.
/// ``Event/frame(_:)`` follows.
package struct FrameDecoder {
    package enum Event: Equatable {
        /// Everything received is used up, or the owner has not said yet what is to become of a body.
        case needMore
        case head(FrameHead)
        /// All of a frame is here: fetch its body with ``takeBody()``.
        case frame(FrameHead)
        case skipped(FrameHead)
        /// The very first bytes are not ours.
        case stranger(Stranger)
        case fault(FrameFault)
    }

    private enum State {
        case head
        /// The owner has yet to say what is to become of the body.
        case deciding(FrameHead)
        /// The whole body stands in `input`.
        case inPlace(FrameHead)
        /// The owner has yet to fetch the body.
        case complete(ByteBuffer)
        /// `body` is a slice of exactly the body's size, filled up to its writer index.
        case body(FrameHead, ByteBuffer)
        case skipping(FrameHead, remaining: Int)
        case failed
    }

    package var limits: FrameLimits
    private var state = State.head
    /// What was received and is not used yet: at most one read and one head.
    private var input = ByteBuffer()
    private var hasSeenFrame = false
    /// The frame before was large, so the next one is likely to be. Then its body is better not read together with its
    /// head: what is would have to be copied into the body's own buffer.
    package private(set) var followsLargeFrame = false

    package init(limits: FrameLimits) {
        self.limits = limits
    }

    // MARK: what the owner may ask

    /// Bytes of a frame have come and the rest has not.
    package var isInsideFrame: Bool {
        switch state {
        case .head: input.readableBytes > 0
        case .deciding, .inPlace, .body, .skipping, .complete: true
        case .failed: false
        }
    }

    /// A head has been reported and its body is not done with.
    package var isInsideBody: Bool {
        switch state {
        case .head, .failed: false
        case .deciding, .inPlace, .body, .skipping, .complete: true
        }
    }

    /// Received and not used yet.
    package var inputBytes: Int { input.readableBytes }

    /// All of the body that ``Event/head(_:)`` announced is here already.
    package var wholeBodyIsHere: Bool {
        guard case .deciding(let head) = state else { return false }
        return input.readableBytes >= head.bodyBytes
    }

    /// How much of a body is still to come, when it goes to a buffer of its own.
    package var bodyBytesMissing: Int {
        guard case .body(_, let body) = state else { return 0 }
        return body.writableBytes
    }

    // MARK: bytes in

    package mutating func receive(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            // A head or a body cut off by the end of the last read.
            var bytes = bytes
            input.writeBuffer(&bytes)
        }
    }

    /// Stops sharing the memory that ``receive(_:)`` was given, which its owner wants to use again: copies what is not
    /// used yet.
    package mutating func detachInput(allocator: ByteBufferAllocator) {
        guard input.readableBytes > 0 else {
            input = ByteBuffer()
            return
        }
        var copy = allocator.buffer(capacity: input.readableBytes)
        copy.writeBuffer(&input)
        input = copy
    }

    /// Hands out the body being received, so that the next read goes straight behind what it holds. Give it back with
    /// ``returnBody(_:)``.
    package mutating func lendBody() -> ByteBuffer? {
        guard case .body(let head, let body) = state, input.readableBytes == 0 else { return nil }
        state = .body(head, ByteBuffer())
        return body
    }

    package mutating func returnBody(_ body: ByteBuffer) {
        guard case .body(let head, _) = state else {
            preconditionFailure("a body came back to a decoder that had lent none")
        }
        state = .body(head, body)
    }

    // MARK: frames out

    package mutating func next() -> Event {
        switch state {
        case .head:
            return decodeHead()
        case .deciding, .complete, .failed:
            return .needMore
        case .inPlace(let head):
            guard let body = input.readSlice(length: head.bodyBytes) else {
                preconditionFailure("a body taken in place is not in place")
            }
            state = .complete(body)
            return .frame(head)
        case .body(let head, var body):
            state = .failed  // So that `body` is the only reference while it is written to.
            if input.readableBytes > 0,
                var piece = input.readSlice(length: min(input.readableBytes, body.writableBytes))
            {
                body.writeBuffer(&piece)
            }
            if body.writableBytes == 0 {
                state = .complete(body)
                return .frame(head)
            }
            state = .body(head, body)
            return .needMore
        case .skipping(let head, let remaining):
            let skipped = min(input.readableBytes, remaining)
            input.moveReaderIndex(forwardBy: skipped)
            if skipped == remaining {
                state = .head
                return .skipped(head)
            }
            state = .skipping(head, remaining: remaining - skipped)
            return .needMore
        }
    }

    /// Stores the body of the head just reported: where it is when `inPlace` and all of it is here, else in a buffer of
    /// exactly its size.
    package mutating func acceptBody(inPlace: Bool, allocator: ByteBufferAllocator) {
        guard case .deciding(let head) = state else {
            preconditionFailure("no frame waits for a decision")
        }
        if inPlace && input.readableBytes >= head.bodyBytes {
            state = .inPlace(head)
            return
        }
        // The allocator rounds up; the slice ends where the frame ends, so that no read runs into the next one.
        var buffer = allocator.buffer(capacity: head.bodyBytes)
        buffer.moveWriterIndex(to: head.bodyBytes)
        guard var body = buffer.readSlice(length: head.bodyBytes) else {
            preconditionFailure("a buffer is smaller than it was asked to be")
        }
        buffer = ByteBuffer()
        body.moveWriterIndex(to: body.readerIndex)
        state = .body(head, body)
    }

    /// Lets the body of the head just reported pass by unstored.
    package mutating func skipBody() {
        guard case .deciding(let head) = state else {
            preconditionFailure("no frame waits for a decision")
        }
        state = .skipping(head, remaining: head.bodyBytes)
    }

    /// The body of the frame just reported: the message, then the attachment. The caller's reference is the only one.
    package mutating func takeBody() -> ByteBuffer {
        guard case .complete(let body) = state else {
            preconditionFailure("no frame is complete")
        }
        state = .head
        followsLargeFrame = body.readableBytes >= FrameLimits.largeBodyBytes
        return body
    }

    // MARK: heads

    private mutating func decodeHead() -> Event {
        guard input.readableBytes >= 4, let magic = input.getInteger(at: input.readerIndex, as: UInt32.self) else {
            return judgeFragment()
        }
        guard magic == FrameLimits.magic else {
            return judgeStranger()
        }
        guard input.readableBytes >= FrameLimits.headerBytes,
            let metaSize = input.getInteger(at: input.readerIndex + 4, as: UInt32.self),
            let bodySize = input.getInteger(at: input.readerIndex + 8, as: UInt32.self)
        else { return .needMore }
        guard metaSize <= FrameLimits.metaBytesMax else {
            return fail(.metaTooLarge(bytes: Int(metaSize)))
        }
        guard bodySize <= limits.bodyBytesMax else {
            return fail(.bodyTooLarge(bytes: Int(bodySize), limit: limits.bodyBytesMax))
        }
        guard input.readableBytes >= FrameLimits.headerBytes + Int(metaSize) else { return .needMore }
        input.moveReaderIndex(forwardBy: FrameLimits.headerBytes)
        guard let meta = input.readSlice(length: Int(metaSize)) else { return .needMore }
        return decodeMeta(meta, bodyBytes: Int(bodySize))
    }

    private mutating func decodeMeta(_ meta: ByteBuffer, bodyBytes: Int) -> Event {
        let head: FrameHead
        do throws(FrameFault) {
            head = try meta.withUnsafeReadableBytes { bytes throws(FrameFault) in
                try FrameHead(meta: bytes, bodyBytes: bodyBytes)
            }
        } catch {
            return fail(error)
        }
        guard head.messageBytes <= limits.messageBytesMax else {
            return fail(.messageTooLarge(bytes: head.messageBytes, limit: limits.messageBytesMax))
        }
        guard head.attachmentBytes <= limits.attachmentBytesMax else {
            return fail(.attachmentTooLarge(bytes: head.attachmentBytes, limit: limits.attachmentBytesMax))
        }
        hasSeenFrame = true
        state = .deciding(head)
        return .head(head)
    }

    private mutating func fail(_ fault: FrameFault) -> Event {
        state = .failed
        input = ByteBuffer()
        return .fault(fault)
    }

    /// Fewer than four bytes: wait, unless they cannot be the beginning of the magic any more.
    private mutating func judgeFragment() -> Event {
        let magic: [UInt8] = [0x4D, 0x52, 0x54, 0x31]
        return magic.starts(with: input.readableBytesView) ? .needMore : judgeStranger()
    }

    private mutating func judgeStranger() -> Event {
        if hasSeenFrame {
            return fail(.lostFraming)
        }
        guard let stranger = Stranger.recognise(input.readableBytesView) else { return .needMore }
        state = .failed
        input = ByteBuffer()
        return .stranger(stranger)
    }
}
