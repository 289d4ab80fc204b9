import MartletProtocol
import NIOCore
import TestSeeds
import Testing

@testable import MartletRPC

@Suite("cutting bytes into frames")
struct FrameDecoderTests {
    private static let allocator = ByteBufferAllocator()

    /// A request frame with a message and an attachment of the given sizes.
    static func frame(_ id: UInt64, message: Int, attachment: Int) -> ByteBuffer {
        let kind = RpcMeta.Kind.request(RpcRequest(service: "Test", method: "Echo", timeoutMs: 1000))
        var buffer = FrameEncoder.head(callID: id, kind: kind, messageBytes: message, attachmentBytes: attachment)
        buffer.writeBytes((0..<message + attachment).map { UInt8(truncatingIfNeeded: $0 &+ Int(id)) })
        return buffer
    }

    private struct Seen: Equatable {
        var id: UInt64
        var body: ByteBuffer
    }

    /// Feeds the pieces as reads and takes every frame; `inPlace` bodies are shared with what was read.
    private func decode(_ pieces: [ByteBuffer], inPlace: Bool) -> (frames: [Seen], fault: FrameDecoder.Event?) {
        var decoder = FrameDecoder(limits: .request)
        var frames: [Seen] = []
        for piece in pieces {
            decoder.receive(piece)
            loop: while true {
                switch decoder.next() {
                case .needMore: break loop
                case .head: decoder.acceptBody(inPlace: inPlace, allocator: Self.allocator)
                case .frame(let head): frames.append(Seen(id: head.callID, body: decoder.takeBody()))
                case .skipped: break
                case .stranger(let stranger): return (frames, .stranger(stranger))
                case .fault(let fault): return (frames, .fault(fault))
                }
            }
            decoder.detachInput(allocator: Self.allocator)
        }
        return (frames, nil)
    }

    @Test("three frames split at every byte come out the same", arguments: [false, true])
    func splitAnywhere(inPlace: Bool) {
        var stream = Self.frame(1, message: 20, attachment: 33)
        stream.writeImmutableBuffer(Self.frame(2, message: 0, attachment: 0))
        stream.writeImmutableBuffer(Self.frame(3, message: 7, attachment: 0))
        let whole = decode([stream], inPlace: inPlace).frames
        #expect(whole.map(\.id) == [1, 2, 3])
        #expect(whole.map(\.body.readableBytes) == [53, 0, 7])
        for cut in 0...stream.readableBytes {
            var rest = stream
            let first = rest.readSlice(length: cut) ?? ByteBuffer()
            #expect(decode([first, rest], inPlace: inPlace).frames == whole, "cut at \(cut)")
        }
    }

    @Test("a byte at a time comes out the same")
    func byteByByte() {
        let stream = Self.frame(9, message: 5, attachment: 40)
        let pieces = stream.readableBytesView.map { ByteBuffer(bytes: [$0]) }
        #expect(decode(pieces, inPlace: false).frames == decode([stream], inPlace: false).frames)
    }

    @Test("a large frame is remembered until the next one, whose head is read by itself")
    func largeFrames() {
        let buffers = ReceiveBuffers(limits: .request, budget: MemoryBudget(capacity: 1 << 20))
        #expect(buffers.buffer(allocator: Self.allocator).capacity == ReceiveBuffers.firstBytes)
        for (size, next) in [
            (FrameLimits.largeBodyBytes - 1, LoopScratch.bytes), (FrameLimits.largeBodyBytes, ReceiveBuffers.headBytes),
            (100, LoopScratch.bytes),
        ] {
            buffers.decoder.receive(Self.frame(1, message: 0, attachment: size))
            guard case .head = buffers.decoder.next() else {
                Issue.record("no head")
                return
            }
            buffers.decoder.acceptBody(inPlace: false, allocator: Self.allocator)
            guard case .frame = buffers.decoder.next() else {
                Issue.record("no frame")
                return
            }
            #expect(buffers.decoder.takeBody().readableBytes == size)
            #expect(buffers.buffer(allocator: Self.allocator).capacity == next, "after \(size) bytes")
        }
    }

    @Test("a body lent to the reader goes on where it was")
    func lending() {
        var stream = Self.frame(4, message: 10, attachment: 100)
        let tail = stream.readableBytes - 60
        let first = stream.readSlice(length: tail) ?? ByteBuffer()
        var decoder = FrameDecoder(limits: .request)
        decoder.receive(first)
        guard case .head = decoder.next() else { return #expect(Bool(false), "no head") }
        decoder.acceptBody(inPlace: false, allocator: Self.allocator)
        #expect(decoder.next() == .needMore)
        #expect(decoder.bodyBytesMissing == 60)
        guard var body = decoder.lendBody() else { return #expect(Bool(false), "nothing lent") }
        #expect(body.writableBytes == 60)
        body.writeBuffer(&stream)
        decoder.returnBody(body)
        guard case .frame = decoder.next() else { return #expect(Bool(false), "no frame") }
        #expect(decoder.takeBody() == ByteBuffer(bytes: (0..<110).map { UInt8($0 + 4) }))
    }

    @Test("a body that is let pass takes no memory and the next frame follows")
    func skipping() {
        var stream = Self.frame(1, message: 5, attachment: 5000)
        stream.writeImmutableBuffer(Self.frame(2, message: 1, attachment: 0))
        var decoder = FrameDecoder(limits: .request)
        decoder.receive(stream)
        guard case .head(let head) = decoder.next() else { return #expect(Bool(false), "no head") }
        decoder.skipBody()
        #expect(decoder.next() == .skipped(head))
        guard case .head(let second) = decoder.next() else { return #expect(Bool(false), "no second head") }
        #expect(second.callID == 2)
    }

    @Test("nothing of a body is taken before it is decided on")
    func undecided() {
        var decoder = FrameDecoder(limits: .request)
        decoder.receive(Self.frame(1, message: 3, attachment: 0))
        guard case .head = decoder.next() else { return #expect(Bool(false), "no head") }
        #expect(decoder.wholeBodyIsHere)
        #expect(decoder.next() == .needMore)
        #expect(decoder.isInsideFrame)
    }

    private func header(meta: UInt32, body: UInt32) -> ByteBuffer {
        var buffer = ByteBuffer(integer: FrameLimits.magic)
        buffer.writeInteger(meta)
        buffer.writeInteger(body)
        return buffer
    }

    @Test("announced sizes beyond the limits are refused from the header alone")
    func oversize() {
        let meta = decode([header(meta: 16 * 1024 + 1, body: 0)], inPlace: false)
        #expect(meta.fault == .fault(.metaTooLarge(bytes: 16 * 1024 + 1)))
        let limit = FrameLimits.request.bodyBytesMax
        let body = decode([header(meta: 0, body: UInt32(limit + 1))], inPlace: false)
        #expect(body.fault == .fault(.bodyTooLarge(bytes: limit + 1, limit: limit)))
        let all = decode([header(meta: .max, body: .max)], inPlace: false)
        #expect(all.fault == .fault(.metaTooLarge(bytes: Int(UInt32.max))))
    }

    @Test("message and attachment have limits of their own")
    func partLimits() {
        let kind = RpcMeta.Kind.request(RpcRequest(service: "Test", method: "Echo"))
        let message = FrameEncoder.head(callID: 1, kind: kind, messageBytes: (4 << 20) + 1, attachmentBytes: 0)
        #expect(
            decode([message], inPlace: false).fault
                == .fault(.messageTooLarge(bytes: (4 << 20) + 1, limit: 4 << 20)))
        let attachment = FrameEncoder.head(callID: 1, kind: kind, messageBytes: 0, attachmentBytes: (16 << 20) + 1)
        #expect(
            decode([attachment], inPlace: false).fault
                == .fault(.attachmentTooLarge(bytes: (16 << 20) + 1, limit: 16 << 20)))
    }

    @Test("an attachment larger than its body is refused")
    func attachmentBeyondBody() {
        var frame = FrameEncoder.head(callID: 1, kind: .cancel(RpcCancel()), messageBytes: 0, attachmentBytes: 9)
        frame.setInteger(UInt32(8), at: 8)
        #expect(decode([frame], inPlace: false).fault == .fault(.attachmentBeyondBody(bytes: 9, body: 8)))
    }

    @Test("a meta that is not protobuf is refused")
    func badMeta() {
        var frame = header(meta: 4, body: 0)
        frame.writeBytes([0xFF, 0xFF, 0xFF, 0xFF])
        guard case .fault(.unreadableMeta)? = decode([frame], inPlace: false).fault else {
            return #expect(Bool(false), "taken")
        }
    }

    @Test("a wrong magic behind a good frame is a fault, not a stranger")
    func lostFraming() {
        var stream = Self.frame(1, message: 1, attachment: 0)
        stream.writeString("GET / HTTP/1.1\r\n")
        let result = decode([stream], inPlace: false)
        #expect(result.frames.count == 1)
        #expect(result.fault == .fault(.lostFraming))
    }

    @Test(
        "strangers are recognised",
        arguments: [
            ([UInt8]("GET /metrics HTTP/1.1\r\n".utf8), Stranger.http),
            ([UInt8]("POST / HTTP/1.1\r\n".utf8), .http),
            ([UInt8]("PRI * HTTP/2.0\r\n".utf8), .http),
            ([0x16, 0x03, 0x01, 0x02, 0x00, 0x01], .tls),
            ([0, 0, 0, 35, 0, 18, 0, 4, 0, 0, 0, 1], .kafka),
            ([0, 0, 0, 35, 1, 18, 0, 4], .unknown(firstBytes: [0, 0, 0, 35, 1, 18, 0, 4])),
            ([UInt8]("SSH-2.0-OpenSSH".utf8), .unknown(firstBytes: [UInt8]("SSH-2.0-".utf8))),
            ([UInt8]("MRT2".utf8), .unknown(firstBytes: [UInt8]("MRT2".utf8))),
        ])
    func strangers(bytes: [UInt8], expected: Stranger) {
        #expect(decode([ByteBuffer(bytes: bytes)], inPlace: false).fault == .stranger(expected))
        // And when it comes a byte at a time, the same kind is seen as soon as it can be told.
        let slowly = decode(bytes.map { ByteBuffer(bytes: [$0]) }, inPlace: false).fault
        switch (slowly, expected) {
        case (.stranger(.unknown), .unknown): break
        default: #expect(slowly == .stranger(expected))
        }
    }

    @Test("random bytes behind a good magic never trap", arguments: 0..<200 as Range<UInt64>)
    func randomBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var stream = ByteBuffer()
        for _ in 0..<20 {
            if Bool.random(using: &random) {
                let message = Int.random(in: 0..<50, using: &random)
                var frame = Self.frame(1, message: message, attachment: Int.random(in: 0..<200, using: &random))
                if Bool.random(using: &random) {
                    let at = Int.random(in: 0..<frame.readableBytes, using: &random)
                    frame.setInteger(UInt8.random(in: 0...255, using: &random), at: at)
                }
                stream.writeBuffer(&frame)
            } else {
                stream.writeInteger(FrameLimits.magic)
                stream.writeBytes((0..<30).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
        }
        var pieces: [ByteBuffer] = []
        while stream.readableBytes > 0 {
            let length = min(stream.readableBytes, Int.random(in: 1..<80, using: &random))
            pieces.append(stream.readSlice(length: length) ?? ByteBuffer())
        }
        let whole = decode([pieces.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }], inPlace: true)
        let split = decode(pieces, inPlace: false)
        #expect(whole.frames == split.frames, "seed \(seed)")
    }
}
