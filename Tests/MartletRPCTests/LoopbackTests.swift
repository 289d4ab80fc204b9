import Foundation
import MartletCore
import MartletProtocol
import MartletRPC
import NIOCore
import Testing

@Suite("server and client over loopback", .timeLimit(.minutes(1)))
struct LoopbackTests {
    private func echo(
        _ connection: RPCConnection, _ text: String, attachment: [ByteBuffer] = []
    ) async throws -> RPCReply<HelloResponse> {
        try await connection.call(
            TestService.echo, HelloRequest(clientVersion: text), attachment: attachment, timeout: .seconds(30))
    }

    @Test("Hello tells who the broker is and what it takes")
    func hello() async throws {
        try await withServer { _, _, port in
            let connection = try await connect(port)
            #expect(connection.hello.version == 1)
            #expect(connection.hello.clusterID == "cluster-1")
            #expect(connection.hello.brokerID == 7)
            #expect(connection.hello.limits?.openCallsMax == 256)
            #expect(connection.hello.limits?.attachmentBytesMax == 16 << 20)
        }
    }

    #if os(Linux)
        @Test("within one machine neither end paces what it sends")
        func congestionControl() async throws {
            try await withServer { _, _, port in
                let connection = try await connect(port)
                defer { connection.close() }
                #expect(try congestionControls(ofPort: port) == ["reno", "reno"])
            }
        }

        /// Of the descriptors of this process that are connections to or from that port.
        private func congestionControls(ofPort port: Int) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }.compactMap {
                guard port == TCPEnds.local($0) || port == TCPEnds.peer($0), TCPEnds.peer($0) != nil else { return nil }
                return TCPEnds.congestionControl($0)
            }
        }
    #endif

    @Test("calls made at once when the connection is there are taken, all that Hello has allowed")
    func callsRightAfterHello() async throws {
        try await withServer { _, _, port in
            for _ in 0..<100 {
                let connection = try await connect(port)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            let reply = try await echo(connection, "\(number)")
                            #expect(reply.message.brokerVersion == "\(number)")
                        }
                    }
                    try await group.waitForAll()
                }
                connection.close()
            }
        }
    }

    @Test("a client that wants another cluster is refused with the reason")
    func otherCluster() async throws {
        try await withServer { _, _, port in
            let failure = await #expect(throws: RPCFailure.self) {
                try await connect(port, options: RPCConnectionOptions(clusterID: "cluster-2"))
            }
            #expect(failure?.status == .failedPrecondition)
            #expect(failure?.message.contains("cluster-1") == true)
        }
    }

    @Test("nobody listening is told with the address and what to check")
    func nobodyThere() async throws {
        let failure = await #expect(throws: RPCFailure.self) { try await connect(1) }
        #expect(failure?.status == .unavailable)
        #expect(failure?.message.contains("127.0.0.1:1: Connection refused; check") == true)
    }

    @Test(
        "attachments of all sizes come back byte for byte",
        arguments: [0, 1, 100, 5_000, 70_000, 300_000, 3 << 20, 16 << 20])
    func echoes(size: Int) async throws {
        try await withServer { server, _, port in
            let connection = try await connect(port)
            let bytes = patterned(size)
            let reply = try await echo(connection, "v", attachment: size == 0 ? [] : [bytes])
            #expect(reply.message.brokerVersion == "v")
            #expect(reply.attachment == bytes)
            #expect(server.stats.memory.usedBytes == 0)
        }
    }

    @Test("an attachment in pieces arrives as one")
    func pieces() async throws {
        try await withServer { _, _, port in
            let connection = try await connect(port)
            let reply = try await echo(
                connection, "v", attachment: [ByteBuffer(string: "ab"), ByteBuffer(), ByteBuffer(string: "cd")])
            #expect(String(buffer: reply.attachment) == "abcd")
        }
    }

    @Test("hundreds of calls at once each get their own answer")
    func concurrent() async throws {
        try await withServer { server, _, port in
            let connection = try await connect(port)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let bytes = ByteBuffer(repeating: UInt8(truncatingIfNeeded: index), count: index * 100)
                        let reply = try await echo(connection, "\(index)", attachment: [bytes])
                        #expect(reply.message.brokerVersion == "\(index)")
                        #expect(reply.attachment == bytes)
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.stats.callsOpen == 0)
        }
    }

    @Test("answers come in any order")
    func outOfOrder() async throws {
        try await withServer { _, service, port in
            let connection = try await connect(port)
            async let parked: RPCReply<HelloResponse> = connection.call(
                TestService.park, PingRequest(), attachment: [], timeout: .seconds(30))
            await service.waitForParked(1)
            #expect(try await echo(connection, "first").message.brokerVersion == "first")
            service.answerParked()
            #expect(try await parked.message.brokerVersion == "late")
        }
    }

    @Test("a cancelled task cancels its call at the server")
    func cancels() async throws {
        try await withServer { server, service, port in
            let connection = try await connect(port)
            let task = Task {
                let _: RPCReply<HelloResponse> = try await connection.call(
                    TestService.park, PingRequest(), attachment: [], timeout: .seconds(30))
            }
            await service.waitForParked(1)
            task.cancel()
            let failure = await #expect(throws: RPCFailure.self) { try await task.value }
            #expect(failure?.status == .cancelled)
            await service.waitForAbandoned(1)
            #expect(server.stats.callsCancelled == 1)
            service.answerParked()
            #expect(try await echo(connection, "alive").message.brokerVersion == "alive")
        }
    }

    @Test("a call without an answer ends at its deadline on both sides")
    func deadline() async throws {
        try await withServer { _, service, port in
            let connection = try await connect(port)
            let failure = await #expect(throws: RPCFailure.self) {
                let _: RPCReply<HelloResponse> = try await connection.call(
                    TestService.park, PingRequest(), attachment: [], timeout: .milliseconds(20))
            }
            #expect(failure?.status == .deadlineExceeded)
            await service.waitForAbandoned(1)
        }
    }

    @Test("a one-way call is reported when written, and reaches its method")
    func oneWay() async throws {
        try await withServer { server, service, port in
            let connection = try await connect(port)
            let result = await withCheckedContinuation { continuation in
                connection.sendOneWay(
                    TestService.note, PingRequest(), attachment: [ByteBuffer(repeating: 1, count: 100_000)]
                ) {
                    continuation.resume(returning: $0)
                }
            }
            #expect(throws: Never.self) { try result.get() }
            await service.waitForNotes(1)
            #expect(service.noted == [100_000])
            #expect(server.stats.callsOpen == 0)
        }
    }

    @Test("a method that does not exist is refused, and the connection goes on")
    func unknownMethod() async throws {
        try await withServer { _, _, port in
            let connection = try await connect(port)
            let failure = await #expect(throws: RPCFailure.self) {
                let _: RPCReply<HelloResponse> = try await connection.call(
                    MethodName("Test", "Nothing"), PingRequest(),
                    attachment: [ByteBuffer(repeating: 0, count: 1 << 20)],
                    timeout: .seconds(30))
            }
            #expect(failure?.status == .unimplemented)
            #expect(try await echo(connection, "alive").message.brokerVersion == "alive")
        }
    }

    @Test("a file goes out whole, several times at once, and is let go afterwards")
    func files() async throws {
        try await withServer { _, service, port in
            let (released, signal) = AsyncStream.makeStream(of: Void.self)
            let bytes = Array(buffer: patterned(3_000_000))
            service.set(file: try TemporaryFile(bytes: bytes) { signal.yield() }, count: bytes.count)
            let connection = try await connect(port)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let reply: RPCReply<HelloResponse> = try await connection.call(
                            TestService.file, PingRequest(), attachment: [], timeout: .seconds(30))
                        #expect(reply.attachment == ByteBuffer(bytes: bytes))
                    }
                }
                try await group.waitForAll()
            }
            service.dropFile()
            for await _ in released { break }
        }
    }

    @Test("an answer from a file that is too short closes the connection, and spins nothing")
    func shortFile() async throws {
        try await withServer { _, service, port in
            let connection = try await connect(port)
            service.set(file: try TemporaryFile(bytes: [1, 2, 3]), count: 4)
            let failure = await #expect(throws: RPCFailure.self) {
                let _: RPCReply<HelloResponse> = try await connection.call(
                    TestService.file, PingRequest(), attachment: [], timeout: .seconds(30))
            }
            #expect(failure?.status == .unavailable)
            try await connection.closed.get()
        }
    }

    @Test("a server that stops answers what is open, takes nothing new, and closes")
    func shutdown() async throws {
        try await withServer { server, service, port in
            let connection = try await connect(port)
            async let parked: RPCReply<HelloResponse> = connection.call(
                TestService.park, PingRequest(), attachment: [], timeout: .seconds(30))
            await service.waitForParked(1)
            async let stopped: Void = server.shutdown(grace: .seconds(30))
            // The broker says that it goes away; until that has come, calls may still be answered.
            while (try? await echo(connection, "new")) != nil {}
            service.answerParked()
            #expect(try await parked.message.brokerVersion == "late")
            await stopped
            try await connection.closed.get()
            await #expect(throws: RPCFailure.self) { try await connect(port) }
        }
    }

    @Test("when the connection is lost every call fails with the address and what to check")
    func lost() async throws {
        try await withServer { server, service, port in
            let connection = try await connect(port)
            let call = Task {
                let _: RPCReply<HelloResponse> = try await connection.call(
                    TestService.park, PingRequest(), attachment: [], timeout: .seconds(30))
            }
            await service.waitForParked(1)
            await server.shutdown(grace: .zero)
            let failure = await #expect(throws: RPCFailure.self) { try await call.value }
            #expect(failure?.status == .unavailable)
            #expect(failure?.error == .brokerUnavailable)
            #expect(failure?.message.contains("127.0.0.1:\(port)") == true)
            await service.waitForAbandoned(1)
            let after = await #expect(throws: RPCFailure.self) { try await echo(connection, "after") }
            #expect(after?.status == .unavailable)
        }
    }

    @Test("a request beyond the limits is refused before it is sent")
    func tooLarge() async throws {
        try await withServer { _, _, port in
            let connection = try await connect(port)
            let failure = await #expect(throws: RPCFailure.self) {
                try await echo(connection, "v", attachment: [ByteBuffer(repeating: 0, count: (16 << 20) + 1)])
            }
            #expect(failure?.error == .messageTooLarge)
        }
    }
}

/// Bytes of which no two pieces of 1,000 are alike for a while.
private func patterned(_ count: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    while buffer.readableBytes < count {
        let value = UInt8(truncatingIfNeeded: buffer.readableBytes / 1000)
        buffer.writeRepeatingByte(value, count: min(1000, count - buffer.readableBytes))
    }
    return buffer
}

/// A file that is gone from its directory already and lives as long as this does.
final class TemporaryFile: FileLease {
    let descriptor: CInt
    private let onRelease: @Sendable () -> Void

    init(bytes: [UInt8], onRelease: @escaping @Sendable () -> Void = {}) throws {
        self.onRelease = onRelease
        var template = Array("\(NSTemporaryDirectory())/martlet-rpc-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        unlink(template)
        let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count else { throw POSIXError(.EIO) }
    }

    deinit {
        close(descriptor)
        onRelease()
    }
}
