import ArgumentParser

struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract:
            "How soon a broker with 1,000 partitions and 10 GB serves, after kill -9 at full load and a clean stop.",
        discussion: "The data is to fit the page cache. Takes half a minute to a minute a round.")

    @OptionGroup var common: CommonOptions

    @Option(help: "The topic's flush setting: os or batch.")
    var flush = Flush.os

    func run() async throws {
        try await common.measure(
            [Stage(scenarios: [StartTimes(flush: flush)], rounds: common.rounds)],
            comparisons: GoalTable.starts(flush: flush.rawValue))
    }
}
