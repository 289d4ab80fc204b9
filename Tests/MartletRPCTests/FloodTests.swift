import MartletProtocol
import NIOCore
import NIOPosix
import Testing

@testable import MartletRPC

#if canImport(Glibc)
    import Glibc
#endif

@Suite("floods, strangers and sluggards over loopback", .timeLimit(.minutes(1)))
struct FloodTests {
    @Test("many connections at once never use more than the budget, and all are answered")
    func flood() async throws {
        let options = RPCServerOptions.test(budget: 1 << 20)
        try await withServer(options: options) { server, service, port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        let connection = try await connect(port)
                        let bytes = ByteBuffer(repeating: 1, count: 300_000)
                        for _ in 0..<8 {
                            let reply: RPCReply<HelloResponse> = try await connection.call(
                                TestService.echo, HelloRequest(), attachment: [bytes], timeout: .seconds(60))
                            #expect(reply.attachment.readableBytes == 300_000)
                        }
                        connection.close()
                    }
                }
                try await group.waitForAll()
            }
            let memory = server.stats.memory
            #expect(memory.usedBytesMax <= 1 << 20)
            #expect(memory.usedBytes == 0)
            #expect(memory.waiting == 0)
        }
    }

    /// A peer that is not a client of ours, and what it gets until the server closes.
    private func rawPeer(_ port: Int, sends bytes: ByteBuffer) async throws -> ByteBuffer {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(bytes)
            var received = ByteBuffer()
            for try await piece in inbound {
                received.writeImmutableBuffer(piece)
            }
            return received
        }
    }

    @Test("a browser gets all of its answer although it has sent more than was read")
    func browser() async throws {
        try await withServer { _, _, port in
            var request = ByteBuffer(string: "POST /topics HTTP/1.1\r\n\r\n")
            request.writeRepeatingByte(0x20, count: 100_000)
            let answer = String(buffer: try await rawPeer(port, sends: request))
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("not HTTP"))
        }
    }

    @Test("a TLS greeting is answered with an alert")
    func tls() async throws {
        try await withServer { _, _, port in
            let answer = try await rawPeer(port, sends: ByteBuffer(bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))
            #expect(answer == ByteBuffer(bytes: [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]))
        }
    }

    @Test("a peer that never reads is left unread, then closed")
    func neverReads() async throws {
        var options = RPCServerOptions.test()
        options.writeStallTimeout = .milliseconds(20)
        try await withServer(options: options) { server, service, port in
            service.set(file: try TemporaryFile(bytes: [UInt8](repeating: 1, count: 16 << 20)), count: 16 << 20)
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.autoRead, value: false)
                .connect(host: "127.0.0.1", port: port).get()
            let hello = HelloRequest(versionMin: 1, versionMax: 1)
            var bytes = FrameEncoder.frame(
                callID: 1, kind: .request(RpcRequest(service: "Connection", method: "Hello")), message: hello,
                attachmentBytes: 0
            ).bytes
            for id in 2...40 as ClosedRange<UInt64> {
                let head = RpcRequest(service: "Test", method: "File")
                bytes.writeImmutableBuffer(
                    FrameEncoder.frame(callID: id, kind: .request(head), message: PingRequest(), attachmentBytes: 0)
                        .bytes)
            }
            try await channel.writeAndFlush(bytes)
            try await channel.closeFuture.get()
            #expect(server.stats.slowPeersClosed == 1)
            // One answer was being written and four waited; the other requests were left unread.
            #expect(server.stats.framesReceived == 1 + 1 + ResponseQueue.waitingMax)
        }
    }

    #if os(Linux)
        @Test(
            "a half-open connection is given up after two minutes, whether something is on its way to the peer or not")
        func halfOpen() async throws {
            let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let address = try #require(listener.localAddress)
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try ChannelTuning.apply(
                            to: channel,
                            buffers: ReceiveBuffers(limits: .greeting, budget: MemoryBudget(capacity: 1 << 20)))
                    }
                }
                .connect(to: address).get()
            func option(_ name: Int32) async throws -> Int {
                Int(try await channel.getOption(.tcpOption(.init(rawValue: name))).get())
            }
            let asks = try await channel.getOption(.socketOption(.so_keepalive)).get()
            #expect(asks == 1)
            let (idle, count, pause) = try await (
                option(TCP_KEEPIDLE), option(TCP_KEEPCNT), option(TCP_KEEPINTVL)
            )
            #expect(idle + count * pause == 120)
            let unanswered = try await option(TCP_USER_TIMEOUT)
            #expect(unanswered == 120_000)
            try await channel.close()
            try await listener.close()
        }
    #endif

    @Test("a connection beyond the limit is closed, the others go on")
    func tooMany() async throws {
        var options = RPCServerOptions.test()
        options.connectionsMax = 1
        try await withServer(options: options) { server, _, port in
            let first = try await connect(port)
            await #expect(throws: RPCFailure.self) { try await connect(port) }
            _ = try await ConnectionClient(caller: first).ping(PingRequest(), timeout: .seconds(30))
            #expect(server.stats.connectionsRefused == 1)
        }
    }
}
