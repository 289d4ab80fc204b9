import TestSeeds
import Testing

@testable import MartletBroker

@Suite("Catching up beside live traffic")
struct CatchUpTests {
    private static let live = LiveTraffic(isThere: true, producedPerSecond: 0)

    @Test("without live traffic, and with a share of all, nothing is held back")
    func unlimited() {
        var idle = CatchUpPace(share: 0.25)
        idle.heard(of: .none, own: .none, at: .zero)
        idle.finishedPiece(since: .zero, lanes: 1, at: .seconds(1))
        #expect(!idle.isLimited)
        #expect(idle.pause(at: .seconds(1)) == nil)

        var whole = CatchUpPace(share: 1)
        whole.heard(of: Self.live, own: Self.live, at: .zero)
        whole.finishedPiece(since: .zero, lanes: 3, at: .seconds(1))
        #expect(!whole.isLimited)
        #expect(whole.pause(at: .seconds(1)) == nil)
    }

    @Test("the traffic of either broker is enough to make room for")
    func either() {
        var pace = CatchUpPace(share: 0.5)
        pace.heard(of: .none, own: Self.live, at: .zero)
        #expect(pace.isLimited)
        pace.heard(of: Self.live, own: .none, at: .zero)
        #expect(pace.isLimited)
        pace.heard(of: .none, own: .none, at: .zero)
        #expect(!pace.isLimited)
    }

    @Test(
        "copying takes its share of the time, however long a piece takes, and leaders share it",
        arguments: [1, 2, 5], [0.1, 0.25, 0.8])
    func share(lanes: Int, share: Double) {
        var random = SeededGenerator(seed: UInt64(lanes))
        var pace = CatchUpPace(share: share)
        var now = Duration.zero
        var copying = Duration.zero
        for _ in 0..<500 {
            pace.heard(of: Self.live, own: .none, at: now)
            if let pause = pace.pause(at: now) {
                #expect(pause > now)
                now = pause
            }
            #expect(pace.pause(at: now) == nil)
            let begin = now
            now += .microseconds(Int.random(in: 100...50_000, using: &random))
            copying += now - begin
            pace.copied(bytes: 1 << 20)
            pace.finishedPiece(since: begin, lanes: lanes, at: now)
        }
        let whole = now + (pace.pause(at: now).map { $0 - now } ?? .zero)
        #expect(abs(copying / whole - share / Double(lanes)) < 0.001)
    }

    /// Bytes a second that are copied of what is behind, when pieces take so long that the share of the time gives nearly
    /// nothing, and `inSync` bytes a second are copied for replicas in sync.
    private func granted(produced: Int, inSync: Int, over time: Duration) -> Double {
        var pace = CatchUpPace(share: 0.01)
        var now = Duration.zero
        var copied = 0
        let step = Duration.milliseconds(1)
        while now < time {
            pace.heard(of: LiveTraffic(isThere: true, producedPerSecond: produced), own: .none, at: now)
            pace.copied(bytes: inSync / 1000)
            if pace.pause(at: now) == nil {
                copied += 1 << 20
                pace.copied(bytes: 1 << 20)
                pace.finishedPiece(since: now - .seconds(1), lanes: 1, at: now)
            }
            now += step
        }
        return Double(copied) / (time / .seconds(1))
    }

    @Test("a partition that grows as fast as can be is caught up with nevertheless: it gets more than is produced")
    func outpaces() {
        let produced = 200 << 20
        let copied = granted(produced: produced, inSync: 0, over: .seconds(10))
        #expect(copied > 1.4 * Double(produced))
        #expect(copied < 1.6 * Double(produced))
    }

    @Test("what is copied for replicas in sync counts: the rest gets half of what is produced")
    func inSyncCounts() {
        let produced = 200 << 20
        let copied = granted(produced: produced, inSync: produced, over: .seconds(10))
        #expect(copied > 0.4 * Double(produced))
        #expect(copied < 0.6 * Double(produced))
    }

    @Test("bytes beyond the grant, and grants not used, are soon forgotten")
    func memory() throws {
        let produced = 100 << 20
        var pace = CatchUpPace(share: 0.01)
        let traffic = LiveTraffic(isThere: true, producedPerSecond: produced)
        pace.heard(of: traffic, own: .none, at: .zero)
        // Minutes at full speed before live traffic came.
        pace.copied(bytes: 100 << 30)
        pace.finishedPiece(since: .zero, lanes: 1, at: .seconds(1))
        var now = Duration.seconds(1)
        var asked = 0
        while asked < 3 {
            if let pause = pace.pause(at: now) {
                now = pause
                continue
            }
            asked += 1
            pace.copied(bytes: 1 << 20)
            pace.finishedPiece(since: now - .seconds(100), lanes: 1, at: now)
        }
        #expect(now < .seconds(1.2))
        // A minute in which nothing was to be copied.
        now += .seconds(60)
        var burst = 0
        while pace.pause(at: now) == nil {
            burst += 1
            pace.copied(bytes: 1 << 20)
            pace.finishedPiece(since: now - .seconds(100), lanes: 1, at: now)
        }
        #expect((1...8).contains(burst))
    }

    // MARK: Whose turn it is

    @Test("nobody starves behind a partition that never gets there: each waits for a bounded number of turns")
    func turns() {
        var random = SeededGenerator(seed: 7)
        var turns = CatchUpTurns()
        let count = 50
        // The first is nearest for ever.
        var candidates = (0..<count).map { CatchUpTurns.Candidate(missing: Int64($0 * 100 + 1), lastNews: .zero) }
        var waited = Array(repeating: 0, count: count)
        for turn in 1...2_000 {
            let order = turns.next(candidates)
            #expect(order.count == CatchUpTurns.partitionsMax)
            #expect(Set(order).count == order.count)
            // The first one's records fill the piece.
            let served = order[0]
            for index in candidates.indices { waited[index] = index == served ? 0 : waited[index] + 1 }
            candidates[served].lastNews = .milliseconds(turn)
            if served > 0 { candidates[served].missing = .random(in: 2...10_000, using: &random) }
            #expect(waited.allSatisfy { $0 <= CatchUpTurns.cycle * (count + 1) })
        }
    }

    @Test("three turns in four are for who is nearest to being in sync")
    func nearest() {
        var turns = CatchUpTurns()
        let candidates = [
            CatchUpTurns.Candidate(missing: 500, lastNews: .zero), .init(missing: 3, lastNews: .seconds(5)),
            .init(missing: 900, lastNews: .seconds(1)),
        ]
        let firsts = (0..<CatchUpTurns.cycle).map { _ in turns.next(candidates)[0] }
        #expect(firsts == [1, 1, 1, 0])
        #expect(turns.next([]) == [])
    }

    @Test("a meter tells live traffic from noise, and what is produced from what is read and copied")
    func meter() {
        let counters = BrokerCounters()
        let meter = LiveTrafficMeter(counters)
        #expect(meter.traffic(at: .zero) == .none)
        counters.appended(bytes: 100)
        #expect(meter.traffic(at: .seconds(1)) == LiveTraffic(isThere: false, producedPerSecond: 100))
        counters.appended(bytes: 1_000_000)
        // Too soon to look again.
        #expect(!meter.traffic(at: .milliseconds(1_050)).isThere)
        #expect(meter.traffic(at: .seconds(3)) == LiveTraffic(isThere: true, producedPerSecond: 500_000))
        counters.fetched(bytes: 1_000_000)
        #expect(meter.traffic(at: .seconds(4)) == LiveTraffic(isThere: true, producedPerSecond: 0))
        meter.copied(bytes: 1_000_000)
        #expect(meter.traffic(at: .seconds(5)) == LiveTraffic(isThere: true, producedPerSecond: 0))
        #expect(meter.traffic(at: .seconds(6)) == .none)
    }
}
