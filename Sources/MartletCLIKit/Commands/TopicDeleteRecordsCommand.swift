internal import ArgumentParser
internal import Martlet

struct TopicDeleteRecordsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete-records", abstract: "Delete the oldest records of a partition.",
        discussion: "What lies before the offset is never read again; its disk space follows, segment by segment.")

    @Argument(help: "The topic.")
    var name: String

    @Option(name: .long, help: "The partition.")
    var partition: Int32

    @Option(name: .long, help: ArgumentHelp("The first offset to keep; 'end' keeps nothing.", valueName: "offset"))
    var before: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        _ = try offset()
        if partition < 0 { throw ValidationError("--partition must be at least 0") }
    }

    /// Nil: everything that consumers see.
    private func offset() throws -> Offset? {
        switch StartPosition(before) {
        case .offset(let offset): offset
        case .end: nil
        case .beginning, .timestamp, .ago, nil:
            throw ValidationError("--before: '\(before)' is neither an offset nor 'end'")
        }
    }

    func run() async throws {
        let offset = try offset()
        let topicPartition = TopicPartition(topic: name, partition: partition)
        let start = try await client.withAdmin { admin in
            try await admin.describeTopic(name).require(partition)
            return try await admin.deleteRecords(before: [topicPartition: offset])[topicPartition]
        }
        guard output.json else {
            return try StandardOutput.print("\(topicPartition) now starts at offset \(start.map { "\($0)" } ?? "?").\n")
        }
        var object = JSONObject()
        object.add("topic", name)
        object.add("partition", partition)
        object.add("start", start)
        try StandardOutput.print(object.line())
    }
}
