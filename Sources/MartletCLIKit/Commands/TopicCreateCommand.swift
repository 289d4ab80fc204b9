internal import ArgumentParser
internal import Martlet

struct TopicCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a topic.",
        discussion: "It is durable when the command returns. `martlet topic describe` lists the settings there are.")

    @Argument(help: "1 to 249 letters, digits, '.', '_' and '-'.")
    var name: String

    @Option(
        name: .long,
        help: "How many partitions; they can be added to, never taken away. (default: the broker's num.partitions)")
    var partitions: Int32?

    @Option(
        name: [.customLong("replication"), .customLong("replication-factor")],
        help:
            "Copies of each partition. (default: 3 where there are three brokers or more, unless they are told otherwise)"
    )
    var replicationFactor: Int32?

    @Option(
        name: .long, help: ArgumentHelp("A setting, as retention.ms=3600000; may be repeated.", valueName: "name=value")
    )
    var set: [String] = []

    @Flag(name: .long, help: "Leave a topic of this name alone instead of failing.")
    var ifNotExists = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        _ = try set.assignments("--set")
        // -1 asks a broker for its default; a person asks by leaving the option out.
        if let partitions, partitions < 0 { throw ValidationError("--partitions must be at least 1") }
        if let replicationFactor, replicationFactor < 0 {
            throw ValidationError("--replication must be at least 1")
        }
    }

    func run() async throws {
        let settings = try set.assignments("--set").dictionary
        try await client.withAdmin { admin in
            do {
                let id = try await admin.createTopic(
                    name, partitions: partitions, replicas: replicationFactor, settings: settings)
                try tell("created", id)
            } catch let error as MartletError where ifNotExists && error.code == .refused(.topicAlreadyExists) {
                try tell("exists", try await admin.describeTopic(name).id)
            }
        }
    }

    private func tell(_ result: String, _ id: TopicID) throws {
        guard output.json else {
            return try StandardOutput.print(
                result == "created" ? "Created topic \(name).\n" : "Topic \(name) exists.\n")
        }
        var object = JSONObject()
        object.add("topic", name)
        object.add("id", "\(id)")
        object.add("result", result)
        try StandardOutput.print(object.line())
    }
}
