import ArgumentParser

struct ReplicatedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replicated",
        abstract: "acks=all to three replicas, beside one broker, on this machine.",
        discussion:
            "Starts an etcd and three brokers, which share this machine's processors with each other and the producer.")

    @OptionGroup var common: CommonOptions

    @Option(help: "The topic's flush setting: os or batch.")
    var flush = Flush.os

    func run() async throws {
        let single = flush == .os ? ProduceVariant.os100 : .batch100
        let stage = Stage(
            scenarios: [ProduceScenario(single), ReplicatedScenario(flush: flush)], rounds: common.rounds)
        try await common.measure(
            [stage],
            comparisons: [
                Comparison(
                    "produce, 100-byte records, acks=all, three replicas (beside: one broker)",
                    .replicated(flush.rawValue), against: single.rate, .atLeast(0.3))
            ])
    }
}
