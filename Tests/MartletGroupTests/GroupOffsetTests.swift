import MartletCore
import Testing

@testable import MartletBroker

@Suite struct GroupOffsetTests {
    private let p0 = GroupScript.partition(0)
    private let p1 = GroupScript.partition(1)

    private func offset(_ script: inout GroupScript, _ partition: TopicIDPartition) -> Offset? {
        guard case .offsets(let offsets) = script.ask({ .fetchOffsets([partition], $0) }) else { return nil }
        return offsets.first?.committed?.offset
    }

    @Test("a commit is answered, and shown, once it is durable")
    func durable() throws {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        script.isSyncing = false
        #expect(script.commit("a", epoch: 1, p0, 7) == nil)
        #expect(script.ask { .fetchOffsets(nil, $0) } == nil)
        script.sync()
        #expect(script.answers[2] == .commit([nil]))
        guard case .offsets(let offsets) = try #require(script.answers[3]) else { return }
        #expect(offsets.map(\.partition) == [p0])
        #expect(offsets.first?.committed?.offset == 7)
    }

    @Test("only the owner commits, also while it lets go, and at an epoch since it has the partition")
    func ownership() {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        _ = script.join("b")
        #expect(script.commit("a", epoch: 1, sequence: 1, p0, 1) == .commit([nil]))
        #expect(script.commit("a", epoch: 1, sequence: 2, p1, 1) == .commit([nil]))
        #expect(script.commit("b", epoch: 2, p1, 1)?.error == .partitionNotOwned)
        #expect(script.commit("a", epoch: 2, p0, 1)?.error == .fencedMemberEpoch)
        #expect(script.commit("c", epoch: 1, p0, 1)?.error == .unknownMemberID)
        let moved = script.group.members["a"]?.assignment.revoking.keys.first ?? p0
        let kept = moved == p0 ? p1 : p0
        _ = script.beat("a", epoch: 1, version: 2, owned: [kept])
        #expect(script.commit("a", epoch: 1, sequence: 3, moved, 9)?.error == .partitionNotOwned)
        #expect(script.commit("a", epoch: 1, sequence: 4, kept, 9) == .commit([nil]))
        _ = script.beat("b", epoch: 2, version: 1, owned: [])
        #expect(script.commit("b", epoch: 1, sequence: 1, moved, 3)?.error == .staleMemberEpoch)
        #expect(script.commit("b", epoch: 2, sequence: 1, moved, 3) == .commit([nil]))
    }

    @Test("an older commit of the same owner is refused, the same one again is not, also after a reload")
    func sequences() {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        #expect(script.commit("a", epoch: 1, sequence: 5, p0, 50) == .commit([nil]))
        script.reload()
        #expect(script.commit("a", epoch: 1, sequence: 4, p0, 40)?.error == .staleCommit)
        #expect(script.commit("a", epoch: 1, sequence: 5, p0, 50) == .commit([nil]))
        #expect(script.commit("a", epoch: 1, sequence: 4, p1, 40) == .commit([nil]))
        #expect(offset(&script, p0) == 50)
    }

    @Test("a commit without membership needs a group without members, and may go back")
    func resets() {
        var script = GroupScript(partitions: 1)
        #expect(script.commit(nil, p0, 100) == .commit([nil]))
        _ = script.join("a")
        #expect(script.commit(nil, p0, 1)?.error == .nonEmptyGroup)
        #expect(script.commit("a", epoch: 1, p0, 101) == .commit([nil]))
        _ = script.ask { .leave(GroupLeave(memberID: "a"), $0) }
        #expect(script.commit(nil, p0, 1) == .commit([nil]))
        #expect(offset(&script, p0) == 1)
    }

    @Test("bad items are refused each for itself")
    func badItems() throws {
        var script = GroupScript(partitions: 1)
        let metadata = [UInt8](repeating: 0, count: GroupLimits.metadataBytes + 1)
        let unknown = GroupScript.partition(0, of: 7)
        let commit = OffsetCommit(
            sender: nil,
            items: [
                .init(partition: p0, offset: -1), .init(partition: p1, offset: 1), .init(partition: unknown, offset: 1),
                .init(partition: p0, offset: 1, metadata: metadata), .init(partition: p0, offset: 2),
            ])
        let answer = try #require(script.ask { .commit(commit, $0) })
        guard case .commit(let results) = answer else { return }
        #expect(
            results.map { $0?.code } == [
                .offsetOutOfRange, .unknownTopicOrPartition, .unknownTopicID, .offsetMetadataTooLarge, nil,
            ])
    }

    @Test("offsets go a retention after their commit and after the last member, and then the group")
    func expiry() {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        _ = script.commit("a", epoch: 1, p0, 1)
        script.wallTime += 10_000
        script.send(.expireOffsets(retentionMs: 1_000))
        #expect(script.group.offsets.count == 1)
        _ = script.ask { .leave(GroupLeave(memberID: "a"), $0) }
        script.wallTime += 999
        script.send(.expireOffsets(retentionMs: 1_000))
        #expect(script.group.offsets.count == 1)
        script.reload()
        script.wallTime += 1
        script.send(.expireOffsets(retentionMs: 1_000))
        #expect(script.group.isVacant)
        script.reload()
        #expect(script.group.isVacant)
    }

    @Test("the offsets of a deleted topic go with it")
    func deletedTopic() {
        var script = GroupScript(partitions: 1, 1)
        _ = script.commit(nil, p0, 1)
        _ = script.commit(nil, GroupScript.partition(0, of: 1), 1)
        script.set(topic: 0, partitions: nil)
        script.send(.topicsChanged)
        #expect(script.group.offsets.sorted.map(\.partition) == [GroupScript.partition(0, of: 1)])
    }

    @Test("a group without members can be deleted with all it has")
    func deletion() {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        _ = script.commit("a", epoch: 1, p0, 1)
        #expect(script.ask { .delete($0) }?.error == .nonEmptyGroup)
        _ = script.ask { .leave(GroupLeave(memberID: "a"), $0) }
        script.isSyncing = false
        #expect(script.ask { .delete($0) } == nil)
        #expect(script.ask { .delete($0) } == nil)
        #expect(script.ask { .describe($0) } == nil)
        script.sync()
        #expect(script.answers[5] == .done)
        #expect(script.answers[6]?.error == .groupIDNotFound)
        #expect(script.answers[7]?.error == .groupIDNotFound)
        #expect(script.group.isVacant)
        script.reload()
        #expect(script.group.isVacant)
    }
}
