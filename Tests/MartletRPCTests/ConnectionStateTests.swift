import MartletProtocol
import NIOCore
import Testing

@testable import MartletRPC

@Suite("a connection's life at the server")
struct ServerConnectionStateTests {
    private let hello = RpcRequest(service: "Connection", method: "Hello")
    private let echo = RpcRequest(service: "Test", method: "Echo", timeoutMs: 500)
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func machine(openCallsMax: Int = 2, greeted: Bool = true) -> ServerConnectionState<String> {
        var state = ServerConnectionState<String>(
            settings: .init(openCallsMax: openCallsMax, defaultTimeout: .seconds(30), timeoutMax: .seconds(60)))
        if greeted { state.greeted() }
        return state
    }

    @Test("only Hello is taken before Hello")
    func greeting() {
        var state = machine(greeted: false)
        guard case .refuse(let failure) = state.request(1, echo, now: now) else {
            return #expect(Bool(false), "taken")
        }
        #expect(failure.status == .failedPrecondition)
        #expect(state.request(1, hello, now: now) == .greet)
        state.greeted()
        #expect(state.request(2, echo, now: now) == .dispatch(deadline: now + .milliseconds(500)))
    }

    @Test("timeouts: the default where none is named, cut to the longest allowed")
    func timeouts() {
        let state = machine()
        var request = echo
        request.timeoutMs = 0
        #expect(state.request(1, request, now: now) == .dispatch(deadline: now + .seconds(30)))
        request.timeoutMs = .max
        #expect(state.request(1, request, now: now) == .dispatch(deadline: now + .seconds(60)))
    }

    @Test("call id 0 and an id that is open are the peer's errors")
    func badIDs() {
        var state = machine()
        state.open(5, call: "five", deadline: now)
        guard case .close = state.request(0, echo, now: now), case .close = state.request(5, echo, now: now) else {
            return #expect(Bool(false), "taken")
        }
    }

    @Test("calls beyond the limit are refused until one ends; one-way ones are dropped")
    func limit() {
        var state = machine()
        state.open(1, call: "one", deadline: now)
        state.open(2, call: "two", deadline: now)
        guard case .refuse(let failure) = state.request(3, echo, now: now) else { return #expect(Bool(false), "taken") }
        #expect(failure.status == .resourceExhausted)
        var oneWay = echo
        oneWay.oneWay = true
        #expect(state.request(3, oneWay, now: now) == .drop)
        #expect(state.answered(1) == .write)
        guard case .dispatch = state.request(3, echo, now: now) else { return #expect(Bool(false), "refused") }
    }

    @Test("an answer counts once, and not after a Cancel")
    func answerOnce() {
        var state = machine()
        state.open(1, call: "one", deadline: now)
        #expect(state.answered(1) == .write)
        #expect(state.answered(1) == .drop)
        state.open(2, call: "two", deadline: now)
        guard case .abandon("two") = state.cancelled(2), case .ignore = state.cancelled(2) else {
            return #expect(Bool(false), "not abandoned once")
        }
        #expect(state.answered(2) == .drop)
    }

    @Test("calls expire at their deadline, not before")
    func expiry() {
        var state = machine()
        state.open(1, call: "soon", deadline: now + .seconds(1))
        state.open(2, call: "later", deadline: now + .seconds(2))
        #expect(state.earliestDeadline == now + .seconds(1))
        #expect(state.expired(now: now).isEmpty)
        #expect(state.expired(now: now + .seconds(1)).map(\.call) == ["soon"])
        #expect(state.expired(now: now + .seconds(9)).map(\.call) == ["soon", "later"])
    }

    @Test("draining answers what is open, refuses the rest, then closes")
    func draining() {
        var state = machine()
        state.open(1, call: "one", deadline: now)
        state.open(2, call: "two", deadline: now)
        #expect(state.shutdown() == .goAway)
        #expect(state.shutdown() == .none)
        guard case .refuse(let failure) = state.request(3, echo, now: now) else { return #expect(Bool(false), "taken") }
        #expect(failure.status == .unavailable)
        #expect(state.answered(1) == .write)
        guard case .abandonAndClose("two") = state.cancelled(2) else { return #expect(Bool(false), "stays open") }
    }

    @Test("draining without open calls closes at once")
    func idleDrain() {
        var state = machine()
        #expect(state.shutdown() == .goAwayAndClose)
        #expect(state.closed().isEmpty)
    }

    @Test("when the connection goes its calls are handed out, in order, once")
    func closing() {
        var state = machine(openCallsMax: 9)
        for id in [3, 1, 2] as [UInt64] { state.open(id, call: "\(id)", deadline: now) }
        #expect(state.closed() == ["1", "2", "3"])
        #expect(state.closed().isEmpty)
        #expect(state.request(4, echo, now: now) == .drop)
    }
}

@Suite("a connection's life at the client")
struct ClientConnectionStateTests {
    private let now = NIODeadline.uptimeNanoseconds(0)

    @Test("calls are sent up to what the broker takes, and answered once")
    func limit() {
        var state = ClientConnectionState<String>(address: "here:1", openCallsMax: 1)
        #expect(state.start(1, call: "one", deadline: now) == .send)
        guard case .refuse(let failure) = state.start(2, call: "two", deadline: now) else {
            return #expect(Bool(false), "sent")
        }
        #expect(failure.status == .resourceExhausted)
        guard case .complete("one") = state.end(1), case .ignore = state.end(1) else {
            return #expect(Bool(false), "not answered once")
        }
        #expect(state.start(2, call: "two", deadline: now) == .send)
    }

    @Test("after GoAway the open calls are answered, then it closes")
    func goAway() {
        var state = ClientConnectionState<String>(address: "here:1", openCallsMax: 9)
        #expect(state.start(1, call: "one", deadline: now) == .send)
        let isDone = state.goAway("stopping")
        #expect(!isDone)
        guard case .refuse(let failure) = state.start(2, call: "two", deadline: now) else {
            return #expect(Bool(false), "sent")
        }
        #expect(failure.status == .unavailable)
        #expect(failure.message.contains("here:1"))
        guard case .completeAndClose("one") = state.end(1) else { return #expect(Bool(false), "stays open") }
    }

    @Test("when the connection goes all calls are handed out once and new ones fail alike")
    func closing() {
        var state = ClientConnectionState<String>(address: "here:1", openCallsMax: 9)
        #expect(state.start(2, call: "two", deadline: now) == .send)
        #expect(state.start(1, call: "one", deadline: now) == .send)
        let failure = RPCFailure(.unavailable, "gone")
        #expect(state.closed(failure) == ["one", "two"])
        #expect(state.closed(RPCFailure(.unavailable, "again")).isEmpty)
        #expect(state.start(3, call: "three", deadline: now) == .refuse(failure))
    }

    @Test("calls expire at their deadline")
    func expiry() {
        var state = ClientConnectionState<String>(address: "here:1", openCallsMax: 9)
        _ = state.start(1, call: "one", deadline: now + .seconds(1))
        _ = state.start(2, call: "two", deadline: now + .seconds(2))
        #expect(state.earliestDeadline == now + .seconds(1))
        #expect(state.expired(now: now).isEmpty)
        #expect(state.expired(now: now + .seconds(1)) == [1])
    }
}
