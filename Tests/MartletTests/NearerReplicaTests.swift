import MartletCore
import MartletProtocol
import NIOCore
import Testing

@testable import Martlet

/// A consumer that reads from the replica in its rack (KIP-392). Broker 1 leads, broker 2 is nearer.
@Suite("a nearer replica")
struct NearerReplicaTests {
    private static let partition = TopicPartition(topic: "t", partition: 0)

    private static func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    private static func answer(
        _ error: ErrorCode = .none, highWatermark: Offset = 9, nearer: BrokerID? = nil, divergesAt: Offset? = nil
    ) -> FetchAnswer {
        FetchAnswer(
            error: error.rawValue, message: "", highWatermark: highWatermark, logStart: 0, leader: nil,
            divergesAt: divergesAt, nearer: nearer, bytes: ByteBuffer())
    }

    /// One that is at offset 5, connected to both.
    private func machine(rack: String? = "b") throws -> ConsumerMachine {
        var configuration = try #require(ConsumerConfiguration("127.0.0.1:1"))
        configuration.rack = rack
        var machine = ConsumerMachine(configuration: configuration, seed: 1)
        machine.add([Self.partition], at: .offset(5))
        let image = TopicImage(
            name: "t", id: TopicID(high: 1, low: 1), partitions: [PartitionImage(leader: 1, leaderEpoch: 3)])
        machine.lookedUp(["t": .success(image)], now: Self.at(0))
        machine.connected(1)
        machine.connected(2)
        return machine
    }

    /// The one fetch that is due, answered.
    private func exchange(
        _ machine: inout ConsumerMachine, _ answer: FetchAnswer, at now: Int64 = 0
    ) throws -> FetchCall {
        let call = try fetch(&machine, at: now)
        machine.fetched(call.id, [0: answer], broker: "b", now: Self.at(now), clock: 0)
        return call
    }

    private func fetch(_ machine: inout ConsumerMachine, at now: Int64 = 0) throws -> FetchCall {
        let fetches = machine.drain(now: Self.at(now)).fetches
        #expect(fetches.count == 1)
        let call = try #require(fetches.first)
        #expect(call.items.map(\.position) == [5])
        return call
    }

    private func failure(_ machine: inout ConsumerMachine) -> MartletError? {
        if case .failed(let error) = machine.takeNext() { error } else { nil }
    }

    @Test("the leader is told where the reader is, and sends it to the replica there; what was known does not go back")
    func turn() throws {
        var machine = try machine()
        var call = try exchange(&machine, Self.answer(highWatermark: 20))
        #expect(call.broker == 1 && call.tellsRack)
        _ = try exchange(&machine, Self.answer(highWatermark: 20, nearer: 2))
        call = try exchange(&machine, Self.answer(highWatermark: 9))
        #expect(call.broker == 2 && call.tellsRack)
        #expect(machine.cursors[Self.partition]?.highWatermark == 20)
        // The leader is asked again now and then.
        #expect(try exchange(&machine, Self.answer(), at: 299).broker == 2)
        #expect(try exchange(&machine, Self.answer(), at: 300).broker == 1)
    }

    @Test("a reader that does not say where it is is not told to go elsewhere")
    func noRack() throws {
        var machine = try machine(rack: nil)
        #expect(try !fetch(&machine).tellsRack)
    }

    @Test(
        "whatever a nearer replica refuses with, the leader is read at once, for a while, and the application hears nothing",
        arguments: [
            ErrorCode.offsetNotAvailable, .offsetOutOfRange, .notLeaderOrFollower, .corruptMessage,
            .unknownTopicOrPartition, .fencedLeaderEpoch,
        ])
    func refused(_ code: ErrorCode) throws {
        var machine = try machine()
        _ = try exchange(&machine, Self.answer(nearer: 2))
        #expect(try exchange(&machine, Self.answer(code), at: 1).broker == 2)
        #expect(failure(&machine) == nil)
        var call = try exchange(&machine, Self.answer(), at: 1)
        #expect(call.broker == 1 && !call.tellsRack)
        call = try exchange(&machine, Self.answer(), at: 10)
        #expect(call.broker == 1 && !call.tellsRack)
        #expect(try exchange(&machine, Self.answer(), at: 11).tellsRack)
    }

    @Test("a follower cannot say that the log was cut; the leader can")
    func diverging() throws {
        var machine = try machine()
        _ = try exchange(&machine, Self.answer(nearer: 2))
        _ = try exchange(&machine, Self.answer(divergesAt: 3))
        #expect(failure(&machine) == nil)
        _ = try exchange(&machine, Self.answer(divergesAt: 3))
        #expect(failure(&machine)?.code == .logTruncated)
    }

    @Test("a nearer replica that cannot be reached is left for the leader")
    func unreachable() throws {
        var machine = try machine()
        _ = try exchange(&machine, Self.answer(nearer: 2))
        let call = try fetch(&machine)
        machine.fetchFailed(call.id, RPCFailure(.unavailable, "gone"), broker: "b", now: Self.at(0))
        machine.disconnected(2, because: MartletError(.unreachable, "gone"), now: Self.at(0))
        #expect(try fetch(&machine).broker == 1)
        var another = try self.machine()
        _ = try exchange(&another, Self.answer(nearer: 3))
        let work = another.drain(now: Self.at(0))
        #expect(work.fetches.isEmpty && work.connect == [3])
        another.disconnected(3, because: MartletError(.unreachable, "gone"), now: Self.at(1))
        #expect(try fetch(&another, at: 1).broker == 1)
    }
}
