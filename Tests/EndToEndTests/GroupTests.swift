import Martlet
import Testing

@Suite("SDK and broker: groups", .timeLimit(.minutes(1)))
struct GroupTests {
    private let zero = TopicPartition(topic: "t", partition: 0)
    private let one = TopicPartition(topic: "t", partition: 1)

    private func fill(_ broker: LiveBroker, partitions: PartitionIndex = 2, count: Int = 50) async throws {
        try await broker.createTopic("t", partitions: partitions)
        for partition in 0..<partitions {
            try await broker.send((0..<count).map { "\(partition)-\($0)" }, to: "t", partition: partition)
        }
    }

    @Test("a member reads its topic, commits by itself, and its successor goes on behind it")
    func continues() async throws {
        try await withBroker { broker in
            try await fill(broker)
            let hooks = HookLog()
            let first = try broker.member()
            hooks.watch(first)
            try first.subscribe(topics: ["t"])
            let seen = try await read(30, first).map { $0.valueString ?? "-" }
            #expect(hooks.entries == ["assigned [0, 1]"])
            #expect((first.membership?.memberEpoch ?? 0) > 0)
            await first.close()
            #expect(hooks.entries == ["assigned [0, 1]", "revoked [0, 1]"])

            let second = try broker.member()
            try second.subscribe(matching: "t.*")
            let rest = try await read(70, second).map { $0.valueString ?? "-" }
            #expect(Set(seen + rest).count == 100)
            await second.close()
        }
    }

    @Test("members that come and go share the partitions: every record once, in order, nothing twice")
    func sharing() async throws {
        try await withBroker { broker in
            try await fill(broker, partitions: 4, count: 10)
            let seen = Sightings()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                let (arrived, arrival) = AsyncStream.makeStream(of: Int.self)
                for index in 0..<2 {
                    tasks.addTask {
                        let consumer = try broker.member()
                        consumer.onAssigned = { consumer, _ in arrival.yield(consumer.assignment.count) }
                        try consumer.subscribe(topics: ["t"])
                        for try await record in consumer.records {
                            let value = record.valueString ?? "-"
                            seen.note(value)
                            if value == "end \(index)" { break }
                        }
                        await consumer.close()
                    }
                }
                // Until each has half of them.
                var halves = 0
                for await count in arrived where count == 2 {
                    halves += 1
                    if halves == 1 { break }
                }
                for partition in 0..<4 as Range<PartitionIndex> {
                    try await broker.send((10..<20).map { "\(partition)-\($0)" }, to: "t", partition: partition)
                }
                // One that stops and one that takes over.
                for index in 0..<2 {
                    for partition in 0..<4 as Range<PartitionIndex> {
                        try await broker.send(["end \(index)"], to: "t", partition: partition)
                    }
                }
                try await tasks.waitForAll()
            }
            let expected = (0..<4).flatMap { partition in (0..<20).map { "\(partition)-\($0)" } }
            #expect(expected.allSatisfy { seen.counts[$0] == 1 })
        }
    }

    @Test("manual commits are durable, say where the group goes on, and nothing else does")
    func manualCommits() async throws {
        try await withBroker { broker in
            try await fill(broker)
            let consumer = try broker.member { $1.commits = .manual }
            try consumer.subscribe(topics: ["t"])
            _ = try await read(100, consumer)
            #expect(try await consumer.committed([zero, one]).isEmpty)
            try await consumer.commit([zero: OffsetToCommit(7, metadata: [1, 2])])
            let committed = try await consumer.committed([zero, one])
            #expect(committed.keys.map { $0 } == [zero])
            #expect(committed[zero]?.offset == 7 && committed[zero]?.metadata == [1, 2])
            consumer.commitSoon()
            try await consumer.commit()
            #expect(try await consumer.committed([zero, one]).mapValues(\.offset) == [zero: 50, one: 50])
            let stranger = TopicPartition(topic: "t", partition: 9)
            let error = await #expect(throws: MartletError.self) {
                try await consumer.commit([stranger: OffsetToCommit(1)])
            }
            #expect(error?.code == .membershipLost && error?.topicPartition == stranger)
            let beyond = await #expect(throws: MartletError.self) {
                try await consumer.commit([zero: OffsetToCommit(51), one: OffsetToCommit(50)])
            }
            #expect(beyond?.code == .refused(.offsetOutOfRange) && beyond?.topicPartition == zero)
            await consumer.close()
        }
    }

    @Test("a partition is committed in the hook, before it is let go of")
    func commitInHook() async throws {
        try await withBroker { broker in
            try await fill(broker)
            let first = try broker.member { $1.commits = .manual }
            first.onRevoked = { consumer, _ in
                do { try await consumer.commit() } catch { Issue.record("not committed: \(error)") }
            }
            try first.subscribe(topics: ["t"])
            #expect(try await read(100, first).count == 100)
            let control = first.control
            async let others: [String] = {
                let second = try broker.member { $1.commits = .manual }
                try second.subscribe(topics: ["t"])
                let records = try await read(1, second)
                control.stop()
                await second.close()
                return records.map { $0.valueString ?? "-" }
            }()
            let (assigned, assignment) = AsyncStream.makeStream(of: Void.self)
            first.onRevoked = { consumer, partitions in
                do { try await consumer.commit() } catch { Issue.record("not committed: \(error)") }
                if partitions.count == 1 { assignment.finish() }
            }
            async let sent: Void = {
                for await _ in assigned {}
                for partition in 0..<2 as Range<PartitionIndex> {
                    try await broker.send(["new"], to: "t", partition: partition)
                }
            }()
            while try await first.next() != nil {}
            await first.close()
            #expect(try await others == ["new"])
            try await sent
        }
    }

    @Test("where nothing is committed the reset policy holds; none asks the application")
    func resets() async throws {
        try await withBroker { broker in
            try await fill(broker)
            let strict = try broker.member(of: "strict") { configuration, _ in configuration.reset = .none }
            try strict.subscribe(topics: ["t"])
            var failed: Set<TopicPartition> = []
            while failed.count < 2 {
                let error = await #expect(throws: MartletError.self) { try await strict.next() }
                #expect(error?.code == .noCommittedOffset)
                error?.topicPartition.map { _ = failed.insert($0) }
            }
            try strict.seek(zero, to: .offset(48))
            #expect(try await read(2, strict).map(\.valueString) == ["0-48", "0-49"])
            await strict.close()

            let late = try broker.member(of: "late") { configuration, settings in
                configuration.reset = .latest
                settings.commits = .manual
            }
            late.onAssigned = { consumer, partitions in
                for partition in partitions { try? consumer.seek(partition, to: .offset(49)) }
            }
            try late.subscribe(topics: ["t"])
            #expect(Set(try await read(2, late).map(\.valueString)) == ["0-49", "1-49"])
            await late.close()
        }
    }

    @Test("topics that appear, grow or vanish are picked up, and a vanished one fails nothing")
    func topicsChange() async throws {
        try await withBroker { broker in
            let consumer = try broker.member { configuration, _ in
                configuration.client.metadataMaxAge = .milliseconds(100)
            }
            try consumer.subscribe(matching: "t[0-9]")
            try await broker.createTopic("t1")
            try await broker.createTopic("other")
            try await broker.send(["a"], to: "t1")
            try await broker.send(["never"], to: "other")
            #expect(try await read(1, consumer).map(\.valueString) == ["a"])
            try await withAdmin(broker.client, logger: quiet) { try await $0.alterTopic("t1", partitions: 2) }
            try await broker.send(["b"], to: "t1", partition: 1)
            #expect(try await read(1, consumer).map(\.valueString) == ["b"])
            try await withAdmin(broker.client, logger: quiet) { try await $0.deleteTopic("t1") }
            try await broker.createTopic("t1")
            try await broker.createTopic("t2")
            try await broker.send(["c"], to: "t1")
            try await broker.send(["d"], to: "t2")
            #expect(Set(try await read(2, consumer).map(\.valueString)) == ["c", "d"])
            await consumer.close()
        }
    }

    @Test("an application that stands still loses its partitions, is told, and joins again with the next call")
    func standingStill() async throws {
        try await withBroker { broker in
            try await fill(broker)
            let hooks = HookLog()
            let stuck = try broker.member { $1.maxPollInterval = .seconds(1) }
            hooks.watch(stuck)
            try stuck.subscribe(topics: ["t"])
            #expect(try await read(60, stuck).count == 60)
            let member = stuck.membership?.memberID
            try await stuck.commit()
            // It does not ask for records while another reads all that it has.
            let other = try broker.member()
            try other.subscribe(topics: ["t"])
            #expect(Set(try await read(40, other).map { $0.valueString ?? "-" }).count == 40)
            #expect(stuck.membership == nil)
            let error = await #expect(throws: MartletError.self) { try await stuck.commit() }
            #expect(error?.code == .membershipLost)
            await other.close()
            try await broker.send(["again"], to: "t")
            #expect(try await read(1, stuck).map(\.valueString) == ["again"])
            #expect(hooks.entries == ["assigned [0, 1]", "lost [0, 1]", "assigned [0, 1]"])
            #expect(stuck.membership?.memberID != member)
            await stuck.close()
        }
    }

    @Test("a member with an instance id that restarts keeps its partitions; a second one puts the first out")
    func instances() async throws {
        try await withBroker { broker in
            try await fill(broker)
            let first = try broker.member { $1.instanceID = "a" }
            try first.subscribe(topics: ["t"])
            #expect(try await read(1, first).count == 1)
            await first.close()
            // Left for a while: the group waits for it.
            let group = try await withAdmin(broker.client, logger: quiet) { try await $0.describeGroup("g") }
            #expect(group.members.map(\.assigned.count) == [2])
            let again = try broker.member { $1.instanceID = "a" }
            try again.subscribe(topics: ["t"])
            #expect(try await read(1, again).count == 1)
            let thief = try broker.member { $1.instanceID = "a" }
            try thief.subscribe(topics: ["t"])
            #expect(try await read(1, thief).count == 1)
            let error = await #expect(throws: MartletError.self) { while try await again.next() != nil {} }
            #expect(error?.code == .refused(.fencedInstanceID))
            await again.close()
            await thief.unsubscribe()
            let empty = try await withAdmin(broker.client, logger: quiet) { try await $0.describeGroup("g") }
            #expect(empty.members.isEmpty)
            await thief.close()
        }
    }

    @Test("what cannot be subscribed to is said by the next call")
    func refusals() async throws {
        try await withBroker { broker in
            let consumer = try broker.member()
            try consumer.subscribe(matching: "t(")
            let error = await #expect(throws: MartletError.self) { try await consumer.next() }
            #expect(error?.code == .refused(.invalidRegularExpression))
            await consumer.close()
            let loner = try broker.consumer()
            #expect(throws: MartletError.self) { try loner.subscribe(topics: ["t"]) }
            await #expect(throws: MartletError.self) { try await loner.commit() }
            await loner.close()
            #expect(throws: MartletError.self) { try broker.member(of: String(repeating: "x", count: 300)) }
        }
    }

    @Test("a group goes on over a restart of its broker, with what it has committed")
    func brokerRestart() async throws {
        try await withDirectory { directory in
            let broker = try await LiveBroker.start(in: directory)
            try await fill(broker)
            let hooks = HookLog()
            let consumer = try broker.member()
            hooks.watch(consumer)
            try consumer.subscribe(topics: ["t"])
            #expect(try await read(60, consumer).count == 60)
            let member = consumer.membership
            let again = try await broker.restarted()
            #expect(try await read(40, consumer).count == 40)
            try await again.send(["after"], to: "t")
            #expect(try await read(1, consumer).map(\.valueString) == ["after"])
            try await consumer.commit()
            #expect(consumer.membership == member && hooks.entries == ["assigned [0, 1]"])
            await consumer.close()
            try await again.stop()
        }
    }
}
