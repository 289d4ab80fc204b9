import Testing

/// The client's half of the protocol against the broker's, in a world where everything goes wrong (RULES 24 to 26, 31,
/// 32). A failure names its seed: the history of that seed alone is the same again.
@Suite struct MembershipSimulationTests {
    @Test("whatever happens, nobody reads what another does, positions go on from commits, and all comes to rest")
    func histories() async throws {
        let seeds = 60
        let counts = try await play(seeds: 1...UInt64(seeds), WorldOptions())
        // A run without these proves nothing.
        #expect(counts.joins > 5 * seeds)
        #expect(counts.losses > seeds / 3)
        #expect(counts.stuck > seeds / 4)
        #expect(counts.moves > 8 * seeds)
        #expect(counts.deliveries > 500 * seeds)
        #expect(counts.commits > 100 * seeds)
        #expect(counts.crashes > seeds)
        #expect(counts.topicChanges > seeds)
        #expect(counts.lostMessages > 2 * seeds)
    }

    /// Rules broken on purpose: a simulation that does not notice would prove nothing.
    @Test("every planted bug is found within 100 seeds", arguments: Plant.allCases)
    func plants(plant: Plant) throws {
        for seed in 1...100 as ClosedRange<UInt64> {
            var world = World(seed: seed, options: WorldOptions(plant: plant))
            do { _ = try world.run() } catch is Violation { return }
        }
        Issue.record("\(plant) was not found in 100 seeds")
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
