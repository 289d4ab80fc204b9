internal import ArgumentParser
internal import Martlet

struct GroupAlterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alter", abstract: "Change a group's settings.",
        discussion: """
            There are session.timeout.ms (how long a member may be silent; 6000), heartbeat.interval.ms (1000) and \
            assignor (uniform or range). A group that is not there is made.
            """)

    @Argument(help: "The group.")
    var name: String

    @Option(
        name: .long,
        help: ArgumentHelp("A setting, as session.timeout.ms=10000; may be repeated.", valueName: "name=value"))
    var set: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("A setting that gets its default again; may be repeated.", valueName: "name"))
    var reset: [String] = []

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        _ = try set.assignments("--set")
        if set.isEmpty && reset.isEmpty { throw ValidationError("nothing to change: give --set or --reset") }
    }

    func run() async throws {
        let settings = try set.assignments("--set").dictionary
        try await client.withAdmin { try await $0.alterGroup(name, set: settings, reset: reset) }
        guard output.json else { return try StandardOutput.print("Altered group \(name).\n") }
        var object = JSONObject()
        object.add("group", name)
        object.add("result", "altered")
        try StandardOutput.print(object.line())
    }
}
