import MartletCore
import Testing

@testable import MartletStorage

@Suite("The history of leader epochs")
struct LeaderEpochHistoryTests {
    private func history(_ entries: (LeaderEpoch, Offset)...) -> LeaderEpochHistory {
        var history = LeaderEpochHistory()
        for (epoch, offset) in entries { history.begin(epoch, at: offset) }
        return history
    }

    @Test("an epoch ends where the next known one begins, and the latest at the log's end")
    func ends() throws {
        let history = history((1, 0), (3, 10), (7, 25))
        let cases: [(LeaderEpoch, LeaderEpoch, Offset)] = [
            (1, 1, 10), (2, 1, 10), (3, 3, 25), (6, 3, 25), (7, 7, 40), (9, 7, 40),
        ]
        for (asked, epoch, end) in cases {
            let found = try #require(history.end(of: asked, logEnd: 40))
            #expect(found.epoch == epoch && found.endOffset == end, "asked for \(asked)")
        }
        #expect(history.end(of: 0, logEnd: 40) == nil)
    }

    @Test("an epoch without records leaves no entry behind")
    func emptyEpochs() {
        #expect(history((1, 0), (2, 0), (3, 0)).entries.map(\.epoch) == [3])
        #expect(history((1, 0), (2, 5), (3, 5)).entries.map(\.epoch) == [1, 3])
    }

    @Test("an epoch that is not above the latest changes nothing")
    func staleEpochs() {
        #expect(history((4, 0), (4, 10), (3, 20)) == history((4, 0)))
    }

    @Test("cutting forgets epochs that began at or behind the cut")
    func truncation() {
        var cut = history((1, 0), (3, 10), (7, 25))
        cut.truncate(to: 25)
        #expect(cut == history((1, 0), (3, 10)))
        cut.truncate(to: 0)
        #expect(cut.entries.isEmpty)
    }

    @Test("moving the log's start keeps the epoch that holds it")
    func start() {
        var moved = history((1, 0), (3, 10), (7, 25))
        moved.advanceStart(to: 12)
        #expect(moved.entries == [.init(epoch: 3, startOffset: 12), .init(epoch: 7, startOffset: 25)])
        #expect(moved.epoch(at: 11) == nil)
        #expect(moved.epoch(at: 12) == 3)
    }

    @Test("what was encoded is decoded, and no other bytes are")
    func coding() {
        let history = history((1, 0), (3, 10), (7, 25))
        let bytes = history.encoded()
        #expect(LeaderEpochHistory(encoded: bytes) == history)
        for count in 0..<bytes.count { #expect(LeaderEpochHistory(encoded: Array(bytes[..<count])) == nil) }
        #expect(LeaderEpochHistory(encoded: bytes + [0]) == nil)
        #expect(LeaderEpochHistory(entries: [.init(epoch: 2, startOffset: 5), .init(epoch: 1, startOffset: 9)]) == nil)
        #expect(LeaderEpochHistory(entries: [.init(epoch: 1, startOffset: 5), .init(epoch: 2, startOffset: 5)]) == nil)
    }
}
