internal import ArgumentParser
internal import Martlet

struct TopicAlterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alter", abstract: "Change a topic's settings, or add partitions.",
        discussion: "Partitions cannot be taken away, and keys go to other partitions once some are added.")

    @Argument(help: "The topic.")
    var name: String

    @Option(
        name: .long, help: ArgumentHelp("A setting, as retention.ms=3600000; may be repeated.", valueName: "name=value")
    )
    var set: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("A setting that gets the broker's default again; may be repeated.", valueName: "name"))
    var reset: [String] = []

    @Option(name: .long, help: "The new total number of partitions.")
    var partitions: Int32?

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        _ = try set.assignments("--set")
        if set.isEmpty && reset.isEmpty && partitions == nil {
            throw ValidationError("nothing to change: give --set, --reset or --partitions")
        }
        if let partitions, partitions < 1 { throw ValidationError("--partitions must be at least 1") }
    }

    func run() async throws {
        let settings = try set.assignments("--set").dictionary
        try await client.withAdmin { admin in
            try await admin.alterTopic(name, set: settings, reset: reset, partitions: partitions)
        }
        guard output.json else { return try StandardOutput.print("Altered topic \(name).\n") }
        var object = JSONObject()
        object.add("topic", name)
        object.add("result", "altered")
        try StandardOutput.print(object.line())
    }
}
