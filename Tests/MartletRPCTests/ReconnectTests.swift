import MartletProtocol
import NIOCore
import NIOPosix
import Testing

@testable import MartletRPC

@Suite("coming back after a loss")
struct ReconnectTests {
    private let now = NIODeadline.uptimeNanoseconds(0)
    private let down = RPCFailure(.unavailable, "refused")

    @Test("waits double up to the longest, spread over their upper half")
    func backoff() {
        let backoff = Backoff(first: .milliseconds(100), longest: .seconds(1))
        #expect(backoff.delay(afterFailures: 1, random: 0) == .milliseconds(50))
        #expect(backoff.delay(afterFailures: 2, random: 0) == .milliseconds(100))
        #expect(backoff.delay(afterFailures: 2, random: 0.5) == .milliseconds(150))
        #expect(backoff.delay(afterFailures: 100, random: 0) == .milliseconds(500))
        #expect(backoff.delay(afterFailures: .max, random: 0.999) <= .seconds(1))
    }

    @Test("it dials when wanted, backs off after a failure, and serves all who wait")
    func script() {
        var state = ReconnectState<String, Int>(backoff: Backoff(first: .milliseconds(100), longest: .seconds(1)))
        guard case .dial = state.want(1, deadline: now + .seconds(9)) else { return #expect(Bool(false), "no dial") }
        guard case .wait = state.want(2, deadline: now + .seconds(9)) else { return #expect(Bool(false), "two dials") }
        guard case .wait(let until) = state.failed(down, now: now, random: 0) else {
            return #expect(Bool(false), "no back-off")
        }
        #expect(until == now + .milliseconds(50))
        #expect(!state.timePassed(now: now + .milliseconds(49)).dial)
        #expect(state.timePassed(now: now + .milliseconds(50)).dial)
        guard case .serve([1, 2]) = state.connected("a") else { return #expect(Bool(false), "not served") }
        guard case .use("a", 3) = state.want(3, deadline: now) else { return #expect(Bool(false), "not used") }
        state.lost()
        guard case .dial = state.want(4, deadline: now + .seconds(9)) else { return #expect(Bool(false), "no redial") }
    }

    @Test("who waits too long is told why the dial failed")
    func impatience() {
        var state = ReconnectState<String, Int>(backoff: Backoff(first: .seconds(1), longest: .seconds(1)))
        _ = state.want(1, deadline: now + .milliseconds(10))
        guard case .wait(let until) = state.failed(down, now: now, random: 0) else {
            return #expect(Bool(false), "no back-off")
        }
        #expect(until == now + .milliseconds(10))
        let action = state.timePassed(now: until)
        #expect(action.failed == [1])
        #expect(action.failure == down)
        #expect(!action.dial)
        // Nobody waits: it does not dial when the back-off ends, but when it is next wanted.
        #expect(!state.timePassed(now: now + .seconds(1)).dial)
        guard case .dial = state.want(2, deadline: now + .seconds(5)) else { return #expect(Bool(false), "no dial") }
    }

    @Test("closing fails who waits, and drops a connection that comes too late")
    func closing() {
        var state = ReconnectState<String, Int>(backoff: Backoff())
        _ = state.want(1, deadline: now)
        let action = state.close()
        #expect(action.failed == [1])
        #expect(action.connection == nil)
        guard case .drop = state.connected("late") else { return #expect(Bool(false), "kept") }
        guard case .fail(2, _) = state.want(2, deadline: now) else { return #expect(Bool(false), "taken") }
    }

    @Test("a client finds its broker again after a restart", .timeLimit(.minutes(1)))
    func restart() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let first = RPCServer(options: .test(), services: [TestService().table], group: group, logger: .silent)
        let port = try await first.bind(host: "127.0.0.1", port: 0).port ?? 0
        let client = ReconnectingConnection(
            host: "127.0.0.1", port: port, backoff: Backoff(first: .milliseconds(1), longest: .milliseconds(5)),
            group: group)
        func ping() async throws(RPCFailure) {
            _ = try await ConnectionClient(caller: client).ping(PingRequest(), timeout: .seconds(30))
        }
        try await ping()
        let lost = try await client.connection(timeout: .seconds(5)).unusable
        await first.shutdown(grace: .zero)
        try await lost.get()
        async let waiting: Void = ping()
        let second = RPCServer(options: .test(), services: [TestService().table], group: group, logger: .silent)
        _ = try await second.bind(host: "127.0.0.1", port: port)
        try await waiting
        client.close()
        let failure = await #expect(throws: RPCFailure.self) { try await ping() }
        #expect(failure?.status == .cancelled)
        await second.shutdown(grace: .zero)
    }
}
