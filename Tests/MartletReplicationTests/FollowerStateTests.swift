import MartletBroker
import MartletCore
import MartletMetadata
import Testing

@Suite struct FollowerStateTests {
    /// A log of one record an offset, whose epochs begin where told.
    private func log(_ epochs: [(epoch: LeaderEpoch, count: Int)], from start: Offset = 0) -> SimulatedLog {
        var log = SimulatedLog(syncs: false)
        log.reset(to: start)
        for (epoch, count) in epochs {
            _ = log.startLeaderEpoch(epoch)
            for _ in 0..<count { log.append(0, epoch: epoch) }
        }
        return log
    }

    private func asking(_ log: SimulatedLog) -> FollowerState {
        var state = FollowerState(leader: PartitionLeader(broker: 2, startEpoch: 1), epoch: 9)
        let position = state.ask(log, at: .zero)
        #expect(position == .init(offset: log.logEndOffset, lastEpoch: log.lastEpoch))
        return state
    }

    /// Asks, cuts and asks again until the logs agree. Nil: it begins anew, at the leader's start.
    private func agree(_ follower: SimulatedLog, _ leader: SimulatedLog) -> Offset? {
        var log = follower
        for _ in 0..<10 {
            guard let end = leader.divergence(offset: log.logEndOffset, lastEpoch: log.lastEpoch) else {
                return log.logEndOffset
            }
            var state = asking(log)
            switch state.answered(.diverging(end), leaderStart: leader.logStartOffset, by: log, at: .zero) {
            case .truncate(let offset): log.truncate(to: offset)
            case .reset(let offset):
                #expect(offset == leader.logStartOffset)
                return nil
            case .append, .nothing: return -1
            }
        }
        return -2
    }

    @Test("a follower keeps its whole log when it is the beginning of the leader's")
    func prefix() {
        #expect(agree(log([(1, 5)]), log([(1, 10)])) == 5)
        #expect(agree(log([(1, 5)]), log([(1, 5), (2, 3)])) == 5)
        #expect(agree(log([]), log([(1, 5)])) == 0)
    }

    @Test("KIP-101: what was appended at an old epoch and lost its election is cut, whatever the high watermark says")
    func kip101() {
        #expect(agree(log([(1, 10)]), log([(1, 6), (2, 9)])) == 6)
    }

    @Test("KIP-279: after two quick elections both logs are cut back to what they share, epoch by epoch")
    func kip279() {
        // The leader never heard of epoch 2, nor the follower of 3.
        #expect(agree(log([(1, 5), (2, 5)]), log([(1, 7), (3, 5)])) == 5)
        #expect(agree(log([(1, 5), (2, 1), (4, 3)]), log([(1, 3), (3, 9)])) == 3)
    }

    @Test("a follower whose log shares nothing, or ends below the leader's start, begins there")
    func anew() {
        #expect(agree(log([(1, 5)]), log([(2, 5)], from: 20)) == nil)
        #expect(agree(log([(3, 5)]), log([(5, 5)], from: 3)) == nil)
        #expect(agree(log([], from: 50), log([(5, 5)], from: 3)) == nil)
        #expect(agree(log([(1, 20)]), log([(5, 5)], from: 20)) == 20, "all that it has lies below the leader's start")
    }

    @Test("an answer to something else than was asked is dropped")
    func stale() {
        var own = log([(1, 5)])
        var state = asking(own)
        own.append(0, epoch: 1)
        var steps = [state.answered(.records, leaderStart: 0, by: own, at: .zero)]
        let asked = state.ask(own, at: .zero)
        #expect(asked != nil)
        steps.append(state.answered(.records, leaderStart: 0, by: own, at: .zero))
        // A second answer.
        steps.append(state.answered(.records, leaderStart: 0, by: own, at: .zero))
        #expect(steps == [.nothing, .append, .nothing])
        let whileWriting = state.ask(own, at: .zero)
        #expect(whileWriting == nil)
    }

    @Test("pauses after failures grow to a second, and end with the first success")
    func pauses() throws {
        let own = log([(1, 5)])
        var state = FollowerState(leader: PartitionLeader(broker: 2, startEpoch: 1), epoch: 9)
        var now = Duration.zero
        var pauses: [Duration] = []
        for _ in 0..<8 {
            _ = state.ask(own, at: now)
            _ = state.answered(.failure, leaderStart: -1, by: own, at: now)
            let until = try #require(state.pausesUntil)
            pauses.append(until - now)
            let early = state.ask(own, at: until - .nanoseconds(1))
            #expect(early == nil)
            now = until
        }
        #expect(pauses.first == .milliseconds(50) && pauses.last == .seconds(1))
        _ = state.ask(own, at: now)
        _ = state.answered(.nothing, leaderStart: 0, by: own, at: now)
        #expect(state.pausesUntil == nil)
    }

    @Test("a leader that says the logs part where they do not is asked again, after a pause")
    func contradiction() {
        let own = log([(1, 5)])
        var state = asking(own)
        let end = EpochEnd(leaderEpoch: 1, endOffset: 9)
        let step = state.answered(.diverging(end), leaderStart: 0, by: own, at: .zero)
        #expect(step == .nothing)
        #expect(state.pausesUntil != nil)
    }
}
