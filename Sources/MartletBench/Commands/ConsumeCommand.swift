import ArgumentParser

struct ConsumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consume",
        abstract: "Records out, as fast as they go, each visited and its CRC checked, beside the fetch ceiling.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var sizes: SizeOptions

    func run() async throws {
        let recordBytes = sizes.recordSize
        let stage = Stage(
            scenarios: [
                FetchCeiling(recordBytes: recordBytes, batchBytes: sizes.batchSize),
                ConsumeScenario(recordBytes: recordBytes, batchBytes: sizes.batchSize),
            ],
            rounds: common.rounds)
        var comparisons = [
            Comparison(
                Figure.consume(recordBytes: recordBytes).title, .consume(recordBytes: recordBytes),
                against: .fetchCeiling(recordBytes: recordBytes))
        ]
        if common.broker == nil {
            comparisons.append(
                Comparison(
                    Figure.consumeCPU(recordBytes: recordBytes).title, .consumeCPU(recordBytes: recordBytes),
                    against: .fetchCeilingCPU(recordBytes: recordBytes)))
        }
        try await common.measure([stage], comparisons: comparisons)
    }
}
