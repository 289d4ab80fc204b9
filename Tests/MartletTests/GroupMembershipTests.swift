import MartletCore
import Testing

@testable import Martlet

@Suite("a group membership, step by step")
struct GroupMembershipTests {
    @Test("it finds the coordinator, joins, asks where to begin, and hands out what it was assigned")
    func joins() throws {
        var script = Script()
        script.machine.subscribe(MemberSubscription(topics: ["t"]), now: script.now)
        let first = script.drain()
        #expect(first.findsCoordinator)
        script.machine.foundCoordinator()
        let join = try script.next(\.heartbeat)
        #expect(join.epoch == 0 && join.owned == [] && join.subscription?.topics == ["t"])
        script.answer(join, epoch: 4, version: 1, [0, 1])
        let work = script.drain()
        #expect(work.questions.map(\.partitions) == [[script.id(0), script.id(1)]])
        #expect(work.heartbeat?.epoch == 4 && work.heartbeat?.version == 1 && work.heartbeat?.owned == [])
        script.expectNothingToDo()
        script.machine.toldCommitted(
            work.questions[0].id, [script.id(1): CommittedPosition(offset: 7, leaderEpoch: 2)])
        guard case .assign(let begins)? = script.poll() else { throw Missing(what: "an assignment") }
        #expect(begins[script.name(0)]?.committed == nil && begins[script.name(1)]?.committed?.offset == 7)
        script.expectNothingToDo()
    }

    @Test("a partition is told as let go of at once, after its last commit is kept, and not before")
    func letsGo() throws {
        var script = Script.member([0, 1])
        let heartbeat = try #require(script.latest)
        script.answer(heartbeat, epoch: 1, version: 2, [0])
        script.expectOwned([0, 1], version: 2)
        guard case .revoke(let revoked)? = script.poll() else { throw Missing(what: "a revocation") }
        #expect(revoked == [script.name(1)])
        script.machine.letGo(
            revoked, committing: [script.name(1): CommittedPosition(offset: 9, leaderEpoch: 0)],
            deadline: script.now + .seconds(5))
        let work = script.drain()
        #expect(work.heartbeat == nil)
        let commit = try #require(work.commit)
        #expect(commit.items.map(\.offset.offset) == [9] && commit.sequence == 1)
        script.machine.commitAnswered(commit.id, [nil])
        script.expectOwned([0], version: 2)
    }

    @Test("a last commit that cannot be made holds nobody up for longer than its deadline")
    func commitDeadline() throws {
        var script = Script.member([0])
        script.answer(try #require(script.latest), epoch: 1, version: 2, [])
        _ = script.poll()
        script.machine.letGo(
            [script.name(0)], committing: [script.name(0): CommittedPosition(offset: 9, leaderEpoch: 0)],
            deadline: script.now + .seconds(2))
        let commit = try script.next(\.commit)
        script.machine.commitFailed(commit.id, term: 1, script.unanswered, now: script.now)
        script.machine.foundCoordinator()
        script.pass(.milliseconds(1_500))
        #expect(script.machine.held.count == 1)
        script.pass(.milliseconds(600))
        #expect(script.machine.held.isEmpty)
    }

    @Test("an answer that is older than one before says nothing; one without news is not asked for again at once")
    func lateAnswers() throws {
        var script = Script.member([0])
        let first = try #require(script.latest)
        script.machine.subscribe(MemberSubscription(topics: ["t", "u"]), now: script.now)
        let second = try script.next(\.heartbeat)
        script.answer(second, epoch: 2, version: 3, [0, 1])
        script.answer(first, epoch: 1, version: 2, [0])
        #expect(script.machine.assigned == [script.id(0), script.id(1)] && script.machine.epoch == 2)
        let third = try script.next(\.heartbeat)
        script.answer(third, epoch: 2, version: 3, nil)
        script.expectNoHeartbeat()
        script.pass(.milliseconds(1_000))
        #expect(script.latest.map { $0.id > third.id } == true)
    }

    @Test("an unanswered heartbeat is followed by one that says everything, at the coordinator that is found then")
    func unanswered() throws {
        var script = Script.member([0])
        let heartbeat = try #require(script.latest)
        #expect(heartbeat.owned == nil && heartbeat.subscription == nil)
        script.machine.heartbeatFailed(heartbeat.id, script.unanswered, now: script.now)
        script.expectNoHeartbeat()
        script.pass(.milliseconds(100))
        #expect(script.place == .sought)
        script.machine.foundCoordinator()
        let again = try script.next(\.heartbeat)
        #expect(again.owned == [script.id(0)] && again.subscription != nil && again.memberID == heartbeat.memberID)
    }

    @Test("without an answer for a session, counted from sending, all is lost; nothing of it is committed")
    func sessionEnds() throws {
        var script = Script.member([0])
        let member = script.machine.memberID
        let heartbeat = try #require(script.latest)
        script.pass(.milliseconds(3_000))
        script.answer(heartbeat, epoch: 1, version: 1, nil)
        // That one was sent at the beginning: it proves the first three seconds only.
        script.now = script.now + .milliseconds(2_999)
        script.expectNothingToDo()
        script.now = script.now + .milliseconds(1)
        guard case .lost(let lost)? = script.poll() else { throw Missing(what: "a loss") }
        #expect(lost == [script.name(0)])
        let outcome = CommitWaiter()
        #expect(throws: MartletError.self) {
            try script.machine.commit(
                [script.name(0): OffsetToCommit(5)], waiter: outcome, deadline: script.now + .seconds(1))
        }
        #expect(script.machine.memberID != member && script.machine.epoch == 0)
    }

    @Test("after a session without an answer the former member says goodbye before the next one joins")
    func givesBack() throws {
        var script = Script.member([0])
        let member = script.machine.memberID
        let heartbeat = try #require(script.latest)
        script.machine.heartbeatFailed(heartbeat.id, script.unanswered, now: script.now)
        script.pass(.seconds(6))
        #expect(script.place == .sought)
        script.machine.foundCoordinator()
        var work = script.drain()
        #expect(work.goodbyes.map(\.memberID) == [member])
        #expect(work.heartbeat?.epoch == 0 && work.heartbeat?.memberID != member)
        // It is for all that the member has, until the coordinator has heard of it.
        let goodbye = try #require(work.goodbyes.first)
        script.machine.goodbyeFailed(
            goodbye.id, term: script.machine.term, script.refused(.coordinatorLoadInProgress), now: script.now)
        script.now = script.now + .milliseconds(100)
        work = script.drain()
        #expect(work.goodbyes.map(\.memberID) == [member] && work.goodbyes.first?.isForAWhile == false)
        script.machine.goodbyeAnswered(goodbye.id)
        script.now = script.now + .seconds(1)
        work = script.drain()
        #expect(work.goodbyes.isEmpty)
    }

    @Test("a member fenced by its epoch says goodbye, one that is not known does not", arguments: [true, false])
    func fencedGivesBack(isKnown: Bool) throws {
        var script = Script.member([0])
        let heartbeat = try #require(script.latest)
        let code = isKnown ? ErrorCode.fencedMemberEpoch : .unknownMemberID
        script.machine.heartbeatFailed(heartbeat.id, script.refused(code), now: script.now)
        let work = script.drain()
        #expect(work.goodbyes.map(\.memberID) == (isKnown ? [heartbeat.memberID] : []))
        #expect(work.heartbeat?.epoch == 0)
    }

    @Test("an instance says no goodbye: its next process takes its place")
    func instanceGivesNothingBack() throws {
        var script = Script.member([0], instanceID: "one")
        script.pass(.seconds(6))
        #expect(!script.machine.isMember && script.machine.epoch == 0)
        #expect(script.machine.goodbyes.isEmpty)
    }

    @Test("a fence loses everything and what waits to be committed; the next join is under another id")
    func fenced() throws {
        var script = Script.member([0])
        let outcome = CommitWaiter()
        try script.machine.commit(
            [script.name(0): OffsetToCommit(5)], waiter: outcome, deadline: script.now + .seconds(60))
        let commit = try script.next(\.commit)
        let heartbeat = try #require(script.latest)
        script.machine.heartbeatFailed(heartbeat.id, script.refused(.unknownMemberID), now: script.now)
        let work = script.drain()
        guard case .failure(let error)? = work.outcomes.first?.result else {
            throw Missing(what: "the failure of the commit")
        }
        #expect(error.code == .membershipLost)
        #expect(work.heartbeat?.epoch == 0 && work.heartbeat?.memberID != heartbeat.memberID)
        script.machine.commitAnswered(commit.id, [nil])
        let after = script.drain()
        #expect(after.outcomes.isEmpty)
    }

    @Test("who does not poll leaves, and joins again with the next poll")
    func stuck() throws {
        var script = Script.member([0])
        let waits = script.machine.beginWaiting(.forRecords, now: script.now)
        #expect(waits)
        script.keepAlive(for: .seconds(20))
        #expect(script.machine.isMember)
        script.expectNothingToDo()
        script.keepAlive(for: .seconds(9))
        #expect(script.machine.isMember)
        let work = script.keepAlive(for: .seconds(2))
        #expect(work.goodbyes.count == 1 && !script.machine.isMember)
        script.expectNoHeartbeat()
        guard case .lost? = script.poll() else { throw Missing(what: "a loss") }
        let rejoin = try script.next(\.heartbeat)
        #expect(rejoin.epoch == 0)
    }

    @Test("the last commit comes before the goodbye, and neither takes longer than it may")
    func departs() throws {
        var script = Script.member([0])
        let waiter = Eventual<Void>()
        script.machine.depart(
            isForAWhile: false, committing: [script.name(0): CommittedPosition(offset: 3, leaderEpoch: 0)],
            deadline: script.now + .seconds(5), waiter: waiter)
        var work = script.drain()
        let commit = try #require(work.commit)
        #expect(work.goodbyes.isEmpty)
        script.machine.commitAnswered(commit.id, [nil])
        work = script.drain()
        #expect(work.goodbyes.count == 1 && work.heartbeat == nil && work.departed.isEmpty)
        script.pass(.seconds(5))
        #expect(script.departed.count == 1)
    }

    @Test("commits gather behind the one that is on its way, which is sent again with its sequence")
    func commits() throws {
        var script = Script.member([0, 1])
        let (first, second) = (CommitWaiter(), CommitWaiter())
        try script.commit([0: 5], first)
        let sent = try script.next(\.commit)
        try script.commit([0: 6, 1: 1], second)
        try script.commit([0: 7], nil)
        script.expectNoCommit()
        script.machine.commitFailed(sent.id, term: 0, script.refused(.coordinatorLoadInProgress), now: script.now)
        script.pass(.milliseconds(100))
        let again = try #require(script.commits.last)
        #expect(again.sequence == sent.sequence && again.items.map(\.offset.offset) == [5])
        script.machine.commitAnswered(again.id, [nil])
        let work = script.drain()
        #expect(work.outcomes.map { $0.waiter === first } == [true])
        let next = try #require(work.commit)
        #expect(next.sequence == sent.sequence + 1 && next.items.map(\.offset.offset) == [7, 1])
        script.machine.commitAnswered(next.id, [nil, MartletError(.refused(.offsetOutOfRange), "past the end")])
        let last = script.drain()
        let result = try #require(last.outcomes.first)
        #expect(result.waiter === second)
        guard case .failure(let error) = result.result else { throw Missing(what: "a failure") }
        #expect(error.topicPartition == script.name(1))
    }
}

/// Something that was to happen did not.
private struct Missing: Error {
    var what: String
}

/// A membership and a clock, with short hands.
private struct Script {
    var machine: GroupMembership
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    /// The last heartbeat that was sent.
    private(set) var latest: HeartbeatCall?
    private(set) var commits: [CommitCall] = []
    private(set) var departed: [Eventual<Void>] = []
    private let topic = TopicID(high: 1, low: 2)

    init(instanceID: String? = nil) {
        var settings = ConsumerGroup("g")
        settings.instanceID = instanceID
        settings.commits = .manual
        settings.maxPollInterval = .seconds(10)
        machine = GroupMembership(
            settings: settings, idPrefix: "member",
            backoff: Backoff(first: .milliseconds(50), most: .milliseconds(50)), requestTimeout: .seconds(30), seed: 1)
    }

    /// One that has joined, at epoch 1, and reads these partitions, whose heartbeat waits for an answer.
    static func member(_ partitions: [PartitionIndex], instanceID: String? = nil) -> Script {
        var script = Script(instanceID: instanceID)
        script.machine.subscribe(MemberSubscription(topics: ["t"]), now: script.now)
        _ = script.drain()
        script.machine.foundCoordinator()
        _ = script.drain()
        if let join = script.latest { script.answer(join, epoch: 1, version: 1, partitions) }
        for question in script.drain().questions { script.machine.toldCommitted(question.id, [:]) }
        _ = script.poll()
        // What it owns now is told with the second of these.
        for _ in 0..<2 {
            if let heartbeat = script.latest { script.answer(heartbeat, epoch: 1, version: 1, nil) }
            _ = script.drain()
        }
        // One that waits for news.
        script.pass(.seconds(1))
        return script
    }

    var unanswered: GroupCallFailure { GroupCallFailure(unanswered: MartletError(.unreachable, "gone")) }
    var place: GroupMembership.Place { machine.place }

    func refused(_ code: ErrorCode) -> GroupCallFailure {
        GroupCallFailure(refused: MartletError(.refused(code), "\(code)"))
    }

    func id(_ partition: PartitionIndex) -> TopicIDPartition { TopicIDPartition(topicID: topic, partition: partition) }
    func name(_ partition: PartitionIndex) -> TopicPartition { TopicPartition(topic: "t", partition: partition) }

    @discardableResult
    mutating func drain() -> GroupWork {
        let work = machine.drain(now: now)
        latest = work.heartbeat ?? latest
        if let commit = work.commit { commits.append(commit) }
        departed += work.departed
        return work
    }

    /// What is sent next, of one kind.
    mutating func next<Call>(_ call: KeyPath<GroupWork, Call?>) throws -> Call {
        let work = drain()
        return try #require(work[keyPath: call])
    }

    mutating func expectNoHeartbeat() {
        let work = drain()
        #expect(work.heartbeat == nil)
    }

    mutating func expectNoCommit() {
        let work = drain()
        #expect(work.commit == nil)
    }

    mutating func expectNothingToDo() {
        let task = poll()
        #expect(task == nil)
    }

    mutating func poll() -> PollTask? { machine.poll(now: now) }

    mutating func pass(_ time: Duration) {
        now = now + time
        drain()
    }

    /// Every heartbeat is answered, twice a second, without news.
    @discardableResult
    mutating func keepAlive(for time: Duration) -> GroupWork {
        var work = drain()
        let end = now + time
        while now < end {
            now = now + .milliseconds(500)
            if let latest { answer(latest, epoch: 1, version: 1, nil) }
            let next = drain()
            work.goodbyes += next.goodbyes
        }
        return work
    }

    mutating func answer(_ call: HeartbeatCall, epoch: Int32, version: Int64, _ partitions: [PartitionIndex]?) {
        let news = HeartbeatNews(
            epoch: epoch, version: version, assignment: partitions.map { Set($0.map(id)) }, names: [topic: "t"],
            sessionTimeout: .seconds(6), heartbeatInterval: .seconds(1))
        machine.heartbeatAnswered(call.id, news, now: now)
    }

    mutating func commit(_ offsets: [PartitionIndex: Offset], _ waiter: CommitWaiter?) throws {
        let offsets = Dictionary(uniqueKeysWithValues: offsets.map { (name($0), OffsetToCommit($1)) })
        try machine.commit(offsets, waiter: waiter, deadline: now + .seconds(60))
    }

    /// What the next heartbeat says is owned.
    mutating func expectOwned(_ partitions: [PartitionIndex], version: Int64) {
        let heartbeat = drain().heartbeat
        #expect(heartbeat?.owned == Set(partitions.map(id)) && heartbeat?.version == version)
    }
}
