import SimulationKit
import Testing

/// Replicas, leaders and controllers in a world where everything goes wrong (RULES 30 to 32). A failure names its seed:
/// the history of that seed alone is the same again (`MARTLET_SEEDS=17`; a range plays more of them).
@Suite struct ClusterSimulationTests {
    static let seeds = 40

    /// How often at least, in a hundred histories (RULES 31).
    static let minima: [(seen: Seen, perHundred: Int)] = [
        (.elections, 1_000), (.truncations, 100), (.resets, 30), (.shrinks, 500), (.expansions, 500),
        (.acknowledged, 15_000), (.duplicates, 500), (.reads, 15_000), (.crashes, 400), (.powerLosses, 300),
        (.lossyStarts, 60), (.emptyDisks, 5), (.tornDisks, 5), (.cleanStops, 80), (.pauses, 200), (.cuts, 400),
        (.clockLeaps, 100), (.unknownOutcomes, 300), (.outages, 100), (.lostSessions, 150), (.feedGaps, 150),
        (.feedStalls, 300), (.reigns, 300), (.brokenBatches, 30), (.deaths, 150), (.reassignments, 200),
        (.damages, 100), (.repairs, 40), (.copies, 25), (.failedWrites, 50), (.withdrawals, 20), (.finishedMoves, 150),
        (.cancelledMoves, 40), (.drains, 50), (.orderedElections, 100), (.moveRequests, 15), (.reliefs, 20),
    ]

    @Test("random histories lose nothing that was acknowledged, and come to rest")
    func histories() async throws {
        let seeds = Histories.seeds(Self.seeds)
        let options = WorldOptions(isTraced: Histories.isOneSeed)
        let (counts, violations) = try await Histories.play(seeds) { try World(seed: $0, options: options).run() }
        for violation in violations { Issue.record(violation) }
        print("\(seeds.count) histories: \(counts)")
        guard !Histories.isOneSeed else { return }
        for (seen, perHundred) in Self.minima {
            #expect(counts[seen] * 100 >= perHundred * seeds.count, "\(seen): \(counts[seen])")
        }
        #expect(counts[.offline] <= seeds.count / 3)
        #expect(counts[.unreadable] <= seeds.count / 8)
    }
}

/// Rules broken on purpose: a simulation that does not notice would prove nothing.
@Suite struct PlantedClusterBugTests {
    @Test("every planted bug is found within a hundred seeds", arguments: Plant.allCases)
    func plants(plant: Plant) throws {
        let options = WorldOptions(plant: plant)
        let seeds = Histories.seeds(plant.seeds)
        let violation = try Histories.firstViolation(in: seeds) {
            _ = try World(seed: $0, options: options).run()
        }
        #expect(violation != nil, "\(plant) was not found in seeds \(seeds)")
        if let violation { print("\(plant): \(violation)") }
    }
}
