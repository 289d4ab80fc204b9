internal import Martlet

/// Members as processes that leave, come and are killed while records flow: how long partitions that move are not read,
/// and whether those that stay notice.
struct GroupHandover: Scenario {
    private static let partitionCount = 6
    private static let group = "bench"
    /// How often applications poll, for what a poll that was missed is.
    private static let pollInterval = Duration.milliseconds(50)
    private static let timeout = Duration.seconds(30)

    var title: String { "members leave, join and are killed" }

    func measure(at bench: Workbench) async throws -> Outcome {
        try await bench.withBroker { broker in
            let topic = try await TestTopic.create(
                on: broker, partitions: Self.partitionCount, settings: ["flush": Flush.os.rawValue])
            let sender = SteadySender(topic: topic, partitions: Self.partitionCount)
            let sending = Task { try await sender.run(broker: broker.address) }
            defer { sending.cancel() }
            let stage = Stage(bench: bench, broker: broker, topic: topic)
            let outcome = try await withAdmin(try TestTopic.client(broker)) { try await play(stage, $0) }
            try await TestTopic.remove(topic, from: broker)
            return outcome
        }
    }

    /// Where the members play.
    private struct Stage {
        var bench: Workbench
        var broker: BrokerUnderTest
        var topic: String

        func consumer() throws -> ConsumerProcess {
            try ConsumerProcess(
                binary: bench.brokerBinary, topic: topic, group: GroupHandover.group, broker: broker.address)
        }
    }

    private func play(_ stage: Stage, _ admin: Admin) async throws -> Outcome {
        var members: [ConsumerProcess] = []
        for count in 1...3 {
            members.append(try stage.consumer())
            try await settle(members: count, admin)
        }
        try await everybodyReads(members)

        let leaver = members.removeFirst()
        let left = ContinuousClock.now
        let freed = partitions(of: leaver, since: left - .seconds(1))
        leaver.interrupt()
        let leaving = try await handover(of: freed, to: members, since: left)
        await leaver.waitUntilEnded()
        try await settle(members: 2, admin)
        var missed = missedPolls(members, since: left)

        let newcomer = try stage.consumer()
        try await settle(members: 3, admin)
        let joining = try await firstReading(of: newcomer)
        missed += missedPolls(members, since: newcomer.startedAt)

        let victim = members.removeFirst()
        let killed = ContinuousClock.now
        let orphaned = partitions(of: victim, since: killed - .seconds(1))
        await victim.kill()
        members.append(newcomer)
        let failover = try await handover(of: orphaned, to: members, since: killed)
        missed += missedPolls(members, since: killed)
        for member in members { await member.kill() }
        return Outcome(samples: [
            Sample(.groupKill, failover.inSeconds), Sample(.groupLeave, leaving.inSeconds),
            Sample(.groupJoin, joining.inSeconds), Sample(.groupMissedPolls, Double(missed)),
        ])
    }

    private func settle(members: Int, _ admin: Admin) async throws {
        try await wait("\(members) members have their partitions") {
            let groups = try await admin.listGroups()
            return groups.contains {
                $0.name == Self.group && $0.state == .stable && $0.memberCount == members
            } ? true : nil
        }
    }

    /// Each member has read of each of its partitions for a second.
    private func everybodyReads(_ members: [ConsumerProcess]) async throws {
        try await Task.sleep(for: .seconds(1))
        let start = ContinuousClock.now - .milliseconds(500)
        let read = members.reduce(into: Set<Int32>()) { $0.formUnion(partitions(of: $1, since: start)) }
        guard read.count == Self.partitionCount else {
            throw BenchError("three members read \(read.count) of \(Self.partitionCount) partitions")
        }
    }

    private func partitions(of member: ConsumerProcess, since start: ContinuousClock.Instant) -> Set<Int32> {
        Set(member.readings(since: start).map(\.partition))
    }

    /// Until each of these partitions is read by one of these members.
    private func handover(
        of partitions: Set<Int32>, to members: [ConsumerProcess], since start: ContinuousClock.Instant
    ) async throws -> Duration {
        let first = try await wait("\(partitions.count) partitions are read by others") { () -> [Int32: Duration]? in
            var first: [Int32: Duration] = [:]
            for reading in members.flatMap({ $0.readings(since: start) }) where partitions.contains(reading.partition) {
                first[reading.partition] = min(first[reading.partition] ?? Self.timeout, reading.at - start)
            }
            return first.count == partitions.count ? first : nil
        }
        return first.values.max() ?? .zero
    }

    /// From the start of its process until a newcomer reads of every partition that it gets.
    private func firstReading(of newcomer: ConsumerProcess) async throws -> Duration {
        // The group has settled: what it gets, it has.
        try await Task.sleep(for: .seconds(1))
        var first: [Int32: Duration] = [:]
        for reading in newcomer.readings(since: newcomer.startedAt) where first[reading.partition] == nil {
            first[reading.partition] = reading.at - newcomer.startedAt
        }
        guard first.count == Self.partitionCount / 3 else {
            throw BenchError("a third member reads \(first.count) of \(Self.partitionCount) partitions")
        }
        return first.values.max() ?? .zero
    }

    /// Polls of partitions that stayed where they were which found nothing though something was there: so many fit into
    /// the longest that a record waited for its reader.
    private func missedPolls(_ members: [ConsumerProcess], since start: ContinuousClock.Instant) -> Int {
        var missed = 0
        for member in members {
            let stayed = partitions(of: member, since: start - .seconds(1)).intersection(
                before(start, of: member))
            for partition in stayed {
                let longest = member.readings(since: start).filter { $0.partition == partition }.map(\.latency).max()
                missed += Int((longest ?? .zero) / Self.pollInterval)
            }
        }
        return missed
    }

    /// What a member read in the second before.
    private func before(_ start: ContinuousClock.Instant, of member: ConsumerProcess) -> Set<Int32> {
        Set(member.readings(since: start - .seconds(1)).filter { $0.at < start }.map(\.partition))
    }

    @discardableResult
    private func wait<Value>(_ what: String, until body: () async throws -> Value?) async throws -> Value {
        let start = ContinuousClock.now
        while true {
            if let value = try await body() { return value }
            guard ContinuousClock.now - start < Self.timeout else {
                throw BenchError("after \(Self.timeout) it is still not so that \(what)")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
