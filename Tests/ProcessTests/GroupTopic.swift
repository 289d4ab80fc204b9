import Martlet
import MartletTestSupport
import Synchronization

/// A topic that groups read, and what was written to it: values that say where they stand, "PARTITION:NUMBER".
final class GroupTopic: Sendable {
    /// For what takes a session timeout at most.
    static let patience = Duration.seconds(20)

    let name: String
    let partitions: Int32
    private let fixture: Reach
    private let sent = Mutex<[PartitionIndex: Int]>([:])

    /// What of the fixture may go to other tasks.
    private struct Reach: Sendable {
        var client: ClientConfiguration
        var address: String
    }

    /// Creates the topic; groups that are to lose members soon get short sessions.
    init(_ name: String, partitions: Int32, on fixture: BrokerFixture, groups: [String]) async throws {
        self.name = name
        self.partitions = partitions
        self.fixture = Reach(client: try fixture.client(), address: fixture.address)
        try await fixture.admin { admin in
            try await admin.createTopic(name, partitions: partitions, settings: ["flush": "os"])
            for group in groups {
                try await admin.alterGroup(
                    group, set: ["session.timeout.ms": "2000", "heartbeat.interval.ms": "400"])
            }
        }
    }

    func member(of group: String, instance: String? = nil) throws -> GroupMember {
        try GroupMember(group, topic: name, broker: fixture.address, instance: instance)
    }

    /// Starts members, `others` being there, and waits until all of them have what they are to have.
    func members(_ count: Int, of group: String, beside others: [GroupMember] = []) async throws -> [GroupMember] {
        let members = try (0..<count).map { _ in try member(of: group) }
        try await settle(group, others + members)
        return members
    }

    /// Waits until these are the group's members, and each has what it is to have: by the group's account and by what
    /// they say themselves, which comes later.
    func settle(_ group: String, _ members: [GroupMember]) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        try await withAdmin(fixture.client, logger: .quiet) { admin in
            while true {
                // Until its first member is there, there is no group.
                let groups = try await admin.listGroups().map(\.name)
                guard groups.contains(group) || clock.now - start > Self.patience else { continue }
                let info = try await admin.describeGroup(group)
                let assigned = info.members.map { Set($0.assigned) }
                let read = members.map(\.partitions)
                if info.state == .stable, assigned.count == read.count, isShared(assigned), isShared(read) { return }
                guard clock.now - start < Self.patience else {
                    throw TestFailure(
                        "group \(group) is still \(info); its members read \(read):\n"
                            + members.map(\.process.errors.tail).joined(separator: "\n\n"))
                }
            }
        }
    }

    /// Every partition is in one of them.
    private func isShared(_ parts: [Set<TopicPartition>]) -> Bool {
        parts.reduce(0) { $0 + $1.count } == partitions && Set(parts.joined()).count == partitions
    }

    /// Sends so many to every partition, all of them acknowledged.
    func send(_ count: Int) async throws {
        try await withProducer(ProducerConfiguration(client: fixture.client), logger: .quiet) { producer in
            for _ in 0..<count { try await sendRound(producer) }
        }
    }

    /// One to every partition.
    private func sendRound(_ producer: Producer) async throws {
        for partition in 0..<partitions {
            let number = sent.withLock { sent in
                sent[partition, default: 0] += 1
                return sent[partition, default: 0] - 1
            }
            _ = try await producer.send(topic: name, value: "\(partition):\(number)", partition: partition)
        }
        try await producer.flush()
    }

    /// Sends all the while that `body` runs.
    func whileSending<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let isOver = Watched(false)
        async let sending: Void = sendUntil(isOver)
        do {
            let result = try await body()
            isOver.update { $0 = true }
            try await sending
            return result
        } catch {
            isOver.update { $0 = true }
            try? await sending
            throw error
        }
    }

    private func sendUntil(_ isOver: Watched<Bool>) async throws {
        try await withProducer(ProducerConfiguration(client: fixture.client), logger: .quiet) { producer in
            while !isOver.value { try await sendRound(producer) }
        }
    }

    /// Waits until these members together have printed everything, and the group has committed all of it.
    func waitUntilConsumed(by members: [GroupMember], of group: String) async throws {
        let expected = sent.withLock { $0 }
        let clock = ContinuousClock()
        let start = clock.now
        try await withAdmin(fixture.client, logger: .quiet) { admin in
            while true {
                let committed = try await admin.committedOffsets(of: group)
                let missing = expected.filter { partition, count in
                    committed[TopicPartition(topic: name, partition: partition)]?.offset != Offset(count)
                }
                if missing.isEmpty { break }
                guard clock.now - start < Self.patience else {
                    throw TestFailure("group \(group) has not committed \(missing); it has \(committed)")
                }
            }
        }
        // What is committed was printed; it only has to come through the pipes.
        for (partition, count) in expected where count > 0 {
            let last = "\(partition) \(count - 1) \(partition):\(count - 1)"
            while !members.contains(where: { $0.process.output.contains(last) }) {
                guard clock.now - start < Self.patience * 2 else { throw TestFailure("nobody printed \(last)") }
                await Task.yield()
            }
        }
    }

    /// What is wrong with what the members of one group have printed.
    ///
    /// - Parameter onceOnly: Nobody died or was put out: nothing was read twice.
    func violations(_ members: [GroupMember], onceOnly: Bool) -> [String] {
        var violations: [String] = []
        var seen: [PartitionIndex: [Offset: Int]] = [:]
        for (index, member) in members.enumerated() {
            var positions: [PartitionIndex: Offset] = [:]
            var steps: [PartitionIndex: Int] = [:]
            for line in member.lines {
                if line.value != "\(line.partition):\(line.offset)" { violations.append("a wrong record: \(line)") }
                if let last = positions[line.partition], line.offset <= last { steps[line.partition, default: 0] += 1 }
                positions[line.partition] = line.offset
                seen[line.partition, default: [:]][line.offset, default: 0] += 1
            }
            // Back to what the group has committed goes only who was put out of it.
            for (partition, count) in steps where count > member.losses {
                violations.append("member \(index) went back \(count) times in \(name)-\(partition)")
            }
        }
        for (partition, count) in sent.withLock({ $0 }) {
            for offset in 0..<Offset(count) {
                switch seen[partition]?[offset] ?? 0 {
                case 0: violations.append("nobody read \(name)-\(partition) at \(offset)")
                case 1: break
                case let times: if onceOnly { violations.append("\(name)-\(partition) at \(offset): \(times) times") }
                }
            }
        }
        return violations
    }

    /// How many were sent to all partitions.
    var sentCount: Int { sent.withLock { $0.values.reduce(0, +) } }
}
