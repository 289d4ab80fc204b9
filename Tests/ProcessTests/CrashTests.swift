import Foundation
import Martlet
import MartletTestSupport
import TestSeeds
import Testing

extension ProcessTests {
    /// kill -9 under load, again and again. `MARTLET_CRASH_ROUNDS` (25) sets how often, `MARTLET_SEED` replays a run.
    @Suite("Killed under load")
    struct CrashTests {
        private static let rounds =
            ProcessInfo.processInfo.environment["MARTLET_CRASH_ROUNDS"].flatMap { Int($0) } ?? 25
        /// Kills between two looks at what is in the log.
        private static let roundsPerCheck = 5

        /// When a run of the broker ends.
        private enum Moment: CustomStringConvertible {
            /// While it starts: so long after its process was made.
            case starting(after: Duration)
            /// At work: once so many more records were acknowledged, and a moment later.
            case serving(acknowledged: Int, then: Duration)

            static func draw(using random: inout some RandomNumberGenerator) -> Moment {
                if Int.random(in: 0..<5, using: &random) == 0 {
                    return .starting(after: .microseconds(Int.random(in: 0..<150_000, using: &random)))
                }
                return .serving(
                    acknowledged: Int.random(in: 1...1500, using: &random),
                    then: .microseconds(Int.random(in: 0..<5_000, using: &random)))
            }

            var description: String {
                switch self {
                case .starting(let delay): "\(delay) after its start"
                case .serving(let count, let delay): "\(delay) after \(count) acknowledgements"
                }
            }
        }

        @Test(
            "every acknowledged record is there, once, in order; the others are absent or whole",
            .timeLimit(.minutes(30)))
        func killedUnderLoad() async throws {
            let seed = TestSeed.pick()
            print("MARTLET_SEED=\(seed) MARTLET_CRASH_ROUNDS=\(Self.rounds)")
            var random = SeededGenerator(seed: seed)
            try await BrokerFixture.with { fixture in
                let topics = [
                    RecordedLoad.Topic("synced", partitions: 3), RecordedLoad.Topic("written", partitions: 2),
                ]
                try await fixture.admin { admin in
                    // Small segments: many of the kills hit a roll.
                    try await admin.createTopic(
                        "synced", partitions: 3, settings: ["flush": "batch", "segment.bytes": "262144"])
                    try await admin.createTopic("written", partitions: 2, settings: ["flush": "os"])
                }
                let load = RecordedLoad(address: fixture.address)
                var killed = 0
                while killed < Self.rounds {
                    let rounds = min(Self.roundsPerCheck, Self.rounds - killed)
                    try await load.whileRunning(topics: topics) {
                        for _ in 0..<rounds { try await crash(fixture, load, .draw(using: &random)) }
                    }
                    killed += rounds
                    let violations = try await load.violations()
                    #expect(violations.isEmpty, "seed \(seed), within \(killed) kills")
                    #expect(load.failures.isEmpty, "seed \(seed), within \(killed) kills")
                    let status = try await fixture.admin { try await $0.brokerStatus() }
                    #expect(status.troubles.isEmpty, "seed \(seed), within \(killed) kills")
                    guard violations.isEmpty, load.failures.isEmpty, status.troubles.isEmpty else { break }
                }
                print("\(killed) kills, \(load.acknowledged) acknowledged records checked")
                #expect(load.acknowledged >= Self.rounds * 100, "too little was written to prove anything")
            }
        }

        /// Ends this run of the broker at `moment`, and begins the next.
        private func crash(_ fixture: BrokerFixture, _ load: RecordedLoad, _ moment: Moment) async throws {
            switch moment {
            case .starting(let delay):
                await fixture.broker.kill()
                try fixture.launch()
                try await Task.sleep(for: delay)
            case .serving(let count, let delay):
                guard await load.waitForAcknowledgements(load.acknowledged + count) else {
                    throw TestFailure("no \(count) acknowledgements within a minute")
                }
                try await Task.sleep(for: delay)
            }
            await fixture.broker.kill()
            try await fixture.restart()
        }
    }
}
