import HashTreeCollections
import MartletCore
import MartletMetadata
import NIOCore
import NIOPosix
import Testing

@testable import MartletBroker

/// A group's coordinator follows the leadership of its partition (RULES 24, 25).
@Suite("Coordinator moves", .timeLimit(.minutes(5)))
struct CoordinatorMoveTests {
    private static func with(_ body: (ControlledCluster, [BrokerID: GroupCoordinator]) async throws -> Void)
        async throws
    {
        try await ControlledCluster.with(
            3, { $0.offsetsPartitions = 1 },
            { cluster in
                var coordinators: [BrokerID: GroupCoordinator] = [:]
                for id in 0..<3 as Range<BrokerID> {
                    coordinators[id] = GroupCoordinator(
                        broker: cluster[id], on: BrokerHarness.group.next(), logger: BrokerHarness.quiet)
                    coordinators[id]?.begin()
                }
                var failure: (any Error)?
                do { try await body(cluster, coordinators) } catch { failure = error }
                for coordinator in coordinators.values { await coordinator.stop() }
                if let failure { throw failure }
            })
    }

    /// Asks around until somebody coordinates the group.
    private func ask(
        _ coordinators: [BrokerID: GroupCoordinator],
        _ call: (GroupCoordinator, @escaping GroupCoordinator.Reply) -> Void
    ) async throws -> (broker: BrokerID, answer: GroupAnswer) {
        let elsewhere: Set<ErrorCode> = [
            .notCoordinator, .coordinatorLoadInProgress, .coordinatorNotAvailable, .brokerUnavailable,
        ]
        while true {
            for (id, coordinator) in coordinators.sorted(by: { $0.key < $1.key }) {
                let answer = await withCheckedContinuation { continuation in
                    call(coordinator) { continuation.resume(returning: $0) }
                }
                if case .failure(let error) = answer, elsewhere.contains(error.code) { continue }
                return (id, answer)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func offsets(_ answer: GroupAnswer) -> [Offset?] {
        guard case .offsets(let offsets) = answer else { return [] }
        return offsets.map(\.committed?.offset)
    }

    @Test(
        "a move of the coordinator loses no commit and takes no stale one, whether the old one hands over or dies",
        arguments: [false, true])
    func commits(dies: Bool) async throws {
        try await Self.with { cluster, coordinators in
            let topic = try await cluster.createTopic("t")
            try await cluster.image { $0.controller != nil }
            let join = GroupHeartbeat(
                memberID: "a", memberEpoch: 0, owned: [], subscription: GroupSubscription(topics: ["t"]), maxWait: 1_000
            )
            let old = try await ask(coordinators) { coordinator, reply in
                _ = coordinator.heartbeat(join, in: "g", reply: reply)
            }.broker
            // A log that neither coordinator leads, so that any offset will do.
            let image = try await cluster.shared.image()
            let next = cluster.partitions(of: topic, in: image).map(\.id)
            let partition = try #require(next.first { image.partitions[$0]?.leader?.broker == (old + 2) % 3 })
            func commit(_ sequence: Int64, _ offset: Offset) async throws -> GroupAnswer {
                let sender = OffsetCommit.Sender(memberID: "a", memberEpoch: 1, sequence: sequence)
                let commit = OffsetCommit(sender: sender, items: [.init(partition: partition, offset: offset)])
                return try await ask(coordinators) { $0.commit(commit, in: "g", reply: $1) }.answer
            }
            #expect(try await commit(1, 0) == .commit([nil]))
            #expect(try await commit(2, 0) == .commit([nil]))
            if dies { await cluster.kill(old) } else { try await cluster[(old + 1) % 3].drain(old, true) }
            try await cluster.image { image in
                guard let offsets = image.topics[OffsetsTopic.name] else { return false }
                let leader = image.partitions[TopicIDPartition(topicID: offsets.id, partition: 0)]?.leader
                return leader != nil && leader?.broker != old
            }
            let (new, shown) = try await ask(coordinators.filter { $0.key != old }) {
                $0.fetchOffsets([partition], of: "g", reply: $1)
            }
            #expect(new != old)
            #expect(offsets(shown) == [0])
            // The old one knows nothing any more.
            while true {
                let answer = await withCheckedContinuation { continuation in
                    coordinators[old]!.fetchOffsets([partition], of: "g") { continuation.resume(returning: $0) }
                }
                if case .failure = answer { break }
                try await Task.sleep(for: .milliseconds(5))
            }
            // What was sent before the move and comes late does not count; what follows does.
            guard case .commit(let late) = try await commit(1, 0) else { return #expect(Bool(false)) }
            #expect(late.map { $0?.code } == [.staleCommit])
            #expect(try await commit(3, 0) == .commit([nil]))
            // The member is still one, at its epoch.
            let heartbeat = GroupHeartbeat(memberID: "a", memberEpoch: 1, owned: nil, maxWait: 0)
            let again = try await ask(coordinators) { coordinator, reply in
                _ = coordinator.heartbeat(heartbeat, in: "g", reply: reply)
            }.answer
            guard case .heartbeat(let alive) = again else { return #expect(Bool(false), "\(again)") }
            #expect(alive.memberEpoch == 1)
        }
    }

    @Test("a coordinator whose followers left while a heartbeat waited does not answer it (RULES 19)")
    func unprovenAnswer() async throws {
        try await ClusterHarness.with { cluster in
            let disk = try await cluster.crash(1)
            try await cluster.start(1, in: disk, session: .over)
            _ = try await cluster.createTopic(OffsetsTopic.name)
            let coordinator = GroupCoordinator(
                broker: cluster.broker(1), on: BrokerHarness.group.next(), logger: BrokerHarness.quiet)
            coordinator.begin()
            @Sendable func heartbeat(_ known: HeartbeatAnswer?, maxWait: Int64) async -> GroupAnswer {
                let heartbeat = GroupHeartbeat(
                    memberID: "a", memberEpoch: known?.memberEpoch ?? 0,
                    assignmentVersion: known?.assignmentVersion ?? 0, owned: [],
                    subscription: GroupSubscription(topics: ["t"]), maxWait: maxWait)
                return await withCheckedContinuation { continuation in
                    _ = coordinator.heartbeat(heartbeat, in: "g") { continuation.resume(returning: $0) }
                }
            }
            var joined: HeartbeatAnswer?
            try await cluster.eventually("the member has joined") {
                if case .heartbeat(let answer) = await heartbeat(nil, maxWait: 0) { joined = answer }
                return joined != nil
            }
            // Longer than a follower that is gone counts as one that fetches.
            let slow = await withCheckedContinuation { continuation in
                coordinator.alter("g") { _ in
                    GroupSettings(sessionTimeoutMs: 60_000, heartbeatIntervalMs: 3_000)
                } reply: {
                    continuation.resume(returning: $0)
                }
            }
            if case .failure(let error) = slow { throw error }
            // Proven: its followers fetch.
            let member = joined
            guard case .heartbeat = await heartbeat(member, maxWait: 10) else { return #expect(Bool(false)) }
            async let late = heartbeat(member, maxWait: 3_000)
            cluster.network.cut(1, 2)
            guard case .failure(let error) = await late else { return #expect(Bool(false), "it was answered") }
            #expect(error.code == .notCoordinator)
            await coordinator.stop()
        }
    }
}
