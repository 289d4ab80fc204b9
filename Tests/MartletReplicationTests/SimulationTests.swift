import Testing

/// The state machines of leaders and followers in a world where everything goes wrong (RULES 30 to 32). A failure
/// names its seed: the history of that seed alone is the same again.
@Suite struct ReplicationSimulationTests {
    static let seeds = 150

    @Test("random histories lose nothing that was acknowledged, and come to rest")
    func histories() async throws {
        let counts = try await play(seeds: 1...UInt64(Self.seeds), WorldOptions())
        // A run without these proves nothing.
        #expect(counts.elections > 4 * Self.seeds)
        #expect(counts.truncations > Self.seeds / 2)
        #expect(counts.shrinks > 2 * Self.seeds)
        #expect(counts.expansions > 2 * Self.seeds)
        #expect(counts.unknownOutcomes > Self.seeds)
        #expect(counts.crashes > 2 * Self.seeds)
        #expect(counts.powerLosses > 2 * Self.seeds)
        #expect(counts.lossyStarts > Self.seeds / 10)
        #expect(counts.acknowledged > 100 * Self.seeds)
        #expect(counts.duplicates > Self.seeds)
        #expect(counts.reads > 100 * Self.seeds)
        #expect(counts.offline < Self.seeds / 8)
    }

    /// Plays one history a seed, on all cores, and adds up what they saw.
    private func play(seeds: ClosedRange<UInt64>, _ options: WorldOptions) async throws -> WorldCounts {
        try await withThrowingTaskGroup(of: WorldCounts.self) { tasks in
            for seed in seeds {
                tasks.addTask { try World(seed: seed, options: options).run() }
            }
            return try await tasks.reduce(WorldCounts()) { $0 + $1 }
        }
    }
}

/// Rules broken on purpose: a simulation that does not notice would prove nothing.
@Suite struct PlantedReplicationBugTests {
    @Test("every planted bug is found within 200 seeds", arguments: Plant.allCases)
    func plants(plant: Plant) throws {
        for seed in 1...200 as ClosedRange<UInt64> {
            do { _ = try World(seed: seed, options: WorldOptions(plant: plant)).run() } catch is Violation { return }
        }
        Issue.record("\(plant) was not found in 200 seeds")
    }
}
