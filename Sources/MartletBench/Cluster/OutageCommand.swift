import ArgumentParser

struct OutageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outage",
        abstract: "Writes, reads and commits while etcd is away, and how all heals when it is back.",
        discussion: """
            Three brokers with default settings, a record a millisecond with acks=all and a group that reads and commits. etcd is \
            paused, or killed and started again.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this: pause or kill. (default: both)")
    var fault: OutageFault?

    @Option(help: ArgumentHelp("How long etcd is away, in seconds; more than a session, 6 s.", valueName: "n"))
    var away = 60.0

    func validate() throws {
        guard away > 6, away <= 3600 else { throw ValidationError("--away is to be above 6 and at most 3600") }
    }

    func run() async throws {
        let faults = fault.map { [$0] } ?? OutageFault.allCases
        try await common.measure(
            [Stage(scenarios: faults.map { OutageScenario(fault: $0, duration: .seconds(away)) }, rounds: 1)],
            comparisons: faults.flatMap(Self.comparisons))
    }

    /// What a clean stop may cost at most is what "untouched" means here.
    private static func comparisons(_ fault: OutageFault) -> [Comparison] {
        func figure(_ figure: OutageFigure) -> Figure { .outage(fault, figure) }
        return [
            Comparison(
                "etcd \(fault.past): largest gap between acknowledgements", figure(.writes), .atMost(0.2),
                beside: [figure(.writesAfter)]),
            Comparison("the same, reads", figure(.reads), .atMost(0.2), beside: [figure(.readsAfter)]),
            Comparison("the same, writes that failed", figure(.failed), .atMost(0)),
            Comparison("the same, lost, repeated or misplaced", figure(.lost), .atMost(0)),
            Comparison("the same, offsets committed by the group", figure(.committed), .atLeast(1)),
            Comparison("the same, until every broker's status says so", figure(.told), .atMost(10)),
            Comparison("the same, all well again when it is back", figure(.healed), .atMost(15)),
        ]
    }
}

extension OutageFault: ExpressibleByArgument {}
