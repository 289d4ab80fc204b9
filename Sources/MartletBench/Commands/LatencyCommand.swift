import ArgumentParser

struct LatencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "End to end at an open-loop rate, timed from when each record was due, beside a bare echo.")

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Bytes of each record's value, 8 and up.", valueName: "bytes"))
    var recordSize = Workload.latencyMessageBytes

    @Option(help: ArgumentHelp("Records per second.", valueName: "n"))
    var rate = Workload.latencyRatePerSecond

    @Option(help: "The topic's flush setting: os or batch.")
    var flush = Flush.os

    func validate() throws {
        guard (8...64 << 10).contains(recordSize) else { throw ValidationError("--record-size is to be 8 to 65536") }
        guard (1...1_000_000).contains(rate) else { throw ValidationError("--rate is to be 1 to 1000000") }
    }

    func run() async throws {
        let stage = Stage(
            scenarios: [
                EchoCeiling(messageBytes: recordSize, ratePerSecond: rate),
                LatencyScenario(messageBytes: recordSize, ratePerSecond: rate, flush: flush),
            ],
            rounds: common.rounds)
        let comparisons = Figure.latencyPercentiles.map {
            Comparison(Figure.latency($0).title, .latency($0), against: .echo($0))
        }
        try await common.measure([stage], comparisons: comparisons)
    }
}
