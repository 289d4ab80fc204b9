internal import Foundation

/// What was seen in a history that must not be. The seed replays it.
package struct Violation: Error, CustomStringConvertible {
    package let seed: UInt64
    /// Milliseconds of simulated time.
    package let time: Int64
    package let rule: String

    package init(seed: UInt64, time: Int64, rule: String) {
        self.seed = seed
        self.time = time
        self.rule = rule
    }

    package var description: String { "seed \(seed), at \(time) ms: \(rule)" }
}

/// Histories of a simulated world, one a seed.
package enum Histories {
    /// The seeds to play: `count` of them, or those that `MARTLET_SEEDS` names (`17`, or `1000-1999`).
    package static func seeds(_ count: Int) -> ClosedRange<UInt64> {
        named ?? 1...UInt64(count)
    }

    private static var named: ClosedRange<UInt64>? {
        let ends = ProcessInfo.processInfo.environment["MARTLET_SEEDS"]?.split(separator: "-").compactMap { UInt64($0) }
        guard let first = ends?.first, let last = ends?.last, first <= last else { return nil }
        return first...last
    }

    /// Whether `MARTLET_SEEDS` names one seed: its history is worth printing.
    package static var isOneSeed: Bool { named?.count == 1 }

    /// The seeds within which a planted bug must be found, or those that `MARTLET_SEEDS` names.
    package static func seeds(_ range: ClosedRange<UInt64>) -> ClosedRange<UInt64> { named ?? range }

    /// Plays one history a seed, on all cores. What they saw, added up, and what they should not have seen, by seed.
    package static func play<Kind>(
        _ seeds: ClosedRange<UInt64>, _ history: @escaping @Sendable (UInt64) throws -> Tally<Kind>
    ) async throws -> (counts: Tally<Kind>, violations: [Violation]) {
        try await withThrowingTaskGroup(of: Result<Tally<Kind>, Violation>.self) { tasks in
            for seed in seeds {
                tasks.addTask {
                    do { return .success(try history(seed)) } catch let violation as Violation {
                        return .failure(violation)
                    }
                }
            }
            var counts = Tally<Kind>()
            var violations: [Violation] = []
            for try await outcome in tasks {
                switch outcome {
                case .success(let seen): counts = counts + seen
                case .failure(let violation): violations.append(violation)
                }
            }
            return (counts, violations.sorted { $0.seed < $1.seed })
        }
    }

    /// The first of the seeds whose history shows a ``Violation``; nil: none does.
    package static func firstViolation(
        in seeds: ClosedRange<UInt64>, _ history: (UInt64) throws -> Void
    ) throws -> Violation? {
        for seed in seeds {
            do { try history(seed) } catch let violation as Violation { return violation }
        }
        return nil
    }
}
