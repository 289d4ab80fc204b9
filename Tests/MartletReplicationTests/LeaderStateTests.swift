import MartletBroker
import MartletCore
import MartletMetadata
import Testing

@Suite struct LeaderStateTests {
    private static let id = TopicIDPartition(topicID: TopicID(high: 1, low: 1), partition: 0)

    private func record(
        _ inSync: [BrokerID], revision: Revision = 10, epoch: LeaderEpoch = 5
    ) -> Versioned<PartitionRecord> {
        Versioned(
            PartitionRecord(
                id: Self.id, leader: PartitionLeader(broker: 1, startEpoch: 1), leaderEpoch: epoch,
                replicas: [1, 2, 3], inSyncReplicas: inSync),
            revision: revision)
    }

    /// Broker 1 leads from offset 100 on; everything below 90 is known to be kept everywhere.
    private func leader(_ inSync: [BrokerID] = [1, 2, 3], minInSync: Int = 2) -> LeaderState {
        LeaderState(
            leader: ReplicaIdentity(broker: 1, startEpoch: 1), record: record(inSync), logEnd: 100, durable: 100,
            highWatermark: 90, minInSyncReplicas: minInSync, lagMax: .seconds(10), at: .zero)
    }

    private func follower(_ broker: BrokerID, _ startEpoch: StartEpoch = 1) -> ReplicaIdentity {
        ReplicaIdentity(broker: broker, startEpoch: startEpoch)
    }

    /// Whether the high watermark moved, or the leadership should.
    private func heard(_ state: inout LeaderState, _ event: (inout LeaderState) -> Bool) -> Bool {
        event(&state)
    }

    private func proposed(_ state: inout LeaderState, at now: Duration) -> InSyncChange? {
        state.nextChange(id: Self.id, at: now)
    }

    private func proposal(_ state: inout LeaderState, at now: Duration) throws -> InSyncChange {
        let change = state.nextChange(id: Self.id, at: now)
        return try #require(change)
    }

    @Test("the high watermark is the least durable offset of the in-sync replicas, and waits for each of them")
    func highWatermark() {
        var state = leader()
        #expect(state.highWatermark == 90 && !state.isHighWatermarkKnown)
        #expect(!heard(&state) { $0.fetched(by: follower(2), from: 100, durable: 100, at: .seconds(1)) })
        #expect(heard(&state) { $0.fetched(by: follower(3), from: 95, durable: 93, at: .seconds(1)) })
        #expect(state.highWatermark == 93)
        #expect(heard(&state) { $0.reported(by: follower(3), durable: 100, at: .seconds(1)) })
        #expect(state.highWatermark == 100 && state.isHighWatermarkKnown)
    }

    @Test(
        "a leader that has not synced all that its predecessor held to be kept everywhere begins with what it has synced"
    )
    func electedUncleanly() {
        var state = LeaderState(
            leader: ReplicaIdentity(broker: 1, startEpoch: 1), record: record([1]), logEnd: 100, durable: 80,
            highWatermark: 90, minInSyncReplicas: 1, lagMax: .seconds(10), at: .zero)
        #expect(state.highWatermark == 80 && !state.isHighWatermarkKnown)
        #expect(heard(&state) { $0.kept(upTo: 100) })
        #expect(state.highWatermark == 100 && state.isHighWatermarkKnown)
    }

    @Test("a follower counts what it made durable, not what it has")
    func durable() {
        var state = leader([1, 2])
        #expect(heard(&state) { $0.fetched(by: follower(2), from: 100, durable: 92, at: .zero) })
        #expect(state.highWatermark == 92)
    }

    @Test("an older run of a follower is not heard; a newer one is believed from its own fetches on only")
    func startEpochs() {
        var state = leader([1, 2])
        _ = state.fetched(by: follower(2, 7), from: 95, durable: 95, at: .zero)
        #expect(!heard(&state) { $0.fetched(by: follower(2, 6), from: 100, durable: 100, at: .zero) })
        #expect(!heard(&state) { $0.reported(by: follower(2, 8), durable: 100, at: .zero) })
        _ = state.fetched(by: follower(2, 8), from: 94, durable: 94, at: .zero)
        #expect(state.highWatermark == 95)
        #expect(state.followers.first { $0.broker == 2 }?.durable == 94)
    }

    @Test("a replica joins once it has the high watermark and the beginning of the epoch, and is waited for at once")
    func join() throws {
        var state = leader([1, 2])
        _ = state.fetched(by: follower(2), from: 100, durable: 100, at: .zero)
        _ = state.fetched(by: follower(3), from: 99, durable: 99, at: .zero)
        #expect(proposed(&state, at: .zero) == nil)
        _ = state.reported(by: follower(3), durable: 100, at: .zero)
        let change = try proposal(&state, at: .zero)
        #expect(change.inSyncReplicas == [1, 2, 3] && change.added == [follower(3)] && change.ifRevision == 10)
        state.appended(upTo: 120)
        _ = state.kept(upTo: 120)
        _ = state.reported(by: follower(2), durable: 120, at: .zero)
        #expect(state.highWatermark == 100, "broker 3 may be in sync by now")
        #expect(proposed(&state, at: .zero) == nil, "one change at a time")
        #expect(heard(&state) { $0.resolve(change, .conflict, at: .zero) })
        #expect(state.highWatermark == 120)
    }

    @Test("a change whose outcome is unknown is waited for until the record has another revision")
    func unknown() throws {
        var state = leader([1, 2])
        _ = state.fetched(by: follower(2), from: 100, durable: 100, at: .zero)
        _ = state.fetched(by: follower(3), from: 100, durable: 100, at: .zero)
        let change = try proposal(&state, at: .zero)
        _ = state.resolve(change, .unknown, at: .zero)
        let again = try proposal(&state, at: .seconds(1))
        #expect(again.ifRevision == change.ifRevision)
        _ = state.resolve(again, .conflict, at: .seconds(1))
        state.appended(upTo: 120)
        _ = state.kept(upTo: 120)
        _ = state.reported(by: follower(2), durable: 120, at: .seconds(1))
        #expect(state.highWatermark == 100)
        #expect(heard(&state) { $0.follow(record([1, 2], revision: 11), at: .seconds(1)) })
        #expect(state.highWatermark == 120)
    }

    @Test("when the replica that may have joined does not keep up, writing the set again settles whether it has")
    func unknownAndGone() throws {
        var state = leader([1, 2])
        for broker in [2, 3] as [BrokerID] {
            _ = state.fetched(by: follower(broker), from: 100, durable: 100, at: .zero)
        }
        let change = try proposal(&state, at: .zero)
        _ = state.resolve(change, .unknown, at: .zero)
        state.appended(upTo: 120)
        _ = state.kept(upTo: 120)
        _ = state.fetched(by: follower(2), from: 120, durable: 120, at: .seconds(11))
        let settling = try proposal(&state, at: .seconds(11))
        #expect(settling.inSyncReplicas == [1, 2] && settling.added == [] && settling.ifRevision == 10)
        #expect(state.highWatermark == 100)
        #expect(heard(&state) { $0.resolve(settling, .committed(11), at: .seconds(11)) })
        #expect(state.highWatermark == 120)
        #expect(proposed(&state, at: .seconds(12)) == nil)
    }

    @Test("a replica under repair leaves the set as far as it may shrink, and joins again when it is sound")
    func underRepair() throws {
        var state = leader([1, 2, 3])
        for broker in [2, 3] as [BrokerID] {
            _ = state.fetched(by: follower(broker), from: 100, durable: 100, condition: .underRepair, at: .zero)
        }
        let change = try proposal(&state, at: .zero)
        #expect(change.inSyncReplicas.count == 2 && change.added == [])
        _ = state.resolve(change, .committed(11), at: .zero)
        #expect(proposed(&state, at: .seconds(1)) == nil, "two must stay, and who left is not sound")
        for broker in [2, 3] as [BrokerID] {
            #expect(!state.mayBeginAnew(follower(broker)))
            _ = state.fetched(by: follower(broker), from: 100, durable: 100, at: .seconds(1))
        }
        #expect(try proposal(&state, at: .seconds(1)).inSyncReplicas.sorted() == [1, 2, 3])
    }

    @Test(
        "a replica that is to be copied leaves whatever the set's size, and begins anew only once it is certainly out")
    func toBeCopied() throws {
        var state = leader([1, 2])
        _ = state.fetched(by: follower(2), from: 100, durable: 100, condition: .toBeCopied, at: .zero)
        let change = try proposal(&state, at: .zero)
        #expect(change.inSyncReplicas == [1])
        #expect(!state.mayBeginAnew(follower(2)))
        _ = state.resolve(change, .unknown, at: .zero)
        #expect(!state.mayBeginAnew(follower(2)), "it may be in sync still")
        _ = state.follow(record([1], revision: 11), at: .seconds(1))
        #expect(state.mayBeginAnew(follower(2)))
        #expect(!state.mayBeginAnew(follower(2, 9)), "another run says for itself how it is")
        #expect(proposed(&state, at: .seconds(2)) == nil)
    }

    @Test("a replica that was about to join is not told to begin anew while it may have joined")
    func toBeCopiedWhileJoining() throws {
        var state = leader([1, 2])
        for broker in [2, 3] as [BrokerID] {
            _ = state.fetched(by: follower(broker), from: 100, durable: 100, at: .zero)
        }
        let change = try proposal(&state, at: .zero)
        #expect(change.added == [follower(3)])
        _ = state.fetched(by: follower(3), from: 100, durable: 100, condition: .toBeCopied, at: .zero)
        #expect(!state.mayBeginAnew(follower(3)))
        _ = state.resolve(change, .unknown, at: .zero)
        #expect(!state.mayBeginAnew(follower(3)))
        let settling = try proposal(&state, at: .seconds(1))
        #expect(settling.inSyncReplicas == [1, 2])
        _ = state.resolve(settling, .committed(12), at: .seconds(1))
        #expect(state.mayBeginAnew(follower(3)))
    }

    @Test("nothing that was said of a replica's former log counts for the one with which it begins anew")
    func beginsAnew() throws {
        var state = leader([1, 2])
        _ = state.fetched(by: follower(2), from: 100, durable: 100, at: .zero)
        _ = state.fetched(by: follower(3), incarnation: 4, from: 100, durable: 100, condition: .toBeCopied, at: .zero)
        #expect(state.mayBeginAnew(follower(3)))
        _ = state.fetched(by: follower(3), incarnation: 5, from: 0, durable: 0, at: .seconds(1))
        #expect(proposed(&state, at: .seconds(1)) == nil)
        _ = state.reported(by: follower(3), incarnation: 4, durable: 100, at: .seconds(1))
        _ = state.fetched(by: follower(3), incarnation: 4, from: 100, durable: 100, at: .seconds(1))
        #expect(proposed(&state, at: .seconds(1)) == nil)
        _ = state.reported(by: follower(3), incarnation: 5, durable: 100, at: .seconds(2))
        #expect(try proposal(&state, at: .seconds(2)).inSyncReplicas == [1, 2, 3])
    }

    @Test(
        "a fetch of before a replica was beyond repair, and that arrives after it may begin anew, does not let it join")
    func lateFetch() throws {
        var state = leader([1, 2])
        _ = state.fetched(by: follower(2), from: 100, durable: 100, at: .zero)
        _ = state.fetched(by: follower(3), incarnation: 5, from: 100, durable: 100, condition: .toBeCopied, at: .zero)
        #expect(state.mayBeginAnew(follower(3)))
        _ = state.fetched(by: follower(3), incarnation: 4, from: 100, durable: 100, at: .seconds(1))
        #expect(proposed(&state, at: .seconds(1)) == nil)
        #expect(state.mayBeginAnew(follower(3)))
    }

    @Test("a leader that cannot repair its own log asks that another leads: soon, or at once when it never can")
    func damagedLeader() {
        var state = leader()
        #expect(!heard(&state) { $0.tick(at: .seconds(1), condition: .underRepair) })
        #expect(!heard(&state) { $0.tick(at: .milliseconds(2_999), condition: .underRepair) })
        #expect(heard(&state) { $0.tick(at: .seconds(3), condition: .underRepair) })
        #expect(!heard(&state) { $0.tick(at: .seconds(4), condition: .underRepair) }, "once in a while")
        var repaired = leader()
        #expect(!heard(&repaired) { $0.tick(at: .seconds(1), condition: .underRepair) })
        #expect(!heard(&repaired) { $0.tick(at: .seconds(2)) })
        #expect(!heard(&repaired) { $0.tick(at: .seconds(3), condition: .underRepair) })
        var hopeless = leader()
        #expect(heard(&hopeless) { $0.tick(at: .zero, condition: .toBeCopied) })
        var alone = leader([1])
        #expect(!heard(&alone) { $0.tick(at: .zero, condition: .toBeCopied) }, "nobody else has everything")
    }

    @Test("who lags leaves the set, but the set never falls below min.insync.replicas")
    func shrink() throws {
        var state = leader([1, 2, 3])
        #expect(proposed(&state, at: .seconds(10)) == nil)
        _ = state.fetched(by: follower(2), from: 100, durable: 100, at: .seconds(5))
        let change = try proposal(&state, at: .seconds(16))
        #expect(change.inSyncReplicas == [1, 2], "broker 3 is later than broker 2, and two must stay")
        #expect(heard(&state) { $0.resolve(change, .committed(12), at: .seconds(16)) })
        #expect(state.revision == 12 && state.highWatermark == 100)
        _ = state.tick(at: .seconds(16))
        #expect(state.isBelowMinimum)
        #expect(proposed(&state, at: .seconds(60)) == nil)
        #expect(!heard(&state) { $0.tick(at: .seconds(20)) })
        #expect(
            heard(&state) { $0.tick(at: .seconds(26)) },
            "below the minimum for as long as a lag may last: others should lead")
    }

    @Test("a follower keeps up while it gets what the leader had a moment ago, though it never has all")
    func busy() {
        var state = leader([1, 2], minInSync: 1)
        for second in 1...60 {
            state.appended(upTo: Offset(100 + second * 50))
            let has = Offset(100 + (second - 1) * 50)
            _ = state.fetched(by: follower(2), from: has, durable: has, at: .seconds(second))
            #expect(proposed(&state, at: .seconds(second)) == nil)
        }
    }

    @Test("an older record changes nothing, nor does the late outcome of a change that the record has shown already")
    func revisions() throws {
        var state = leader([1, 2])
        _ = state.fetched(by: follower(2), from: 100, durable: 100, at: .zero)
        _ = state.fetched(by: follower(3), from: 100, durable: 100, at: .zero)
        let change = try proposal(&state, at: .zero)
        _ = state.follow(record([1, 2, 3], revision: 12), at: .zero)
        _ = state.follow(record([1, 2], revision: 13), at: .zero)
        _ = state.resolve(change, .committed(12), at: .zero)
        #expect(state.inSyncReplicas == [1, 2] && state.revision == 13)
        _ = state.follow(record([1, 2, 3], revision: 12), at: .zero)
        #expect(state.inSyncReplicas == [1, 2])
    }

    @Test("past its session a leader is proven by fetches of all that might have been elected, for two seconds")
    func proof() {
        var state = leader([1, 2, 3])
        _ = state.fetched(by: follower(2), from: 100, durable: 100, at: .seconds(1))
        #expect(!state.isProven(at: .seconds(1)))
        _ = state.fetched(by: follower(3), from: 100, durable: 100, at: .seconds(2))
        #expect(state.isProven(at: .seconds(3)))
        #expect(!state.isProven(at: .milliseconds(3_001)))
        #expect(leader([1]).isProven(at: .seconds(100)), "nobody else could lead")
    }
}
