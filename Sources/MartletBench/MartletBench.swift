import ArgumentParser

/// Measures Martlet beside what bare C reaches on the same machine, in the same run.
@main
struct MartletBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-bench",
        abstract: "Measures a Martlet broker beside what bare C reaches on the same machine, in the same run.",
        discussion: """
            Unless --broker names one, each scenario starts the `martlet` that lies beside this program on an empty data \
            directory, and removes both when done. Figures are medians over interleaved rounds: ceiling, product, \
            ceiling, product. Close other programs first: on a busy machine the ratios still hold, the figures do not.
            """,
        subcommands: [
            CeilingCommand.self, ProduceCommand.self, ConsumeCommand.self, LatencyCommand.self, GroupsCommand.self,
            ReplicatedCommand.self, FailoverCommand.self, OutageCommand.self, CatchUpCommand.self,
            PartitionsCommand.self, StartCommand.self, AllCommand.self,
        ])
}
