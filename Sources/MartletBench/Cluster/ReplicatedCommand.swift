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

struct FailoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover",
        abstract: "How long writes and reads stand still when a leader is killed, paused or stopped cleanly.",
        discussion: """
            Three brokers and an etcd with default settings, a record a millisecond with acks=all and a reader behind it. A gap is the \
            longest time without an acknowledgement, or without a record read. `make chaos` cuts networks.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this: kill, pause or stop. (default: all three)")
    var fault: FailoverFault?

    @Option(help: ArgumentHelp("How often each happens; paused a quarter as often.", valueName: "n"))
    var times = 20

    func validate() throws {
        guard (1...1000).contains(times) else { throw ValidationError("--times is to be 1 to 1000") }
    }

    func run() async throws {
        let faults = fault.map { [$0] } ?? FailoverFault.allCases
        let scenarios = faults.map {
            FailoverScenario(fault: $0, times: $0 == .pause ? max(1, times / 4) : times)
        }
        try await common.measure(
            [Stage(scenarios: scenarios, rounds: 1)], comparisons: faults.flatMap(Self.comparisons))
    }

    /// The session timeout, which finds out a silent broker, is 6 s.
    private static func comparisons(_ fault: FailoverFault) -> [Comparison] {
        let writes = Figure.failoverWrites(fault)
        let worst = Figure.failoverWorst(fault)
        let reads = Comparison("the same, reads", .failoverReads(fault))
        switch fault {
        case .kill:
            return [
                Comparison("leader killed: writes acknowledged again, median", writes, .atMost(1)),
                Comparison("the same, worst", worst, .atMost(3)), reads,
            ]
        case .pause:
            return [Comparison("leader paused: writes acknowledged again, worst", worst, .atMost(9)), reads]
        case .stop:
            return [
                Comparison("leader stopped cleanly: largest gap", worst, .atMost(0.2)),
                Comparison("the same, writes that failed", .failoverFailures(fault), .atMost(0)), reads,
            ]
        }
    }
}

extension FailoverFault: ExpressibleByArgument {}
