import NIOCore
import NIOPosix

/// Gives a connection the memory for its next read: the rest of a large body's own buffer, or its event loop's scratch
/// memory.
///
/// Reading is synchronous: by the time a loop turns to its next connection, the handler has copied out of the scratch
/// memory what it keeps. So all connections of a loop share one piece, and an idle connection owns no receive memory to
/// speak of.
///
/// How that fits NIO's own pool of receive buffers: a pool of capacity one (`maxMessagesPerRead` 1) keeps the first
/// buffer it ever gets, and when the allocator names no size and says it may grow, asks for a new buffer each time. The
/// first one is therefore made tiny.
///
/// `@unchecked Sendable`: used on the channel's event loop only, by NIO and by the connection's handler.
final class ReceiveBuffers: RecvByteBufferAllocator, @unchecked Sendable {
    /// Kept by NIO for as long as the connection lives; takes the first read, a Hello.
    static let firstBytes = 512
    /// The read of a head behind a large frame: most heads, and little of a body.
    static let headBytes = 512
    /// A read while memory is tight: what a stopped connection then holds is not worth counting.
    static let tightBytes = 2048
    /// A smaller rest of a body is not worth a system call of its own.
    static let lendBytesMin = 16 * 1024

    private let scratch: LoopScratch
    private let budget: MemoryBudget
    /// What was read and has to wait, as the budget knows it.
    private var heldBytes = 0
    private var isFirst = true
    private(set) var lent = Lent.nothing
    var decoder: FrameDecoder

    enum Lent {
        case nothing
        /// A small buffer of its own.
        case small
        case scratch
        /// What a body in progress held is in the buffer being read into.
        case body
    }

    /// To be called on the channel's event loop.
    init(limits: FrameLimits, budget: MemoryBudget) {
        self.scratch = LoopScratch.current
        self.budget = budget
        self.decoder = FrameDecoder(limits: limits)
    }

    func nextBufferSize() -> Int? { nil }

    func record(actualReadBytes: Int) -> Bool { true }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        if isFirst {
            isFirst = false
            lent = .small
            return allocator.buffer(capacity: Self.firstBytes)
        }
        if decoder.bodyBytesMissing >= Self.lendBytesMin, let body = decoder.lendBody() {
            lent = .body
            return body
        }
        if budget.isTight && decoder.bodyBytesMissing == 0 {
            lent = .small
            return allocator.buffer(capacity: Self.tightBytes)
        }
        if decoder.followsLargeFrame && !decoder.isInsideBody {
            lent = .small
            return allocator.buffer(capacity: Self.headBytes)
        }
        lent = .scratch
        return scratch.take(allocator: allocator)
    }

    /// Takes in what NIO has read into the buffer it got from here.
    func received(_ bytes: ByteBuffer) {
        if case .body = lent {
            decoder.returnBody(bytes)
        } else {
            decoder.receive(bytes)
        }
    }

    /// Takes back what NIO has read into and nobody wants.
    func discard(_ bytes: ByteBuffer) {
        if case .scratch = lent { scratch.giveBack(bytes) }
        lent = .nothing
    }

    /// Ends a read: everything wanted has been taken out of `bytes`, the buffer it was done with.
    func finished(_ bytes: ByteBuffer, allocator: ByteBufferAllocator) {
        switch lent {
        case .scratch:
            decoder.detachInput(allocator: allocator)
            scratch.giveBack(bytes)
        case .small:
            decoder.detachInput(allocator: allocator)
        case .body, .nothing:
            break
        }
        noteHeld(decoder.inputBytes)
        lent = .nothing
    }
}

extension ReceiveBuffers {
    /// Tells the budget how much that was read has to wait; to be called when that has changed, with 0 at the end.
    func noteHeld(_ bytes: Int) {
        let counted = bytes > Self.tightBytes ? bytes : 0
        guard counted != heldBytes else { return }
        budget.noteHeld(counted - heldBytes)
        heldBytes = counted
    }
}

/// One event loop's memory for reading, shared by all its connections, of servers and clients.
/// `@unchecked Sendable`: each is reached through its thread's own variable, and touched on that thread only.
final class LoopScratch: @unchecked Sendable {
    private static let ofThread = ThreadSpecificVariable<LoopScratch>()

    /// The calling thread's.
    static var current: LoopScratch {
        if let scratch = ofThread.currentValue { return scratch }
        let scratch = LoopScratch()
        ofThread.currentValue = scratch
        return scratch
    }

    /// One read's worth: most of what a fast peer can send between two turns of the loop.
    static let bytes = 256 * 1024

    private var free: ByteBuffer?

    func take(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer = free else {
            return allocator.buffer(capacity: Self.bytes)
        }
        free = nil
        // Should somebody still hold a slice, this takes new memory and leaves the old to them.
        buffer.clear()
        return buffer
    }

    func giveBack(_ buffer: ByteBuffer) {
        free = buffer
    }
}
