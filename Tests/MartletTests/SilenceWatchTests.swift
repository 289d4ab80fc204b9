import MartletCore
import Testing

@testable import Martlet

@Suite("leaders that are silent")
struct SilenceWatchTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)
    private let partition = TopicPartition(topic: "t", partition: 0)

    private func lookups(leader: BrokerID, epoch: LeaderEpoch) -> [String: TopicLookup] {
        let image = PartitionImage(leader: leader, leaderEpoch: epoch)
        return ["t": .success(TopicImage(name: "t", id: TopicID(high: 1, low: 1), partitions: [image]))]
    }

    private func waiting(_ watch: inout SilenceWatch) -> UInt64 {
        let partition = partition
        return watch.began(at: 0, allowed: .milliseconds(500), now: start) { [partition: 3] }
    }

    @Test("others are asked about what a leader is silent over, not before its time, and again after a while")
    func asks() throws {
        var watch = SilenceWatch()
        _ = waiting(&watch)
        let due = start + .milliseconds(500) + SilenceWatch.patience
        #expect(watch.nextMoment == due)
        let early = watch.takeDue(now: start + .milliseconds(500))
        #expect(early == nil)
        let asked = watch.takeDue(now: due)
        #expect(asked?.topics == ["t"] && asked?.silent == [0])
        let twice = watch.takeDue(now: due)
        #expect(twice == nil && watch.nextMoment == nil)
        let unchanged = watch.heard(lookups(leader: 0, epoch: 3), now: due)
        #expect(unchanged.isEmpty)
        #expect(watch.nextMoment == due + SilenceWatch.interval)
    }

    @Test("a silent leader is given up once another leads, or the epoch has moved, and not for less")
    func givesUp() throws {
        let late = start + .seconds(10)
        for (leader, epoch, isReplaced) in [(1, 4, true), (0, 4, true), (1, 3, true), (0, 3, false)] {
            var watch = SilenceWatch()
            _ = waiting(&watch)
            _ = watch.takeDue(now: late)
            let replaced = watch.heard(lookups(leader: BrokerID(leader), epoch: LeaderEpoch(epoch)), now: late)
            #expect(replaced == (isReplaced ? [0] : []), "leader \(leader), epoch \(epoch)")
        }
        var watch = SilenceWatch()
        _ = waiting(&watch)
        _ = watch.takeDue(now: late)
        let unknown = watch.heard([:], now: late)
        #expect(unknown.isEmpty)
    }

    @Test("who has answered is not silent")
    func answered() throws {
        var watch = SilenceWatch()
        let call = waiting(&watch)
        watch.ended(call)
        let due = watch.takeDue(now: start + .seconds(10))
        #expect(due == nil && watch.nextMoment == nil)
    }
}
