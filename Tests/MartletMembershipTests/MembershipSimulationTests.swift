import SimulationKit
import Testing

/// The client's half of the protocol against the broker's, in a world where everything goes wrong (RULES 24 to 26, 31,
/// 32). A failure names its seed: the history of that seed alone is the same again.
@Suite struct MembershipSimulationTests {
    @Test("whatever happens, nobody reads what another does, positions go on from commits, and all comes to rest")
    func histories() async throws {
        let seeds = Histories.seeds(60)
        let (counts, violations) = try await Histories.play(seeds) { seed in
            var world = World(seed: seed, options: WorldOptions())
            return try world.run()
        }
        for violation in violations { Issue.record(violation) }
        guard !Histories.isOneSeed else { return }
        // A run without these proves nothing.
        #expect(counts[.joins] > 5 * seeds.count)
        #expect(counts[.losses] > seeds.count / 3)
        #expect(counts[.stuck] > seeds.count / 4)
        #expect(counts[.moves] > 8 * seeds.count)
        #expect(counts[.deliveries] > 500 * seeds.count)
        #expect(counts[.commits] > 100 * seeds.count)
        #expect(counts[.crashes] > seeds.count)
        #expect(counts[.topicChanges] > seeds.count)
        #expect(counts[.lostMessages] > 2 * seeds.count)
    }

    /// Rules broken on purpose: a simulation that does not notice would prove nothing.
    @Test("every planted bug is found within 100 seeds", arguments: Plant.allCases)
    func plants(plant: Plant) throws {
        let violation = try Histories.firstViolation(in: 1...100) { seed in
            var world = World(seed: seed, options: WorldOptions(plant: plant))
            _ = try world.run()
        }
        #expect(violation != nil, "\(plant) was not found in 100 seeds")
    }
}
