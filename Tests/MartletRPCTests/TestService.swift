import Logging
import MartletProtocol
import MartletRPC
import NIOCore
import NIOPosix
import Synchronization

/// A service of the tests' own. Messages are borrowed from the contract: a `HelloRequest` in, a `HelloResponse` out.
final class TestService: Sendable {
    private struct State {
        var parked: [any ServerCallContext] = []
        var abandoned = 0
        var oneWay: [Int] = []
        var whenParked: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var whenAbandoned: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var whenOneWay: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var file: (lease: any FileLease, count: Int)?
    }

    private let state = Mutex(State())

    static let echo = MethodName("Test", "Echo")
    static let park = MethodName("Test", "Park")
    static let file = MethodName("Test", "File")
    static let note = MethodName("Test", "Note")

    var table: ServiceTable {
        ServiceTable(
            name: "Test",
            methods: [
                // The client's version comes back, and the attachment.
                "Echo": { message, attachment, context in
                    guard let request = try? HelloRequest.decode(message) else {
                        context.fail(RPCFailure(.invalidArgument, "not a HelloRequest"))
                        return
                    }
                    ServerCall<HelloResponse>(context: context).reply(
                        HelloResponse(brokerVersion: request.clientVersion),
                        attachment: attachment.readableBytes == 0 ? [] : [.bytes(attachment)])
                },
                // Waits until the test says so.
                "Park": { _, _, context in self.keep(context) },
                // The file that the test has set.
                "File": { _, _, context in
                    guard let file = self.state.withLock({ $0.file }) else {
                        context.fail(RPCFailure(.notFound, "no file"))
                        return
                    }
                    ServerCall<HelloResponse>(context: context).reply(
                        HelloResponse(), attachment: [.file(file.lease, offset: 0, count: file.count)])
                },
                // Takes note of the attachment's size and never answers.
                "Note": { _, attachment, _ in self.note(attachment.readableBytes) },
            ])
    }

    private func keep(_ context: any ServerCallContext) {
        context.onAbandoned { self.abandoned() }
        let ready = state.withLock { state in
            state.parked.append(context)
            let count = state.parked.count
            defer { state.whenParked.removeAll { $0.count <= count } }
            return state.whenParked.filter { $0.count <= count }
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    private func abandoned() {
        let ready = state.withLock { state in
            state.abandoned += 1
            let count = state.abandoned
            defer { state.whenAbandoned.removeAll { $0.count <= count } }
            return state.whenAbandoned.filter { $0.count <= count }
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    private func note(_ bytes: Int) {
        let ready = state.withLock { state in
            state.oneWay.append(bytes)
            let count = state.oneWay.count
            defer { state.whenOneWay.removeAll { $0.count <= count } }
            return state.whenOneWay.filter { $0.count <= count }
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    func set(file: any FileLease, count: Int) {
        state.withLock { $0.file = (file, count) }
    }

    /// Lets go of the file, so that only answers hold it.
    func dropFile() {
        state.withLock { $0.file = nil }
    }

    var parked: [any ServerCallContext] { state.withLock { $0.parked } }
    var abandonedCalls: Int { state.withLock { $0.abandoned } }
    var noted: [Int] { state.withLock { $0.oneWay } }

    func answerParked() {
        let calls = state.withLock { state in
            defer { state.parked = [] }
            return state.parked
        }
        for call in calls {
            ServerCall<HelloResponse>(context: call).reply(HelloResponse(brokerVersion: "late"))
        }
    }

    func waitForParked(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.parked.count >= count { return true }
                state.whenParked.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func waitForAbandoned(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.abandoned >= count { return true }
                state.whenAbandoned.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func waitForNotes(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.oneWay.count >= count { return true }
                state.whenOneWay.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

extension RPCServerOptions {
    static func test(budget: Int = 64 << 20) -> RPCServerOptions {
        RPCServerOptions(budget: MemoryBudget(capacity: budget)) {
            HelloResponse(brokerVersion: "test", clusterID: "cluster-1", brokerID: 7)
        }
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// A server on loopback and a client's view of it, for the length of `body`.
func withServer(
    options: RPCServerOptions = .test(),
    _ body: (RPCServer, TestService, Int) async throws -> Void
) async throws {
    let service = TestService()
    let server = RPCServer(
        options: options, services: [service.table], group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
    let address = try await server.bind(host: "127.0.0.1", port: 0)
    do {
        try await body(server, service, address.port ?? 0)
    } catch {
        await server.shutdown(grace: .zero)
        throw error
    }
    await server.shutdown(grace: .zero)
}

func connect(_ port: Int, options: RPCConnectionOptions = RPCConnectionOptions()) async throws -> RPCConnection {
    try await RPCConnection.connect(
        host: "127.0.0.1", port: port, options: options, group: MultiThreadedEventLoopGroup.singleton)
}
