import MartletCore
import Testing

@testable import Martlet

@Suite("a partition's lane")
struct LaneTests {
    @Test("an open batch goes out at once when nothing is in flight, and waits to be filled when something is")
    func coalescing() {
        let script = LaneScript()
        script.fill(seal: false)
        let first = script.take()
        #expect(first != nil)
        script.fill(seal: false)
        #expect(script.take() == nil)
        script.accept(first!)
        #expect(script.take() != nil)
    }

    @Test("linger holds an open batch back, but not a sealed one")
    func linger() {
        let script = LaneScript()
        script.fill(seal: false)
        #expect(script.take(linger: .milliseconds(5)) == nil)
        script.now = .ms(5)
        #expect(script.take(linger: .milliseconds(5)) != nil)
        script.fill()
        #expect(script.take(linger: .milliseconds(5)) != nil)
    }

    @Test("no more batches are in flight than the window allows")
    func window() {
        let script = LaneScript(window: 2)
        for _ in 0..<3 { script.fill() }
        let first = script.take()
        #expect(first != nil)
        #expect(script.take() != nil)
        #expect(script.take() == nil)
        script.accept(first!)
        #expect(script.take() != nil)
    }

    @Test("sequences count records and wrap from 2^31 - 1 to 0")
    func sequences() {
        let script = LaneScript()
        script.fill(records: 3)
        script.fill(records: 5)
        #expect(script.take()?.baseSequence == 0)
        #expect(script.take()?.baseSequence == 3)
        #expect(Sequence32.advance(2_147_483_647, by: 1) == 0)
        #expect(Sequence32.advance(2_147_483_640, by: 10) == 2)
    }

    @Test("nothing is sent before there is a producer id")
    func noIdentity() {
        let script = LaneScript()
        script.identity = nil
        script.fill()
        #expect(script.take() == nil)
        #expect(script.lane.awaitedGeneration == 0)
        script.identity = ProducerIdentity(id: 1, epoch: 0, generation: 1)
        #expect(script.take() != nil)
    }

    @Test(
        "a failed batch goes again before those behind it, as it was, once all are answered and the back-off is over"
    )
    func retryKeepsOrder() {
        let script = LaneScript()
        for _ in 0..<3 { script.fill() }
        let (first, second) = (script.take()!, script.take()!)
        script.fail(first, .answer(.notLeaderOrFollower))
        script.now = .ms(20)
        #expect(script.take() == nil, "the second is still unanswered")
        script.fail(second, .answer(.outOfOrderSequenceNumber))
        #expect(script.take() === first)
        #expect(script.take() === second)
        #expect(first.baseSequence == 0 && second.baseSequence == 1)
        #expect(script.take()?.baseSequence == 2)
    }

    @Test("batches that fail together are one failure: the back-off is that of the first")
    func oneFailure() {
        let script = LaneScript()
        for _ in 0..<5 { script.fill() }
        let sent = (0..<5).compactMap { _ in script.take() }
        for batch in sent { script.fail(batch, .answer(.notLeaderOrFollower)) }
        script.now = .ms(9)
        #expect(script.take() == nil)
        script.now = .ms(10)
        #expect(script.take() === sent[0])
        script.fail(sent[0], .lost)
        script.now = .ms(29)
        #expect(script.take() == nil, "the second failure in a row waits twice as long")
        script.now = .ms(30)
        #expect(script.take() === sent[0])
    }

    @Test("who is told of another leader sends there once all is answered, without any back-off")
    func elsewhere() {
        let script = LaneScript()
        let (first, second) = (script.fill(), script.fill())
        _ = (script.take(leader: 0), script.take(leader: 0))
        var failure = ProduceFailure.answer(.notLeaderOrFollower)
        failure.kind = .elsewhere
        script.fail(first, failure)
        #expect(script.take(leader: 1) == nil, "the second is still unanswered")
        // By then the news is none.
        script.fail(second, .answer(.notLeaderOrFollower))
        #expect(script.take(leader: 1) === first)
        #expect(script.take(leader: 1) === second)
        #expect(script.lane.failures == 0)
    }

    @Test("what is in flight to one leader is answered before anything goes to the next")
    func leaderMove() {
        let script = LaneScript()
        script.fill()
        script.fill()
        let first = script.take(leader: 0)!
        #expect(script.take(leader: 1) == nil)
        script.accept(first)
        #expect(script.take(leader: 1) != nil)
    }

    @Test("an unknown producer whose records were all acknowledged goes on under a new epoch, from sequence 0, unseen")
    func unknownProducer() {
        let script = LaneScript()
        script.fill()
        script.accept(script.take()!)
        let (second, third) = (script.fill(), script.fill())
        _ = (script.take(), script.take())
        script.fail(second, .answer(.unknownProducerID))
        script.fail(third, .answer(.unknownProducerID))
        #expect(script.take() == nil)
        #expect(script.lane.awaitedGeneration == 1)
        script.raiseEpoch()
        #expect(script.take() === second)
        #expect(second.baseSequence == 0 && second.identity?.epoch == 1)
        #expect(script.take() === third)
        #expect(third.baseSequence == 1)
        #expect(script.outcomes.count == 1)
    }

    @Test("a broker that never comes to know the producer fails the batch in the end")
    func unknownForEver() {
        let script = LaneScript()
        let batch = script.fill()
        for _ in 0...Lane.identityChangesMax {
            guard let taken = script.take() else { break }
            script.fail(taken, .answer(.unknownProducerID))
            script.raiseEpoch()
        }
        #expect(script.code(batch) == .unresolved)
    }

    @Test("a gap before the oldest batch means lost records: it and all that follows fail, then the partition goes on")
    func gap() {
        let script = LaneScript()
        let (first, second) = (script.fill(), script.fill())
        let third = script.fill(seal: false)
        _ = (script.take(), script.take())
        script.fail(first, .answer(.outOfOrderSequenceNumber))
        #expect(script.code(first) == .unresolved)
        #expect(script.outcomes.count == 1, "the second is still unanswered")
        script.fail(second, .answer(.outOfOrderSequenceNumber))
        #expect(script.code(second) == .unresolved)
        #expect(script.code(third) == .unresolved)
        script.raiseEpoch()
        let next = script.fill()
        #expect(script.take() === next)
        #expect(next.baseSequence == 0)
    }

    @Test("a refused record fails alone: what follows is sent under a new epoch")
    func refusal() {
        let script = LaneScript()
        let (first, second) = (script.fill(), script.fill())
        _ = (script.take(), script.take())
        script.fail(first, .answer(.invalidTimestamp))
        #expect(script.code(first) == .refused(.invalidTimestamp))
        script.fail(second, .answer(.outOfOrderSequenceNumber))
        #expect(script.take() == nil)
        script.raiseEpoch()
        #expect(script.take() === second)
        #expect(second.baseSequence == 0)
    }

    @Test("a refusal is put off while a batch before it is unsettled, lest that one be sent twice")
    func refusalBehindUnanswered() {
        let script = LaneScript()
        let (first, second) = (script.fill(), script.fill())
        _ = (script.take(), script.take())
        script.fail(first, .lost)
        script.fail(second, .answer(.messageTooLarge))
        #expect(script.outcomes.isEmpty)
        script.now = .ms(100)
        #expect(script.take() === first)
        #expect(first.identity?.generation == 1, "still the identity under which it may be in the log")
        script.accept(first)
        #expect(script.take() === second)
        script.fail(second, .answer(.messageTooLarge))
        #expect(script.code(second) == .refused(.messageTooLarge))
    }

    @Test("a batch that was never sent, or only refused, times out as not in the log")
    func expiryUnsent() {
        let script = LaneScript(window: 1)
        let (first, second) = (script.fill(timeout: .milliseconds(50)), script.fill(timeout: .milliseconds(60)))
        script.fail(script.take()!, .answer(.leaderNotAvailable))
        script.now = .ms(55)
        script.expire()
        #expect(script.code(first) == .timedOut)
        script.now = .ms(61)
        script.expire()
        #expect(script.code(second) == .timedOut)
    }

    @Test("a batch that was in the log when its leader changed times out as unresolved, whatever it hears later")
    func expiryAfterLeaderChange() {
        let script = LaneScript()
        let first = script.fill(timeout: .milliseconds(50))
        script.fail(script.take()!, .answer(.leaderChangedAfterAppend))
        script.now = .ms(20)
        #expect(script.take() === first)
        #expect(first.baseSequence == 0 && first.identity?.generation == 1)
        script.fail(first, .answer(.notLeaderOrFollower))
        script.now = .ms(55)
        script.expire()
        #expect(script.code(first) == .unresolved)
    }

    @Test("without sequences, too, a batch that may be in the log is not said to be missing")
    func expiryWithoutSequences() {
        let script = LaneScript(usesSequences: false)
        let (first, second) = (script.fill(timeout: .milliseconds(50)), script.fill())
        script.fail(script.take()!, .lost)
        script.now = .ms(55)
        script.expire()
        #expect(script.code(first) == .unresolved)
        #expect(script.take() === second)
    }

    @Test("a batch without an answer times out as unresolved, and takes what follows with it")
    func expiryUnanswered() {
        let script = LaneScript()
        let (first, second) = (script.fill(timeout: .milliseconds(50)), script.fill())
        script.fail(script.take()!, .lost)
        script.now = .ms(50)
        script.expire()
        #expect(script.code(first) == .unresolved)
        #expect(script.code(second) == .unresolved)
        #expect(script.lane.isIdle)
    }

    @Test("a batch in flight is not failed by its deadline, only by its answer")
    func expiryInFlight() {
        let script = LaneScript()
        let batch = script.fill(timeout: .milliseconds(50))
        _ = script.take()
        script.now = .ms(1000)
        script.expire()
        #expect(script.outcomes.isEmpty)
        script.accept(batch)
        #expect(script.isDelivered(batch))
    }

    @Test("without sequences a refusal concerns its batch alone, and nothing waits for an identity")
    func withoutSequences() {
        let script = LaneScript(usesSequences: false)
        script.identity = nil
        let (first, second) = (script.fill(), script.fill())
        _ = (script.take(), script.take())
        script.fail(first, .answer(.invalidRecord))
        script.accept(second)
        #expect(script.code(first) == .refused(.invalidRecord))
        #expect(script.isDelivered(second))
        #expect(second.identity == nil && second.baseSequence == -1)
    }

    @Test("a lane that is given up fails everything once it is drained")
    func givenUp() {
        let script = LaneScript()
        let (first, second) = (script.fill(), script.fill())
        _ = script.take()
        script.giveUp(MartletError(.refused(.unknownTopicOrPartition), "gone"))
        #expect(script.outcomes.isEmpty)
        script.accept(first)
        #expect(script.isDelivered(first))
        #expect(script.code(second) == .refused(.unknownTopicOrPartition))
    }
}
