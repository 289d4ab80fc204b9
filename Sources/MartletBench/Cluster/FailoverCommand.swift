import ArgumentParser

struct FailoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover",
        abstract: "How long writes and reads stand still when a leader is killed, paused, cut off or stopped cleanly.",
        discussion: """
            Three brokers and an etcd with default settings, a record a millisecond with acks=all and a reader behind it. A gap \
            is the longest time without an acknowledgement, or without a record read. In the end the log is read back and held \
            against what was acknowledged. To cut a broker off, each program gets a network namespace of its own, which needs \
            root. Takes about ten minutes with all faults.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this: kill, pause, cut or stop. (default: all four)")
    var fault: FailoverFault?

    @Option(help: ArgumentHelp("How often each happens; paused and cut off a quarter as often.", valueName: "n"))
    var times = 20

    func validate() throws {
        guard (1...1000).contains(times) else { throw ValidationError("--times is to be 1 to 1000") }
    }

    func run() async throws {
        let faults = fault.map { [$0] } ?? FailoverFault.allCases
        let scenarios = faults.map {
            FailoverScenario(fault: $0, times: $0.isSilent ? max(1, times / 4) : times)
        }
        try await common.measure(
            [Stage(scenarios: scenarios, rounds: 1)], comparisons: faults.flatMap(Self.comparisons))
    }

    /// The session timeout, which finds out a silent broker, is 6 s.
    private static func comparisons(_ fault: FailoverFault) -> [Comparison] {
        func figure(_ figure: FailoverFigure) -> Figure { .failover(fault, figure) }
        let gaps: [Comparison] =
            switch fault {
            case .kill:
                [
                    Comparison("leader killed: writes acknowledged again, median", figure(.writes), .atMost(1)),
                    Comparison("the same, worst", figure(.worstWrite), .atMost(3)),
                    Comparison("the same, reads, median", figure(.reads), beside: [figure(.worstRead)]),
                ]
            case .pause, .cut:
                [
                    Comparison(
                        "leader \(fault.past): writes acknowledged again, worst", figure(.worstWrite), .atMost(9)),
                    Comparison("the same, reads, worst", figure(.worstRead)),
                ]
            case .stop:
                [
                    Comparison("leader stopped cleanly: largest gap in writes", figure(.worstWrite), .atMost(0.2)),
                    Comparison("the same, reads", figure(.worstRead)),
                ]
            }
        return gaps + [
            Comparison("the same, writes that failed", figure(.failed), .atMost(0)),
            Comparison("the same, acknowledged and lost", figure(.lost), .atMost(0), beside: [figure(.repeated)]),
        ]
    }
}

extension FailoverFault: ExpressibleByArgument {}
