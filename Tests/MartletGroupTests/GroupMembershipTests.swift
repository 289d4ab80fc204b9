import MartletCore
import Testing

@testable import MartletBroker

@Suite struct GroupMembershipTests {
    private let p0 = GroupScript.partition(0)
    private let p1 = GroupScript.partition(1)

    @Test("the first member gets everything, once that is durable")
    func first() throws {
        var script = GroupScript(partitions: 2)
        script.isSyncing = false
        #expect(script.join("a") == nil)
        script.sync()
        let answer = try #require(script.answers[1]?.heartbeat)
        #expect(answer.memberEpoch == 1)
        #expect(answer.assignment == [p0, p1])
        #expect(answer.sessionTimeout == 6_000)
        #expect(answer.heartbeatInterval == 1_000)
    }

    @Test("a partition goes to a new member only when the old one has let it go")
    func handover() throws {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        let parked = script.beat("a", epoch: 1, version: 1, owned: [p0, p1])
        #expect(script.answers[parked] == nil)
        #expect(script.join("b")?.heartbeat?.assignment == [])
        // The heartbeat of the first, which waited, is answered at once.
        let told = try #require(script.answers[parked]?.heartbeat)
        #expect(told.memberEpoch == 1)
        let kept = try #require(told.assignment)
        #expect(kept.count == 1)
        let waiting = script.beat("b", epoch: 2, version: 1, owned: [])
        // It still reads both.
        let still = script.beat("a", epoch: 1, version: 2, owned: [p0, p1])
        #expect(script.answers[still] == nil)
        #expect(script.answers[waiting] == nil)
        let done = script.beat("a", epoch: 1, version: 2, owned: Array(kept))
        #expect(script.answers[still]?.error == .heartbeatSuperseded)
        #expect(script.answers[done]?.heartbeat?.memberEpoch == 2)
        #expect(script.answers[waiting]?.heartbeat?.assignment == Set([p0, p1]).subtracting(kept))
        #expect(script.group.state == .stable)
    }

    @Test("what a member did not list before it heard of a revocation is not let go")
    func unseenRevocation() {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        _ = script.join("b")
        // Sent before the answer to the join was there, or repeated: it knows of no assignment.
        _ = script.beat("a", epoch: 0, version: 0, owned: [])
        #expect(script.group.owners[p0] == "a")
        #expect(script.group.owners[p1] == "a")
        _ = script.beat("a", epoch: 1, version: 1, owned: [])
        #expect(script.group.owners[p0] == "a")
        #expect(script.group.owners[p1] == "a")
    }

    @Test("a member whose answer was lost asks again with its former epoch and is answered")
    func lostAnswer() {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        #expect(script.join("a")?.heartbeat?.assignment == [p0])
        _ = script.join("b")
        let advanced = script.beat("a", epoch: 1, version: 1, owned: [p0])
        #expect(script.answers[advanced]?.heartbeat?.memberEpoch == 2)
        let again = script.beat("a", epoch: 1, version: 1, owned: [p0])
        #expect(script.answers[again]?.heartbeat == script.answers[advanced]?.heartbeat)
    }

    @Test("a member behind by more than one epoch, ahead, or with what it does not have is fenced")
    func fencing() {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        for other in ["b", "c"] {
            _ = script.join(other)
            _ = script.beat("a", epoch: script.group.facts.epoch - 1, version: 1, owned: [p0])
        }
        let epoch = script.group.facts.epoch
        #expect(script.refusal("a", epoch: epoch - 2, version: 0) == .fencedMemberEpoch)
        #expect(script.refusal("a", epoch: epoch + 1, version: 3) == .fencedMemberEpoch)
        #expect(script.refusal("a", epoch: epoch, version: 99) == .fencedMemberEpoch)
        #expect(script.refusal("a", epoch: epoch, version: 3, owned: [p1]) == .fencedMemberEpoch)
        #expect(script.refusal("x", epoch: 1, version: 1) == .unknownMemberID)
    }

    @Test("a heartbeat waits for the interval and is then answered with nothing new")
    func longPoll() throws {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        let parked = script.beat("a", epoch: 1, version: 1)
        script.wait(999)
        #expect(script.answers[parked] == nil)
        script.wait(1)
        #expect(try #require(script.answers[parked]?.heartbeat).assignment == nil)
    }

    @Test("a heartbeat without news does not wait until what others did is durable")
    func slowDisk() throws {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        script.isSyncing = false
        _ = script.commit("a", epoch: 1, p0, 7)
        let parked = script.beat("a", epoch: 1, version: 1)
        script.wait(1_000)
        let answer = try #require(script.answers[parked]?.heartbeat)
        #expect(answer.memberEpoch == 1 && answer.assignmentVersion == 1 && answer.assignment == nil)
    }

    @Test("a heartbeat is answered once what it says itself is durable, which may be no news")
    func confirmed() throws {
        var script = GroupScript(partitions: 4)
        _ = script.join("a")
        for other in ["b", "c"] {
            _ = script.join(other)
            script.wait(10)
        }
        script.isSyncing = false
        let version = try #require(script.group.members["a"]).assignment.version
        let kept = try #require(script.group.members["a"]).assignment.assigned.keys
        let surplus = try #require(script.group.members["a"]).assignment.revoking.keys.sorted()
        try #require(surplus.count == 3)
        // One of three that it is to let go of: it gets no other version for that.
        let parked = script.beat("a", epoch: 1, version: version, owned: Array(kept) + surplus.dropFirst())
        script.wait(1_000)
        #expect(script.answers[parked] == nil)
        script.sync()
        #expect(try #require(script.answers[parked]?.heartbeat).assignmentVersion == version)
    }

    @Test("altered settings are told once they are durable")
    func alteredSettings() throws {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        script.isSyncing = false
        script.ask { .alter(GroupSettings(sessionTimeoutMs: 9_000), $0) }
        let parked = script.beat("a", epoch: 1, version: 1)
        script.wait(1_000)
        #expect(script.answers[parked] == nil)
        script.sync()
        #expect(try #require(script.answers[parked]?.heartbeat).sessionTimeout == 9_000)
    }

    @Test("a heartbeat that nobody waits for any more is forgotten")
    func abandoned() {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        let parked = script.beat("a", epoch: 1, version: 1)
        script.send(.abandoned(parked))
        script.wait(1_500)
        #expect(script.answers[parked] == nil)
    }

    @Test("a member without heartbeat for a session timeout is dead")
    func session() {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        _ = script.join("b")
        script.wait(3_000)
        let survivor = script.group.owners[p0] == "a" ? "b" : "a"
        _ = script.beat(survivor, epoch: script.group.facts.epoch - (survivor == "a" ? 1 : 0), version: 1)
        script.wait(3_000)
        #expect(script.group.memberCount == 1)
        _ = script.beat(survivor, epoch: 2, version: 1)
        #expect(script.group.owners[p0] == survivor)
        script.wait(6_000)
        #expect(script.group.state == .empty)
    }

    @Test("a member that does not let go is put out at its deadline, though its heartbeats come")
    func revocationDeadline() {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        _ = script.join("b")
        for _ in 0..<10 {
            _ = script.beat("a", epoch: 1, version: 2, owned: [p0, p1])
            _ = script.beat("b", epoch: 2, version: 1, owned: [])
            script.wait(1_000)
        }
        #expect(script.group.memberCount == 1)
        #expect(script.refusal("a", epoch: 1, version: 2) == .unknownMemberID)
        _ = script.beat("b", epoch: 2, version: 1, owned: [])
        #expect(script.group.owners.values.allSatisfy { $0 == "b" } && script.group.owners.count == 2)
    }

    @Test("leaving frees everything at once")
    func leaving() {
        var script = GroupScript(partitions: 1)
        _ = script.join("a")
        _ = script.join("b")
        let waiting = script.beat("b", epoch: 2, version: 1)
        #expect(script.ask { .leave(GroupLeave(memberID: "a"), $0) } == .done)
        #expect(script.answers[waiting]?.heartbeat?.assignment == [p0])
        #expect(script.ask { .leave(GroupLeave(memberID: "a"), $0) }?.error == .unknownMemberID)
    }

    @Test("members that keep what they have are not told of others")
    func calm() {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        _ = script.join("b")
        _ = script.beat("a", epoch: 1, version: 2, owned: [p0])
        let a = script.beat("a", epoch: 2, version: 3, owned: [p0])
        let first = script.beat("b", epoch: 2, version: 1, owned: [])
        #expect(script.answers[first]?.heartbeat?.assignment == [p1])
        let b = script.beat("b", epoch: 2, version: 2, owned: [p1])
        #expect(script.join("c")?.heartbeat?.assignment == [])
        #expect(script.ask { .leave(GroupLeave(memberID: "c"), $0) } == .done)
        #expect(script.answers[a] == nil)
        #expect(script.answers[b] == nil)
    }

    // MARK: Static membership

    @Test("a process that comes back under its instance id has its partitions, and nobody else notices")
    func restart() {
        var script = GroupScript(partitions: 4)
        _ = script.join("a", instance: "i")
        _ = script.join("b", instance: "j")
        let before = script.group.members["b"]?.target
        _ = script.ask { .leave(GroupLeave(memberID: "b", instanceID: "j", isForAWhile: true), $0) }
        script.wait(5_000)
        _ = script.beat("a", epoch: 1, version: 2, instance: "i")
        _ = script.join("b2", instance: "j")
        #expect(script.group.members["b2"]?.target == before)
        #expect(script.group.members["b"] == nil)
        #expect(script.group.memberCount == 2)
    }

    @Test("one that stays away longer than its session loses its place")
    func gone() {
        var script = GroupScript(partitions: 1)
        _ = script.join("a", instance: "i")
        _ = script.ask { .leave(GroupLeave(memberID: "a", instanceID: "i", isForAWhile: true), $0) }
        script.wait(5_999)
        #expect(script.group.memberCount == 1)
        script.wait(1)
        #expect(script.group.memberCount == 0)
    }

    @Test("a second process with an instance id fences the first at a higher epoch, for good")
    func takeover() throws {
        var script = GroupScript(partitions: 1)
        _ = script.join("a", instance: "i")
        let parked = script.beat("a", epoch: 1, version: 1, instance: "i")
        let answer = try #require(script.join("b", instance: "i")?.heartbeat)
        #expect(answer.memberEpoch == 2)
        #expect(answer.assignment == [p0])
        #expect(script.answers[parked]?.error == .fencedInstanceID)
        #expect(script.refusal("a", epoch: 1, version: 1, instance: "i") == .fencedInstanceID)
        #expect(script.commit("a", epoch: 1, p0, 5)?.error == .unknownMemberID)
        // A late join of the first takes nothing back, nor after a restart of the coordinator.
        #expect(script.join("a", instance: "i")?.error == .fencedInstanceID)
        script.reload()
        #expect(script.join("a", instance: "i")?.error == .fencedInstanceID)
    }

    // MARK: The world changes

    @Test("new partitions, new topics and lost topics are taken up")
    func topics() {
        var script = GroupScript(partitions: 1)
        _ = script.join("a", topics: ["t0", "t1"])
        let parked = script.beat("a", epoch: 1, version: 1)
        script.set(topic: 0, partitions: 2)
        script.send(.topicsChanged)
        #expect(script.answers[parked]?.heartbeat?.assignment == [p0, p1])
        script.set(topic: 1, partitions: 1)
        script.send(.topicsChanged)
        _ = script.beat("a", epoch: 2, version: 2)
        #expect(script.group.owners[GroupScript.partition(0, of: 1)] == "a")
        script.set(topic: 0, partitions: nil)
        script.send(.topicsChanged)
        #expect(script.group.members["a"]?.assignment.revoking.count == 2)
        let epoch = script.group.facts.epoch
        script.send(.topicsChanged)
        #expect(script.group.facts.epoch == epoch)
    }

    @Test("a pattern takes in topics that match, and never the broker's own")
    func pattern() {
        var script = GroupScript(partitions: 1, 1)
        var topics = script.catalog.topics
        topics["__t0"] = .init(id: GroupScript.id(9), partitionCount: 3)
        topics["other"] = .init(id: GroupScript.id(8), partitionCount: 3)
        script.catalog = TopicCatalog(topics)
        _ = script.beat("a", epoch: 0, version: 0, owned: [], subscription: GroupSubscription(pattern: ".*t[0-9]"))
        #expect(script.group.owners.keys.sorted() == [p0, GroupScript.partition(0, of: 1)])
        let bad = script.beat("b", epoch: 0, version: 0, owned: [], subscription: GroupSubscription(pattern: "t["))
        #expect(script.answers[bad]?.error == .invalidRegularExpression)
    }

    @Test("after a reload every member goes on where it was, with a full session")
    func reload() {
        var script = GroupScript(partitions: 2)
        _ = script.join("a")
        _ = script.join("b")
        let before = script.group.description
        script.wait(5_000)
        script.reload()
        #expect(script.group.description == before)
        script.wait(5_000)
        #expect(script.group.memberCount == 2)
        let kept = script.beat("a", epoch: 1, version: 2, owned: [p0])
        #expect(script.answers[kept]?.heartbeat?.memberEpoch == 2)
    }

    // MARK: Settings and refusals

    @Test("the assignor is the first member's, and others may not ask for another")
    func assignor() {
        var script = GroupScript(partitions: 2)
        _ = script.join("a", assignor: .range)
        #expect(script.group.assignor == .range)
        #expect(script.join("b", assignor: .uniform)?.error == .inconsistentGroupProtocol)
        #expect(script.join("b")?.heartbeat != nil)
        #expect(script.ask { .alter(GroupSettings(assignor: .uniform), $0) } == .done)
        #expect(script.group.assignor == .uniform)
    }

    @Test("settings out of range are refused, others told with the next heartbeat")
    func settings() {
        var script = GroupScript(partitions: 1)
        let settings = GroupSettings(sessionTimeoutMs: 30_000, heartbeatIntervalMs: 5_000)
        #expect(script.ask { .alter(GroupSettings(sessionTimeoutMs: 999), $0) }?.error == .invalidConfig)
        #expect(script.ask { .alter(GroupSettings(heartbeatIntervalMs: 2_001), $0) }?.error == .invalidConfig)
        #expect(script.ask { .alter(settings, $0) } == .done)
        script.reload()
        #expect(script.join("a")?.heartbeat?.sessionTimeout == 30_000)
        #expect(script.group.description.settings == settings)
    }

    @Test("a join without subscription or with an impossible timeout is refused and leaves nothing behind")
    func badJoins() {
        var script = GroupScript(partitions: 1)
        #expect(script.refusal("a", epoch: 0, version: 0) == .invalidRequest)
        let heartbeat = GroupHeartbeat(
            memberID: "a", memberEpoch: 0, subscription: GroupSubscription(topics: ["t0"]), rebalanceTimeout: 1,
            maxWait: 0)
        #expect(script.ask { .heartbeat(heartbeat, $0) }?.error == .invalidRequest)
        #expect(script.group.isVacant)
        #expect(script.log.isEmpty)
    }
}
