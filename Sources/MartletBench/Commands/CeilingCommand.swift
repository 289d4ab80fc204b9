import ArgumentParser

struct CeilingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ceiling",
        abstract: "What bare C reaches here: produce, fetch, echo, and LZ4 on one core. Starts no broker.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var sizes: SizeOptions

    func run() async throws {
        let scenarios: [any Scenario] = [
            ProduceCeiling(recordBytes: sizes.recordSize, batchBytes: sizes.batchSize),
            FetchCeiling(recordBytes: sizes.recordSize, batchBytes: sizes.batchSize),
            EchoCeiling(messageBytes: Workload.latencyMessageBytes, ratePerSecond: Workload.latencyRatePerSecond),
            CompressCeiling(batchBytes: sizes.batchSize),
        ]
        try await common.measure([Stage(scenarios: scenarios, rounds: common.rounds)], comparisons: [])
    }
}
