import MartletBroker
import SimulationKit
import Testing

/// The state machine in a world where everything goes wrong (RULES 24 to 26, 31, 32). A failure names its seed: the
/// history of that seed alone is the same again.
@Suite struct GroupSimulationTests {
    @Test(
        "random histories keep every rule and come to rest", arguments: [(AssignorName.uniform, 800), (.range, 400)])
    func histories(assignor: AssignorName, seeds: Int) async throws {
        let seeds = Histories.seeds(seeds)
        let options = WorldOptions(assignor: assignor)
        let (counts, violations) = try await Histories.play(seeds) { seed in
            var world = World(seed: seed, options: options)
            return try world.run()
        }
        for violation in violations { Issue.record(violation) }
        guard !Histories.isOneSeed else { return }
        // A run without these proves nothing.
        #expect(counts[.crashes] > 2 * seeds.count)
        #expect(counts[.fences] > seeds.count / 2)
        #expect(counts[.moves] > 10 * seeds.count)
        #expect(counts[.commits] > 100 * seeds.count)
        #expect(counts[.refusedCommits] > seeds.count)
        #expect(counts[.topicChanges] > seeds.count)
        #expect(counts[.lostMessages] > 4 * seeds.count)
    }
}

/// Rules broken on purpose: a simulation that does not notice would prove nothing.
@Suite struct PlantedGroupBugTests {
    @Test("every planted bug is found within 60 seeds", arguments: Plant.allCases)
    func plants(plant: Plant) throws {
        let violation = try Histories.firstViolation(in: 1...60) { seed in
            var world = World(seed: seed, options: WorldOptions(plant: plant))
            _ = try world.run()
        }
        #expect(violation != nil, "\(plant) was not found in 60 seeds")
    }
}
