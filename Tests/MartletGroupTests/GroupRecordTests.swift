import MartletCore
import TestSeeds
import Testing

@testable import MartletBroker

@Suite struct GroupRecordTests {
    private static func encode(_ record: GroupRecord) -> (key: [UInt8], value: [UInt8]?) {
        var key: [UInt8] = []
        record.key.encode(into: &key)
        guard let value = record.value else { return (key, nil) }
        var bytes: [UInt8] = []
        value.encode(into: &bytes)
        return (key, bytes)
    }

    private static func decode(_ key: [UInt8], _ value: [UInt8]?) throws -> GroupRecord {
        try key.withUnsafeBytes { key in
            guard let value else { return try GroupRecord.decode(key: key, value: nil) }
            return try value.withUnsafeBytes { try GroupRecord.decode(key: key, value: $0) }
        }
    }

    private static func randomName(_ random: inout SeededGenerator) -> String {
        let length = Int.random(in: 1...20, using: &random)
        return String((0..<length).map { _ in "aä-é.0字".randomElement(using: &random) ?? "a" })
    }

    private static func randomPartitions(_ random: inout SeededGenerator) -> Set<TopicIDPartition> {
        Set(
            (0..<Int.random(in: 0...12, using: &random)).map { _ in
                TopicIDPartition(
                    topicID: TopicID(high: 1, low: UInt64.random(in: 0...3, using: &random)),
                    partition: Int32.random(in: 0...9, using: &random))
            })
    }

    private static func randomRecord(_ random: inout SeededGenerator) -> GroupRecord {
        let group = randomName(&random)
        let member = randomName(&random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            let metadata = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let offset = CommittedOffset(
                offset: Int64.random(in: 0 ... .max, using: &random),
                leaderEpoch: Int32.random(in: -1...9, using: &random),
                metadata: metadata, commitTime: Int64.random(in: 0...9, using: &random),
                memberEpoch: Int32.random(in: -1...9, using: &random), sequence: Int64.random(in: 0...9, using: &random)
            )
            let partition = TopicIDPartition(topicID: TopicID.random(using: &random), partition: 3)
            return GroupRecord(.offset(group: group, partition), .offset(offset))
        case 1:
            var facts = GroupFacts()
            facts.epoch = Int32.random(in: 0 ... .max, using: &random)
            facts.topicsHash = Int64.random(in: .min ... .max, using: &random)
            facts.assignor = random.chance(50) ? .range : .uniform
            facts.emptySince = random.chance(50) ? 5 : nil
            facts.settings = GroupSettings(
                sessionTimeoutMs: random.chance(50) ? 10_000 : nil, assignor: random.chance(50) ? .range : nil)
            return GroupRecord(.group(group), .group(facts))
        case 2:
            var facts = MemberFacts()
            facts.instanceID = random.chance(50) ? randomName(&random) : nil
            facts.clientID = randomName(&random)
            facts.clientHost = randomName(&random)
            facts.rebalanceTimeout = 60_000
            facts.joinEpoch = 4
            facts.subscription = GroupSubscription(
                topics: (0..<3).map { _ in randomName(&random) }, pattern: random.chance(50) ? "a.*" : nil)
            facts.predecessors = (0..<2).map { _ in randomName(&random) }
            return GroupRecord(.member(group: group, id: member), .member(facts))
        case 3: return GroupRecord(.target(group: group, member: member), .target(randomPartitions(&random)))
        case 4:
            var assignment = MemberAssignment()
            assignment.epoch = 9
            assignment.previousEpoch = 7
            assignment.version = 1 << 40
            for partition in randomPartitions(&random) { assignment.assigned[partition] = 8 }
            for partition in randomPartitions(&random) { assignment.revoking[partition] = .init(epoch: 6, version: 5) }
            return GroupRecord(.current(group: group, member: member), .current(assignment))
        default: return GroupRecord(.current(group: group, member: member), nil)
        }
    }

    @Test("every record reads back as it was written")
    func roundTrip() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let record = Self.randomRecord(&random)
            let (key, value) = Self.encode(record)
            #expect(try Self.decode(key, value) == record)
        }
    }

    @Test("a committed offset has these bytes")
    func golden() {
        let partition = TopicIDPartition(topicID: TopicID(high: 0x0102, low: 0x0304), partition: 5)
        let offset = CommittedOffset(
            offset: 258, leaderEpoch: 3, metadata: [0x6d], commitTime: 1, memberEpoch: 2, sequence: 9)
        let (key, value) = Self.encode(GroupRecord(.offset(group: "g1", partition), .offset(offset)))
        #expect(
            key == [0, 0, 0, 2, 0x67, 0x31] + [0, 0, 0, 0, 0, 0, 1, 2] + [0, 0, 0, 0, 0, 0, 3, 4] + [0, 0, 0, 5])
        #expect(
            value == [0, 0] + [0, 0, 0, 0, 0, 0, 1, 2] + [0, 0, 0, 3] + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 2]
                + [0, 0, 0, 0, 0, 0, 0, 9] + [0, 1, 0x6d])
    }

    @Test("bytes cut short, grown or changed are refused or are another record, and nothing traps, then or later")
    func anything() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<1_500 {
            var (key, value) = Self.encode(Self.randomRecord(&random))
            Self.damage(&key, &random)
            if var bytes = value {
                Self.damage(&bytes, &random)
                value = bytes
            }
            guard let record = try? Self.decode(key, value) else { continue }
            var script = GroupScript(partitions: 3)
            script.group.restore(record)
            _ = script.group.finishRestoring(in: GroupContext(now: 0, wallTime: 0, topics: script.catalog))
            _ = script.join("z")
            script.wait(10_000)
            script.send(.expireOffsets(retentionMs: 1))
        }
    }

    private static func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
        case 1: bytes.append(UInt8.random(in: 0...255, using: &random))
        case 2: bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        default: break
        }
    }

    @Test("kinds and versions of a newer broker are told from damage")
    func newer() {
        let newKind = #expect(throws: GroupRecordError.self) { try Self.decode([0, 99, 0, 1, 0x67], nil) }
        #expect(newKind?.isNewer == true)
        let newVersion = #expect(throws: GroupRecordError.self) { try Self.decode([0, 1, 0, 1, 0x67], [0, 1]) }
        #expect(newVersion?.isNewer == true)
        let damaged = #expect(throws: GroupRecordError.self) { try Self.decode([0, 1, 0, 9, 0x67], nil) }
        #expect(damaged?.isNewer == false)
    }
}
