import ArgumentParser

struct PartitionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partitions",
        abstract: "Starts and deaths of brokers in a cluster with many partitions.",
        discussion: "Three brokers and an etcd; each broker has a replica of every partition.")

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Partitions, with three replicas each.", valueName: "n"))
    var count = 10_000

    func validate() throws {
        guard (10...100_000).contains(count) else { throw ValidationError("--count is to be 10 to 100000") }
    }

    func run() async throws {
        try await common.measure(
            [Stage(scenarios: [PartitionsScenario(count: count)], rounds: 1)],
            comparisons: [
                Comparison(
                    "\(count) partitions: broker start to serving", .partitions(.start), .atMost(5),
                    beside: [.partitions(.whole), .partitions(.crashStart), .partitions(.stop)]),
                Comparison(
                    "the same: a broker's death noticed until others lead all it led", .partitions(.death), .atMost(3),
                    beside: [.partitions(.deathInAll), .partitions(.created)]),
                Comparison(
                    "the same: processor of a broker with nothing to do", .partitions(.idle), .atMost(0.1),
                    beside: [.partitions(.memory)]),
            ])
    }
}
