import ArgumentParser

struct CatchUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catchup",
        abstract: "A broker that was away copies what it missed: how fast, and what that costs live traffic.",
        discussion: """
            Three brokers and an etcd. What was missed are 1 KiB records in 6 partitions; the copying counts from the start of the \
            process until all is in sync. Takes three times as much disk as is missed.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Gigabytes that are missed.", valueName: "n"))
    var gigabytes = 5.0

    @Option(help: "Only this: idle or loaded. (default: both)")
    var part: Part?

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case idle, loaded
    }

    func validate() throws {
        guard gigabytes > 0, gigabytes <= 1000 else {
            throw ValidationError("--gigabytes is to be above 0 and at most 1000")
        }
    }

    func run() async throws {
        let parts = part.map { [$0] } ?? Part.allCases
        let bytes = Int(gigabytes * 1e9)
        var scenarios: [any Scenario] = parts.map { CatchUpScenario(bytes: bytes, isUnderLoad: $0 == .loaded) }
        if parts.contains(.idle) { scenarios.insert(CatchUpCeiling(), at: 0) }
        try await common.measure(
            [Stage(scenarios: scenarios, rounds: common.rounds)], comparisons: parts.flatMap(Self.comparisons))
    }

    private static func comparisons(_ part: Part) -> [Comparison] {
        switch part {
        case .idle:
            [
                Comparison(
                    "follower catching up, idle cluster", .catchUp(.idle), against: .catchUpCeiling, .atLeast(0.5))
            ]
        case .loaded:
            [
                Comparison(
                    "live traffic while a follower catches up (beside: as usual)", .catchUp(.meanwhile),
                    against: .catchUp(.usual), .atLeast(0.7),
                    beside: [.catchUp(.without), .catchUp(.loaded), .catchUp(.whole)])
            ]
        }
    }
}

/// The bare produce loop with 1 KiB records, in bytes of values.
private struct CatchUpCeiling: Scenario {
    private let produce = ProduceCeiling(recordBytes: 1024, batchBytes: Workload.defaultBatchBytes)
    var title: String { produce.title }

    func measure(at bench: Workbench) async throws -> Outcome {
        let samples = try await produce.measure(at: bench).samples
        return Outcome(samples: samples.prefix(1).map { Sample(.catchUpCeiling, $0.value * 1024) })
    }
}
