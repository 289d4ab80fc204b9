import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletStorage
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MartletBroker

/// The coordinator over a real broker and its log.
@Suite("Group coordinator")
struct GroupCoordinatorTests {
    /// Calls that can be awaited.
    private struct Groups {
        let coordinator: GroupCoordinator

        func heartbeat(_ heartbeat: GroupHeartbeat, _ group: String = "g") async -> GroupAnswer {
            await withCheckedContinuation { continuation in
                _ = coordinator.heartbeat(heartbeat, in: group) { continuation.resume(returning: $0) }
            }
        }

        func join(_ member: String, _ topics: [String] = ["t"], _ group: String = "g") async -> GroupAnswer {
            await heartbeat(
                GroupHeartbeat(
                    memberID: member, memberEpoch: 0, owned: [], subscription: GroupSubscription(topics: topics),
                    maxWait: 1_000), group)
        }

        func leave(_ member: String) async -> GroupAnswer {
            await withCheckedContinuation { continuation in
                coordinator.leave(GroupLeave(memberID: member), from: "g") { continuation.resume(returning: $0) }
            }
        }

        func commit(_ sender: OffsetCommit.Sender?, _ items: [OffsetCommit.Item], _ group: String = "g") async
            -> GroupAnswer
        {
            await withCheckedContinuation { continuation in
                coordinator.commit(OffsetCommit(sender: sender, items: items), in: group) {
                    continuation.resume(returning: $0)
                }
            }
        }

        func fetch(_ partitions: [TopicIDPartition]? = nil, _ group: String = "g") async -> [Offset?] {
            let answer = await withCheckedContinuation { continuation in
                coordinator.fetchOffsets(partitions, of: group) { continuation.resume(returning: $0) }
            }
            guard case .offsets(let offsets) = answer else { return [] }
            return offsets.map(\.committed?.offset)
        }

        func describe(_ group: String = "g") async -> GroupAnswer {
            await withCheckedContinuation { continuation in
                coordinator.describe(group) { continuation.resume(returning: $0) }
            }
        }

        func delete(_ group: String = "g") async -> GroupAnswer {
            await withCheckedContinuation { continuation in
                coordinator.delete(group) { continuation.resume(returning: $0) }
            }
        }

        func list() async -> [String] {
            await withCheckedContinuation { continuation in
                coordinator.list { groups, _ in continuation.resume(returning: groups.map(\.name)) }
            }
        }
    }

    private static func with(
        in directory: TemporaryDirectory? = nil, syncing: Bool = true,
        _ change: (inout BrokerSettings) -> Void = { _ in },
        _ body: (BrokerHarness, Groups) async throws -> Void
    ) async throws {
        let settings = { (settings: inout BrokerSettings) in
            settings.offsetsPartitions = 4
            change(&settings)
        }
        try await BrokerHarness.with(in: directory, syncing: syncing, settings) { harness in
            let coordinator = GroupCoordinator(
                broker: harness.broker, on: BrokerHarness.group.next(), logger: BrokerHarness.quiet)
            coordinator.begin()
            do {
                try await body(harness, Groups(coordinator: coordinator))
            } catch {
                await coordinator.stop()
                throw error
            }
            await coordinator.stop()
        }
    }

    private func error(_ answer: GroupAnswer) -> ErrorCode? {
        if case .failure(let error) = answer { error.code } else { nil }
    }

    private func assignment(_ answer: GroupAnswer) -> HeartbeatAnswer? {
        if case .heartbeat(let answer) = answer { answer } else { nil }
    }

    @Test("members, assignments and offsets are there again after a restart")
    func restart() async throws {
        let directory = try TemporaryDirectory()
        var topic = TopicID(high: 0, low: 0)
        try await Self.with(in: directory) { harness, groups in
            topic = try await harness.createTopic("t", partitions: 2)
            let answer = try #require(assignment(await groups.join("a")))
            #expect(answer.memberEpoch == 1)
            #expect(answer.assignment?.count == 2)
            let sender = OffsetCommit.Sender(memberID: "a", memberEpoch: 1, sequence: 1)
            let first = TopicIDPartition(topicID: topic, partition: 0)
            #expect(await groups.commit(sender, [.init(partition: first, offset: 0)]) == .commit([nil]))
            #expect(await groups.commit(nil, [.init(partition: first, offset: 0)], "other") == .commit([nil]))
        }
        try await Self.with(in: directory) { _, groups in
            let both = (0..<2).map { TopicIDPartition(topicID: topic, partition: $0) }
            #expect(await groups.fetch(both) == [0, nil])
            #expect(await groups.fetch(nil, "other") == [0])
            let again = await groups.heartbeat(
                GroupHeartbeat(memberID: "a", memberEpoch: 1, assignmentVersion: 1, owned: Set(both), maxWait: 0))
            #expect(assignment(again)?.memberEpoch == 1)
            #expect(assignment(again)?.assignment == nil)
            #expect(await groups.list() == ["g", "other"])
            #expect(await groups.leave("a") == .done)
            #expect(await groups.delete() == .done)
            #expect(error(await groups.describe()) == .groupIDNotFound)
        }
        try await Self.with(in: directory) { _, groups in
            #expect(await groups.fetch() == [])
            #expect(error(await groups.describe()) == .groupIDNotFound)
            #expect(await groups.fetch(nil, "other") == [0])
        }
    }

    @Test("nothing is answered before it is synced")
    func waitsForSync() async throws {
        try await Self.with(syncing: false) { harness, groups in
            let topic = try await harness.createTopic("t")
            let partition = TopicIDPartition(topicID: topic, partition: 0)
            async let joined = groups.join("a")
            try await harness.waitUntil { $0.producesWaiting == 1 }
            async let committed = groups.commit(nil, [.init(partition: partition, offset: 0)], "b")
            async let shown = groups.fetch([partition], "b")
            // Requests are taken in their order: this comes after the join, and must not tell of it before it is kept.
            let isListed = Mutex(false)
            async let listed = { () async -> [String] in
                let names = await groups.list()
                isListed.withLock { $0 = true }
                return names
            }()
            #expect(error(await groups.describe("nobody's")) == .groupIDNotFound)
            #expect(!isListed.withLock { $0 })
            harness.store.startBackground()
            #expect(assignment(await joined)?.assignment == [partition])
            #expect(await committed == .commit([nil]))
            _ = await shown
            #expect(await listed.contains("g"))
            #expect(await groups.fetch([partition], "b") == [0])
        }
    }

    @Test("commits that come while one is being synced go into one batch")
    func coalescing() async throws {
        try await Self.with(syncing: false) { harness, groups in
            let topic = try await harness.createTopic("t", partitions: 20)
            let (answers, continuation) = AsyncStream.makeStream(of: GroupAnswer.self)
            for index in 0..<20 as Range<PartitionIndex> {
                let item = OffsetCommit.Item(partition: .init(topicID: topic, partition: index), offset: 0)
                groups.coordinator.commit(OffsetCommit(sender: nil, items: [item]), in: "g") { continuation.yield($0) }
                if index == 0 { try await harness.waitUntil { $0.producesWaiting == 1 } }
            }
            // Requests are taken in their order: when this is answered, all of them were.
            #expect(error(await groups.describe("nobody's")) == .groupIDNotFound)
            #expect(harness.broker.counters.snapshot.batchesIn == 1)
            harness.store.startBackground()
            var count = 0
            for await answer in answers {
                #expect(answer == .commit([nil]))
                count += 1
                if count == 20 { break }
            }
            #expect(await groups.fetch().count == 20)
            #expect(harness.broker.counters.snapshot.batchesIn == 2)
        }
    }

    @Test("a topic that grows or appears is taken up by itself")
    func topics() async throws {
        try await Self.with { harness, groups in
            _ = try await harness.createTopic("t")
            let joined = try #require(assignment(await groups.join("a")))
            let waiting = GroupHeartbeat(
                memberID: "a", memberEpoch: joined.memberEpoch, assignmentVersion: joined.assignmentVersion,
                owned: joined.assignment, maxWait: 60_000)
            async let next = groups.heartbeat(waiting)
            _ = try await harness.broker.alterTopic(TopicAlteration(name: "t", partitions: 3))
            var answer = try #require(assignment(await next))
            while answer.assignment == nil { answer = try #require(assignment(await groups.heartbeat(waiting))) }
            #expect(answer.assignment?.count == 3)
        }
    }

    @Test("bad input is refused by name and the coordinator goes on")
    func badInput() async throws {
        try await Self.with { harness, groups in
            let topic = try await harness.createTopic("t")
            let partition = TopicIDPartition(topicID: topic, partition: 0)
            #expect(error(await groups.describe("none")) == .groupIDNotFound)
            #expect(error(await groups.leave("a")) == .unknownMemberID)
            #expect(await groups.fetch([partition], "none") == [nil])
            for name in ["", String(repeating: "g", count: 300), "a\u{7}b"] {
                #expect(error(await groups.join("a", ["t"], name)) == .invalidGroupID)
            }
            #expect(error(await groups.join("a")) == nil)
            let stranger = OffsetCommit.Sender(memberID: "b", memberEpoch: 1, sequence: 1)
            #expect(error(await groups.commit(stranger, [])) == .unknownMemberID)
            #expect(error(await groups.commit(nil, [])) == .nonEmptyGroup)
            let owner = OffsetCommit.Sender(memberID: "a", memberEpoch: 1, sequence: 1)
            let answer = await groups.commit(
                owner, [.init(partition: partition, offset: 1), .init(partition: partition, offset: 0)])
            guard case .commit(let results) = answer else { return }
            #expect(results.map { $0?.code } == [.offsetOutOfRange, nil])
        }
    }

    @Test("there are no more groups than max.groups, whichever partition they live in, and one makes room for another")
    func cap() async throws {
        try await Self.with({ $0.groupsMax = 3 }) { harness, groups in
            let topic = try await harness.createTopic("t")
            let item = OffsetCommit.Item(partition: TopicIDPartition(topicID: topic, partition: 0), offset: 0)
            for name in ["a", "b", "c"] { #expect(await groups.commit(nil, [item], name) == .commit([nil])) }
            #expect(error(await groups.commit(nil, [item], "d")) == .limitReached)
            #expect(error(await groups.join("m", ["t"], "e")) == .limitReached)
            #expect(await groups.commit(nil, [item], "c") == .commit([nil]))
            #expect(error(await groups.join("m", ["t"], "b")) == nil)
            #expect(await groups.delete("a") == .done)
            #expect(error(await groups.join("m", ["t"], "e")) == nil)
            #expect(await groups.list() == ["b", "c", "e"])
        }
    }

    @Test("clients write neither to the coordinator's topic nor delete from it")
    func internalTopic() async throws {
        try await Self.with { harness, groups in
            _ = try await harness.createTopic("t")
            #expect(error(await groups.join("a")) == nil)
            let topic = try #require(harness.broker.control.image.topics[OffsetsTopic.name]?.id)
            let outcome = await harness.produce(topic, try TestBatch.bytes(["x"]))
            #expect(outcome.error?.code == .invalidTopic)
            let deleted = await harness.broker.deleteRecords([.init(topicID: topic, partition: 0, before: -1)])
            #expect(throws: BrokerError.self) { try deleted[0].get() }
            await #expect(throws: BrokerError.self) {
                try await harness.createTopic(OffsetsTopic.name)
            }
        }
    }
}
