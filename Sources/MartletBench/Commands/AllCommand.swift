import ArgumentParser

struct AllCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "all",
        abstract: "Every figure with a goal, in one run: a table, and a page with charts.",
        discussion: "Takes several minutes, 15 GB of disk, and memory to keep 10 GB in the page cache.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        var options = common
        options.html = common.html ?? "bench-report.html"
        try await options.measure(Self.stages(rounds: common.rounds), comparisons: GoalTable.comparisons)
    }

    private static func stages(rounds: Int) -> [Stage] {
        let batchBytes = Workload.defaultBatchBytes
        let message = Workload.latencyMessageBytes
        let rate = Workload.latencyRatePerSecond
        return [
            Stage(
                scenarios: [
                    ProduceCeiling(recordBytes: 100, batchBytes: batchBytes),
                    ProduceScenario(.os100), ProduceScenario(.batch100), ProduceScenario(.os16Producers),
                    ProduceCeiling(recordBytes: 1024, batchBytes: batchBytes), ProduceScenario(.os1024),
                    ProduceScenario(.partitionsOS), ProduceScenario(.partitionsBatch),
                ],
                rounds: rounds),
            Stage(scenarios: [CompressCeiling(batchBytes: batchBytes), ProduceScenario(.lz4)], rounds: rounds),
            Stage(
                scenarios: [FetchCeiling(recordBytes: 100, batchBytes: batchBytes), ConsumeScenario(recordBytes: 100)],
                rounds: rounds),
            Stage(
                scenarios: [
                    EchoCeiling(messageBytes: message, ratePerSecond: rate),
                    LatencyScenario(messageBytes: message, ratePerSecond: rate, flush: .os),
                ],
                rounds: rounds),
            Stage(scenarios: [IdleMemory(), IdleConnections(), EmptyPartitions()], rounds: 1),
            Stage(scenarios: Flush.allCases.map { StartTimes(flush: $0) }, rounds: 1),
            Stage(scenarios: GroupsCommand.Part.allCases.map(GroupsCommand.scenario), rounds: 1),
        ]
    }
}
