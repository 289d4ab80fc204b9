import Martlet
import MartletCLIKit
import Testing

@Suite("How far a group is behind")
struct GroupTextTests {
    private func progress(committed: Offset?, start: Offset = 0, end: Offset, oldest: TimestampMs? = nil)
        -> GroupProgress
    {
        GroupProgress(
            topicPartition: TopicPartition(topic: "t", partition: 0), committed: committed, start: start, end: end,
            oldest: oldest)
    }

    @Test("lag counts what is still there to read")
    func lag() {
        #expect(progress(committed: 3, end: 10).lag == 7)
        #expect(progress(committed: 10, end: 10).lag == 0)
        // Retention has overtaken the group.
        #expect(progress(committed: 3, start: 8, end: 10).lag == 2)
        // The topic lost its end; the commit is not below zero records away from it.
        #expect(progress(committed: 12, end: 10).lag == 0)
        #expect(progress(committed: nil, end: 10).lag == nil)
    }

    @Test("behind is the age of the oldest record that is not consumed")
    func behind() {
        #expect(progress(committed: 3, end: 10, oldest: 40_000).behind(at: 100_000) == .seconds(60))
        #expect(progress(committed: 10, end: 10).behind(at: 100_000) == .zero)
        // The producer's clock is ahead of ours.
        #expect(progress(committed: 3, end: 10, oldest: 200_000).behind(at: 100_000) == .zero)
        #expect(progress(committed: 3, end: 10, oldest: nil).behind(at: 100_000) == nil)
        #expect(progress(committed: nil, end: 10).behind(at: 100_000) == nil)
    }
}
