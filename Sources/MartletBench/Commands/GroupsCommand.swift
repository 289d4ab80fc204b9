import ArgumentParser

struct GroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "Consumer groups: members that die, leave and join, what moves, commits, idle members, loading.",
        discussion: """
            Members that die, leave and join are processes of the `martlet` beside this program; the session timeout is \
            the default, 6 s. Takes about a minute and a half a round.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Only this; may be repeated.")
    var only: [Part] = []

    enum Part: String, EnumerableFlag {
        case handover, moves, commits, idle, load
    }

    static func scenario(_ part: Part) -> any Scenario {
        switch part {
        case .handover: GroupHandover()
        case .moves: GroupMoves()
        case .commits: GroupCommits()
        case .idle: IdleGroup()
        case .load: GroupLoadTime()
        }
    }

    func run() async throws {
        let parts = only.isEmpty ? Part.allCases : only
        try await common.measure(
            [Stage(scenarios: parts.map(Self.scenario), rounds: common.rounds)],
            comparisons: GoalTable.groups(parts.map(\.rawValue)))
    }
}
