import Testing

@testable import Martlet

@Suite("a partition's lane, random histories")
struct LaneHistoryTests {
    @Test("nothing acknowledged is missing, nothing is stored twice or out of order, and every batch has one outcome")
    func histories() {
        var (duplicates, raised, answersLost, leadersChanged, stored, truncated) = (0, 0, 0, 0, 0, 0)
        for seed in UInt64(1)...600 {
            var history = LaneHistory(seed: seed)
            history.run(steps: 600)
            #expect(history.problems.isEmpty, "seed \(seed)")
            duplicates += history.broker.duplicates
            raised += history.epochsRaised
            answersLost += history.answersLost
            leadersChanged += history.leadersChanged
            stored += history.broker.log.count
            truncated += history.lost.count
        }
        // A run in which little happened proves little.
        #expect(stored > 10_000)
        #expect(duplicates > 300)
        #expect(raised > 500)
        #expect(answersLost > 2_000)
        #expect(leadersChanged > 500)
        #expect(truncated > 50)
    }
}
