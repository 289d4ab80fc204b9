package import ArgumentParser
internal import Martlet

/// `martlet consume`: prints a topic's records.
package struct ConsumeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "consume", abstract: "Print the records of a topic, and go on printing as they come.",
        discussion: """
            Reading deletes nothing. Order holds within each partition. Ends on Ctrl-C, when nobody reads the output \
            any more, with --max, or with --exit-at-end.

              martlet consume orders --from -15m --format '%T %k: %v\\n'
              martlet consume orders --exit-at-end --json > orders.json
            """)

    @Argument(help: "The topic.")
    var topic: String

    @Option(name: .long, help: "Read this partition only.")
    var partition: Int32?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Where to begin: \(StartPosition.help).", valueName: "where"))
    var from = "beginning"

    @Flag(name: .long, help: "Stop at the end of the topic as it is now.")
    var exitAtEnd = false

    @Option(name: .long, help: "Stop after this many records.")
    var max: Int?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How to print a record: \(RecordTemplate.help). (default: '\(RecordTemplate.values)')", valueName: "text"))
    var format: String?

    @Option(
        name: .long, help: ArgumentHelp("What to print for a null key or value. (default: nothing)", valueName: "text"))
    var null: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    package init() {}

    package func validate() throws {
        _ = try start()
        _ = try printer()
        if let partition, partition < 0 { throw ValidationError("--partition must be at least 0") }
        if let max, max < 0 { throw ValidationError("--max must be at least 0") }
        if output.json && (format != nil || null != nil) {
            throw ValidationError("--json prints objects: leave out --format and --null")
        }
    }

    private func start() throws -> StartPosition {
        guard let start = StartPosition(from) else {
            throw ValidationError("--from: '\(from)' is not understood: give \(StartPosition.help)")
        }
        return start
    }

    private func printer() throws -> RecordPrinter {
        if output.json { return .json(RecordJSON(topic: topic)) }
        do {
            return .template(try RecordTemplate(format ?? RecordTemplate.values, topic: topic, null: null ?? ""))
        } catch {
            throw ValidationError("--format: \(error)")
        }
    }

    package func run() async throws {
        let start = try start()
        var configuration = ConsumerConfiguration(client: try await client.connect())
        // Retention may overtake a reader that began at the beginning; an offset that was asked for is another matter.
        configuration.reset = start == .beginning ? .earliest : .none
        let plan = try await client.withAdmin { admin in
            try await ConsumePlan(admin, topic: topic, partition: partition, start: start, exitsAtEnd: exitAtEnd)
        }
        let consumer = try Consumer(configuration, logger: client.logger)
        defer { consumer.abandon() }
        let control = consumer.control
        let signals = StopSignals { control.stop() }
        defer { signals.cancel() }
        PipeWatch.start { control.stop() }
        var session = ConsumeSession(plan, printer: try printer(), max: max)
        try await session.run(consumer)
    }
}
