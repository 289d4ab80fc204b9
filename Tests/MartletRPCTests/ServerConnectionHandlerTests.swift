import MartletProtocol
import NIOCore
import NIOEmbedded
import Testing

@testable import MartletRPC

/// Counts the reads that get through to the socket.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Never
    var reads = 0

    func read(context: ChannelHandlerContext) {
        reads += 1
        context.read()
    }
}

/// One connection at a server, in memory, on a clock of its own.
private final class Peer {
    let channel: EmbeddedChannel
    private let reads = ReadCounter()
    private var answers = FrameDecoder(limits: .response)

    init(_ shared: ServerShared, loop: EmbeddedEventLoop = EmbeddedEventLoop(), greeted: Bool = true) throws {
        channel = EmbeddedChannel(loop: loop)
        try channel.pipeline.syncOperations.addHandler(reads)
        let handler = ServerConnectionHandler(
            shared: shared, buffers: ReceiveBuffers(limits: .greeting, budget: shared.options.budget), peer: "test:1")
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        if greeted {
            try send(request(1, "Connection", "Hello", HelloRequest(versionMin: 1, versionMax: 1)))
            guard case .response(let response)? = try answer()?.kind, response.status == 0 else {
                throw RPCFailure(.internal, "Hello was not answered")
            }
        }
    }

    var loop: EmbeddedEventLoop { channel.embeddedEventLoop }
    var isOpen: Bool { channel.isActive }

    func send(_ bytes: ByteBuffer) throws {
        try channel.writeInbound(bytes)
        loop.run()
    }

    /// Whether the server asks the socket for more when NIO offers it.
    func takesMore() -> Bool {
        let before = reads.reads
        channel.pipeline.read()
        return reads.reads > before
    }

    var readsSoFar: Int { reads.reads }

    /// The next frame from the server.
    func answer() throws -> FrameHead? {
        loop.run()
        while true {
            switch answers.next() {
            case .needMore:
                guard let data = try channel.readOutbound(as: IOData.self) else { return nil }
                if case .byteBuffer(let bytes) = data { answers.receive(bytes) }
            case .head: answers.acceptBody(inPlace: false, allocator: ByteBufferAllocator())
            case .frame(let head):
                _ = answers.takeBody()
                return head
            default: return nil
            }
        }
    }

    func status() throws -> RPCStatus? {
        guard case .response(let response)? = try answer()?.kind else { return nil }
        return RPCStatus(rawValue: response.status)
    }
}

private func request(
    _ id: UInt64, _ service: String, _ method: String, _ message: some WireMessage = PingRequest(), attachment: Int = 0,
    oneWay: Bool = false, timeoutMs: UInt32 = 5_000
) -> ByteBuffer {
    let head = RpcRequest(service: service, method: method, timeoutMs: timeoutMs, oneWay: oneWay)
    var frame = FrameEncoder.frame(callID: id, kind: .request(head), message: message, attachmentBytes: attachment)
    frame.bytes.writeRepeatingByte(7, count: attachment)
    return frame.bytes
}

@Suite("one connection at the server")
struct ServerConnectionHandlerTests {
    private let service = TestService()

    private func shared(budget: Int = 1 << 20, _ change: (inout RPCServerOptions) -> Void = { _ in }) -> ServerShared {
        var options = RPCServerOptions.test(budget: budget)
        change(&options)
        return ServerShared(options: options, services: [service.table], logger: .silent)
    }

    @Test("a browser is told what this port is and where metrics are")
    func http() throws {
        let shared = shared { $0.metricsHint = "Metrics are on port 9400." }
        let peer = try Peer(shared, greeted: false)
        try peer.send(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        guard case .byteBuffer(let bytes)? = try peer.channel.readOutbound(as: IOData.self) else {
            return #expect(Bool(false), "no reply")
        }
        let text = String(buffer: bytes)
        #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(text.contains("Metrics are on port 9400."))
        #expect(!peer.isOpen)
        #expect(shared.counters.snapshot(budget: shared.options.budget).strangers == 1)
    }

    @Test("other strangers are sent away with a GoAway that says why")
    func unknownStranger() throws {
        let peer = try Peer(shared(), greeted: false)
        try peer.send(ByteBuffer(string: "SSH-2.0-OpenSSH_9\r\n"))
        guard case .goAway(let goAway)? = try peer.answer()?.kind else { return #expect(Bool(false), "no GoAway") }
        #expect(goAway.reason.contains("53 53 48 2d"))
        #expect(!peer.isOpen)
    }

    @Test("who does not say Hello in time is closed; who does may stay for ever")
    func helloTimeout() throws {
        let shared = shared()
        let silent = try Peer(shared, greeted: false)
        silent.loop.advanceTime(by: .seconds(10))
        #expect(!silent.isOpen)
        let idle = try Peer(shared)
        idle.loop.advanceTime(by: .hours(24))
        #expect(idle.isOpen)
    }

    @Test("before Hello, nothing larger than a Hello is taken")
    func greetingLimit() throws {
        let peer = try Peer(shared(), greeted: false)
        try peer.send(request(1, "Connection", "Hello", attachment: 1))
        guard case .goAway? = try peer.answer()?.kind else { return #expect(Bool(false), "taken") }
        #expect(!peer.isOpen)
    }

    @Test("a client of another version is told both sides' versions")
    func version() throws {
        let peer = try Peer(shared(), greeted: false)
        try peer.send(request(1, "Connection", "Hello", HelloRequest(versionMin: 2, versionMax: 3)))
        guard case .response(let response)? = try peer.answer()?.kind else { return #expect(Bool(false), "no answer") }
        #expect(response.status == RPCStatus.failedPrecondition.rawValue)
        #expect(response.message.contains("2 to 3"))
        #expect(!peer.isOpen)
    }

    @Test("a byte a second holds its reservation until the frame's time is over, then nothing")
    func slowPeer() throws {
        let shared = shared()
        let peer = try Peer(shared)
        var frame = request(2, "Test", "Echo", attachment: 100_000)
        try peer.send(frame.readSlice(length: 200) ?? ByteBuffer())
        #expect(shared.options.budget.usage.usedBytes == 100_000)
        for _ in 0..<30 {
            peer.loop.advanceTime(by: .seconds(1))
            #expect(peer.isOpen)
            try peer.send(frame.readSlice(length: 1) ?? ByteBuffer())
        }
        peer.loop.advanceTime(by: .seconds(2))
        #expect(!peer.isOpen)
        #expect(shared.options.budget.usage.usedBytes == 0)
    }

    @Test("while another waits for memory, who holds some and sends next to nothing is closed, who sends is not")
    func slowPeerUnderPressure() throws {
        let shared = shared(budget: 2_000_000)
        let loop = EmbeddedEventLoop()
        let slow = try Peer(shared, loop: loop)
        let steady = try Peer(shared, loop: loop)
        let waiting = try Peer(shared, loop: loop)
        try slow.send(request(2, "Test", "Echo", attachment: 900_000).getSlice(at: 0, length: 200) ?? ByteBuffer())
        var pieces = request(2, "Test", "Echo", attachment: 900_000)
        try steady.send(pieces.readSlice(length: 200) ?? ByteBuffer())
        loop.advanceTime(by: .seconds(5))
        #expect(slow.isOpen, "nobody waits yet")
        try waiting.send(request(2, "Test", "Echo", attachment: 900_000))
        #expect(shared.options.budget.usage.waiting == 1)
        for _ in 0..<2 {
            try steady.send(pieces.readSlice(length: 150_000) ?? ByteBuffer())
            try slow.send(ByteBuffer(repeating: 7, count: 1))
            loop.advanceTime(by: .seconds(1))
        }
        #expect(!slow.isOpen)
        #expect(try waiting.status() == .ok)
        try steady.send(pieces)
        #expect(try steady.status() == .ok)
        #expect(shared.options.budget.usage.usedBytes == 0)
    }

    @Test("without memory for its body a connection is not read, and goes on when there is some")
    func budget() throws {
        let shared = shared(budget: 1000)
        let loop = EmbeddedEventLoop()
        let first = try Peer(shared, loop: loop)
        let second = try Peer(shared, loop: loop)
        var slow = request(2, "Test", "Echo", attachment: 800)
        let rest = slow.readableBytes - 100
        try first.send(slow.readSlice(length: rest) ?? ByteBuffer())
        try second.send(request(2, "Test", "Echo", attachment: 500))
        #expect(try second.answer() == nil)
        #expect(!second.takesMore())
        #expect(shared.options.budget.usage == .init(usedBytes: 800, usedBytesMax: 800, waiting: 1))
        let reads = second.readsSoFar
        try first.send(slow)
        #expect(try first.status() == .ok)
        #expect(try second.status() == .ok)
        #expect(second.readsSoFar > reads)
        #expect(shared.options.budget.usage.usedBytes == 0)
        #expect(shared.options.budget.usage.usedBytesMax <= 1000)
    }

    @Test("what a stopped connection had read is known, and makes the next reads small")
    func held() throws {
        let shared = shared(budget: 80_000)
        let loop = EmbeddedEventLoop()
        let first = try Peer(shared, loop: loop)
        let second = try Peer(shared, loop: loop)
        let frame = request(2, "Test", "Echo", attachment: 60_000)
        try first.send(frame.getSlice(at: 0, length: 1000) ?? ByteBuffer())
        let third = ReceiveBuffers(limits: .request, budget: shared.options.budget)
        _ = third.buffer(allocator: ByteBufferAllocator())
        #expect(third.buffer(allocator: ByteBufferAllocator()).capacity == LoopScratch.bytes)
        try second.send(frame.getSlice(at: 0, length: 50_000) ?? ByteBuffer())
        #expect(shared.options.budget.usage.heldBytes > 49_000)
        #expect(third.buffer(allocator: ByteBufferAllocator()).capacity == ReceiveBuffers.tightBytes)
        _ = try first.channel.finish(acceptAlreadyClosed: true)
        loop.run()
        #expect(shared.options.budget.usage.heldBytes == 0)
        #expect(third.buffer(allocator: ByteBufferAllocator()).capacity == LoopScratch.bytes)
        _ = try second.channel.finish(acceptAlreadyClosed: true)
        #expect(shared.options.budget.usage.usedBytes == 0)
    }

    @Test("a frame larger than the whole budget is refused and the connection goes on")
    func beyondBudget() throws {
        let peer = try Peer(shared(budget: 1000))
        try peer.send(request(2, "Test", "Echo", attachment: 5000))
        #expect(try peer.status() == .resourceExhausted)
        try peer.send(request(3, "Connection", "Ping"))
        #expect(try peer.status() == .ok)
    }

    @Test("a connection that closes while it waits for memory leaves the line")
    func closesWhileWaiting() throws {
        let shared = shared(budget: 1000)
        let loop = EmbeddedEventLoop()
        let first = try Peer(shared, loop: loop)
        let second = try Peer(shared, loop: loop)
        try first.send(request(2, "Test", "Echo", attachment: 800).getSlice(at: 0, length: 400) ?? ByteBuffer())
        try second.send(request(2, "Test", "Echo", attachment: 500))
        #expect(shared.options.budget.usage.waiting == 1)
        _ = try second.channel.finish(acceptAlreadyClosed: true)
        #expect(shared.options.budget.usage.waiting == 0)
    }

    @Test("a service that has let go of a request's bytes holds no memory while its caller waits")
    func releasesEarly() throws {
        let shared = shared(budget: 1000)
        let peer = try Peer(shared)
        try peer.send(request(2, "Test", "Park", attachment: 800))
        #expect(service.parked.count == 1)
        #expect(shared.options.budget.usage.usedBytes == 0)
    }

    @Test("the 257th open call is refused, a Cancel makes room again")
    func openCalls() throws {
        let peer = try Peer(shared())
        for id in 2...257 as ClosedRange<UInt64> {
            try peer.send(request(id, "Test", "Park"))
        }
        try peer.send(request(258, "Test", "Park"))
        #expect(try peer.status() == .resourceExhausted)
        try peer.send(
            FrameEncoder.head(callID: 2, kind: .cancel(RpcCancel()), messageBytes: 0, attachmentBytes: 0))
        #expect(service.abandonedCalls == 1)
        try peer.send(request(259, "Connection", "Ping"))
        #expect(try peer.status() == .ok)
        service.answerParked()
        for _ in 0..<255 { #expect(try peer.status() == .ok) }
        #expect(try peer.answer() == nil)
    }

    @Test("a call past its deadline is answered so, once, and its service is told")
    func deadline() throws {
        let peer = try Peer(shared())
        try peer.send(request(2, "Test", "Park", timeoutMs: 100))
        peer.loop.advanceTime(by: .milliseconds(99))
        #expect(try peer.answer() == nil)
        peer.loop.advanceTime(by: .milliseconds(1))
        #expect(try peer.status() == .deadlineExceeded)
        #expect(service.abandonedCalls == 1)
        service.answerParked()
        #expect(try peer.answer() == nil)
    }

    @Test("a one-way call is answered by nothing, not even when its method is unknown")
    func oneWay() throws {
        let peer = try Peer(shared())
        try peer.send(request(2, "Test", "Note", attachment: 10, oneWay: true))
        try peer.send(request(3, "Test", "Nothing", oneWay: true))
        try peer.send(request(4, "Test", "Echo", oneWay: true))
        #expect(service.noted == [10])
        #expect(try peer.answer() == nil)
        #expect(peer.isOpen)
    }

    @Test("a peer that does not take its answers is not read, and is read again when it does")
    func backPressure() throws {
        let peer = try Peer(shared())
        peer.channel.isWritable = false
        peer.channel.pipeline.fireChannelWritabilityChanged()
        #expect(!peer.takesMore())
        let reads = peer.readsSoFar
        peer.channel.isWritable = true
        peer.channel.pipeline.fireChannelWritabilityChanged()
        #expect(peer.readsSoFar == reads + 1)
    }

    @Test("a client that breaks the protocol is told how, and closed", arguments: [0, 1, 2])
    func protocolErrors(kind: Int) throws {
        let shared = shared()
        let peer = try Peer(shared)
        switch kind {
        case 0: try peer.send(request(0, "Test", "Echo"))
        case 1:
            try peer.send(request(2, "Test", "Park"))
            try peer.send(request(2, "Test", "Park"))
        default:
            try peer.send(
                FrameEncoder.head(callID: 2, kind: .response(RpcResponse()), messageBytes: 0, attachmentBytes: 0))
        }
        guard case .goAway(let goAway)? = try peer.answer()?.kind else { return #expect(Bool(false), "no GoAway") }
        #expect(!goAway.reason.isEmpty)
        #expect(!peer.isOpen)
        #expect(shared.counters.snapshot(budget: shared.options.budget).protocolErrors == 1)
    }

    @Test("a kind of frame from a later version is dropped with its body")
    func unknownKind() throws {
        let peer = try Peer(shared())
        var frame = ByteBuffer(integer: FrameLimits.magic)
        var meta = ByteBuffer()
        RpcMeta(callID: 9).encode(into: &meta)
        frame.writeInteger(UInt32(meta.readableBytes))
        frame.writeInteger(UInt32(3))
        frame.writeBuffer(&meta)
        frame.writeString("abc")
        try peer.send(frame)
        try peer.send(request(3, "Connection", "Ping"))
        #expect(try peer.status() == .ok)
    }
}

@Suite("which answers are handed to the channel")
struct ResponseQueueTests {
    private final class NoFile: FileLease {
        let descriptor: CInt = -1
    }

    private func response(_ id: UInt64, file bytes: Int) -> PendingResponse {
        let part = AttachmentPart.file(NoFile(), offset: 0, count: bytes)
        return PendingResponse(callID: id, head: ByteBuffer(), attachment: [part], attachmentBytes: bytes)
    }

    private func small(_ id: UInt64) -> PendingResponse {
        PendingResponse(callID: id, head: ByteBuffer(repeating: 0, count: 100), attachment: [], attachmentBytes: 0)
    }

    @Test("one answer from a file is written at a time; small ones pass")
    func oneAtATime() {
        var queue = ResponseQueue()
        guard case .writeBulk = queue.add(response(1, file: 10)), case .wait = queue.add(response(2, file: 10)),
            case .write = queue.add(small(3)), case .wait = queue.add(response(4, file: 10))
        else { return #expect(Bool(false), "wrong order") }
        #expect(!queue.isIdle)
        #expect(queue.bulkWritten()?.callID == 2)
        #expect(queue.bulkWritten()?.callID == 4)
        #expect(queue.bulkWritten() == nil)
        #expect(queue.isIdle)
    }

    @Test("four waiting answers from files, or 256 KiB behind one, stop the reading of requests")
    func backedUp() {
        var queue = ResponseQueue()
        for id in 1...4 as ClosedRange<UInt64> { _ = queue.add(response(id, file: 10)) }
        #expect(!queue.isBackedUp(channelIsWritable: false))
        _ = queue.add(response(5, file: 10))
        #expect(queue.isBackedUp(channelIsWritable: false))
        _ = queue.bulkWritten()
        #expect(!queue.isBackedUp(channelIsWritable: false))
        for id in 0..<2622 as Range<UInt64> { _ = queue.add(small(id)) }
        #expect(queue.isBackedUp(channelIsWritable: false))
        #expect(!ResponseQueue().isBackedUp(channelIsWritable: true))
        #expect(ResponseQueue().isBackedUp(channelIsWritable: false))
    }
}
