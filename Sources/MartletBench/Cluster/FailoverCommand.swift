import ArgumentParser

struct FailoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover",
        abstract: "How long writes and reads stand still when a leader is killed, paused, cut off or stopped cleanly.",
        discussion: """
            Three brokers and an etcd with default settings, a record a millisecond with acks=all and a reader behind it. A gap \
            is the longest time without an acknowledgement, or without a record read. The leader is the cluster's controller, too, \
            or it is not: both are measured, each on purpose. In the end the log is read back and held \
            against what was acknowledged. To cut a broker off, each program gets a network namespace of its own, which needs \
            root. Takes about twenty minutes with everything.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Only this: kill, pause, cut or stop. (default: all four)")
    var fault: FailoverFault?

    @Option(help: "Only this: leader or controller (a leader that is the controller, too). (default: both)")
    var role: FailoverRole?

    @Option(help: ArgumentHelp("How often each happens; paused and cut off a quarter as often.", valueName: "n"))
    var times = 20

    func validate() throws {
        guard (1...1000).contains(times) else { throw ValidationError("--times is to be 1 to 1000") }
    }

    func run() async throws {
        let roles = role.map { [$0] } ?? FailoverRole.allCases
        let cases = (fault.map { [$0] } ?? FailoverFault.allCases).flatMap { fault in roles.map { (fault, $0) } }
        let scenarios = cases.map { fault, role in
            FailoverScenario(fault: fault, role: role, times: fault.isSilent ? max(1, times / 4) : times)
        }
        try await common.measure(
            [Stage(scenarios: scenarios, rounds: 1)], comparisons: cases.flatMap { Self.comparisons($0, $1) })
    }

    /// The session timeout, which finds out a silent broker, is 6 s.
    private static func comparisons(_ fault: FailoverFault, _ role: FailoverRole) -> [Comparison] {
        func figure(_ figure: FailoverFigure) -> Figure { .failover(fault, role, figure) }
        let what = "\(role.title) \(fault.past)"
        let gaps: [Comparison] =
            switch fault {
            case .kill:
                [
                    Comparison("\(what): writes acknowledged again, median", figure(.writes), .atMost(1)),
                    Comparison("the same, worst", figure(.worstWrite), .atMost(3)),
                    Comparison("the same, reads, median", figure(.reads), beside: [figure(.worstRead)]),
                ]
            case .pause, .cut:
                [
                    Comparison("\(what): writes acknowledged again, worst", figure(.worstWrite), .atMost(9)),
                    Comparison("the same, reads, worst", figure(.worstRead)),
                ]
            case .stop:
                [
                    Comparison("\(what): largest gap in writes", figure(.worstWrite), .atMost(0.2)),
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
extension FailoverRole: ExpressibleByArgument {}
