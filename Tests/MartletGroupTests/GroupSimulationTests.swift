import MartletBroker
import Testing

/// The state machine in a world where everything goes wrong (RULES 24 to 26, 31, 32). A failure names its seed: the
/// history of that seed alone is the same again.
@Suite struct GroupSimulationTests {
    @Test(
        "random histories keep every rule and come to rest", arguments: [(AssignorName.uniform, 800), (.range, 400)])
    func histories(assignor: AssignorName, seeds: Int) async throws {
        let counts = try await play(seeds: 1...UInt64(seeds), WorldOptions(assignor: assignor))
        // A run without these proves nothing.
        #expect(counts.crashes > 2 * seeds)
        #expect(counts.fences > seeds / 2)
        #expect(counts.moves > 10 * seeds)
        #expect(counts.commits > 100 * seeds)
        #expect(counts.refusedCommits > seeds)
        #expect(counts.topicChanges > seeds)
        #expect(counts.lostMessages > 4 * seeds)
    }
}

/// Plays one history a seed, on all cores, and adds up what they saw.
func play(seeds: ClosedRange<UInt64>, _ options: WorldOptions) async throws -> WorldCounts {
    try await withThrowingTaskGroup(of: WorldCounts.self) { tasks in
        for seed in seeds {
            tasks.addTask {
                var world = World(seed: seed, options: options)
                return try world.run()
            }
        }
        return try await tasks.reduce(WorldCounts()) { $0 + $1 }
    }
}

/// Rules broken on purpose: a simulation that does not notice would prove nothing.
@Suite struct PlantedGroupBugTests {
    @Test("every planted bug is found within 60 seeds", arguments: Plant.allCases)
    func plants(plant: Plant) throws {
        for seed in 1...60 as ClosedRange<UInt64> {
            var world = World(seed: seed, options: WorldOptions(plant: plant))
            do { _ = try world.run() } catch is Violation { return }
        }
        Issue.record("\(plant) was not found in 60 seeds")
    }
}
