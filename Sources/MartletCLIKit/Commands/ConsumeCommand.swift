package import ArgumentParser
internal import Martlet

/// `martlet consume`: prints a topic's records.
package struct ConsumeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "consume", abstract: "Print the records of a topic, and go on printing as they come.",
        discussion: """
            Reading deletes nothing. Order holds within each partition. Ends on Ctrl-C, when nobody reads the output \
            any more, with --max, or with --exit-at-end.

            With --group, several of them share the partitions, each of which is read by one; what was printed is \
            committed, at least every second and on leaving. --from says where to begin with a partition in which the \
            group has committed nothing.

              martlet consume orders --from -15m --format '%T %k: %v\\n'
              martlet consume orders --exit-at-end --json > orders.json
              martlet consume orders --group billing
            """)

    @Argument(help: "The topic.")
    var topic: String

    @Option(name: .long, help: "Read this partition only.")
    var partition: Int32?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Where to begin: \(StartPosition.help).", valueName: "where"))
    var from = "beginning"

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Share the partitions with the other members of this group, and go on where it left off.",
            valueName: "name"))
    var group: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A name of this member that stays when it is started again: within the session timeout nothing moves.",
            valueName: "name"))
    var instance: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where this consumer runs: with replica.selector=rack it reads from a replica there.", valueName: "name"))
    var rack: String?

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
        if group != nil {
            if partition != nil { throw ValidationError("--group shares the partitions out: leave out --partition") }
            if case .offset = try start() {
                throw ValidationError(
                    "--from: an offset means nothing to a group; `martlet group reset-offsets` sets it")
            }
        } else if instance != nil {
            throw ValidationError("--instance names a member of a group: give --group")
        }
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
        configuration.reset = try reset()
        configuration.rack = rack
        configuration.group = group.map { name in
            var group = ConsumerGroup(name)
            group.instanceID = instance
            return group
        }
        let plan = try await client.withAdmin { admin in
            try await ConsumePlan(admin, topic: topic, partition: partition, start: start, exitsAtEnd: exitAtEnd)
        }
        let consumer = try Consumer(configuration, logger: client.logger)
        let control = consumer.control
        let signals = StopSignals { control.stop() }
        defer { signals.cancel() }
        PipeWatch.start { control.stop() }
        do {
            try await read(plan, consumer)
        } catch {
            await consumer.close()
            throw error
        }
        await consumer.close()
    }

    /// Retention may overtake a reader that began at the beginning; an offset that was asked for is another matter. In
    /// a group, where to begin is asked only where nothing is committed.
    private func reset() throws -> OffsetReset {
        switch try start() {
        case .beginning: return .earliest
        case .ago(let duration) where group != nil: return .ago(duration)
        case .timestamp(let timestamp) where group != nil:
            let passed = WallTime.now() - timestamp
            return passed > 0 ? .ago(.milliseconds(passed)) : .latest
        case .end where group != nil: return .latest
        case .end, .offset, .timestamp, .ago: return .none
        }
    }

    private func read(_ plan: ConsumePlan, _ consumer: Consumer) async throws {
        let goal = ReadingGoal(ends: plan.ends)
        var session = ConsumeSession(goal, printer: try printer(), max: max, isInGroup: group != nil)
        if let group {
            GroupReading(group: group, goal: goal, starts: plan.starts).attend(to: consumer)
            try consumer.subscribe(topics: [topic])
        } else {
            let empty = goal.begin(plan.starts)
            consumer.assign(plan.partitions.filter { !empty.contains($0) }, from: plan.start)
        }
        try await session.run(consumer)
    }
}
