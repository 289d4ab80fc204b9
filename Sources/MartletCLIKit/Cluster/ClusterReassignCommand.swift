internal import ArgumentParser
internal import Martlet

/// `martlet cluster reassign`: replicas go to other brokers.
struct ClusterReassignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reassign", abstract: "Move replicas to other brokers.",
        discussion: """
            `plan` shows what would move, `start` moves it, `status` shows how far it is, `cancel` goes back. New replicas copy first; \
            former ones go once they are in sync, so no partition has fewer copies meanwhile.
            """,
        subcommands: [
            ReassignPlanCommand.self, ReassignStartCommand.self, ReassignStatusCommand.self, ReassignCancelCommand.self,
        ])
}

/// What is to be spread, and over what.
struct ReassignOptions: ParsableArguments {
    @Option(name: .long, help: "A topic; may be repeated. (default: all)")
    var topic: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Brokers to spread over. (default: all that are up and not draining)", valueName: "1,2,3"))
    var to: BrokerList?

    @Option(name: .long, help: "How many replicas each partition is to have. (default: as many as it has)")
    var replication: Int?

    func validate() throws {
        if let replication, replication < 1 { throw ValidationError("--replication must be at least 1") }
    }

    func plan(_ admin: Admin) async throws -> [PartitionMove] {
        try await admin.planReassignment(topics: topic, brokers: to?.ids ?? [], replicas: replication)
    }
}

struct ReassignPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show which replicas would move; move nothing.",
        discussion: "With --json a line for each partition, which `start --plan FILE` takes, edited or not.")

    @OptionGroup var options: ReassignOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let moves = try await client.withAdmin { try await options.plan($0) }
        try StandardOutput.print(output.json ? moves.map(\.json).joined() : Self.text(moves))
    }

    static func text(_ moves: [PartitionMove]) -> String {
        guard !moves.isEmpty else { return "Nothing has to move.\n" }
        var table = TextTable([.left("TOPIC"), .right("PARTITION"), .left("FROM"), .left("TO")])
        for move in moves {
            table.add(
                move.topicPartition.topic, "\(move.topicPartition.partition)", BrokerList.text(move.replicas),
                BrokerList.text(move.target))
        }
        return table.text
    }
}

struct ReassignStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Move replicas: as a plan says, or as `plan` would now.",
        discussion: "Returns once the moves are ordered; `martlet cluster reassign status` shows how far they are.")

    @Option(name: .long, help: ArgumentHelp("What `plan --json` printed; '-': from standard input.", valueName: "file"))
    var plan: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What copying may take on each broker from now on, in bytes a second: 20M, 1G. (default: as it is)",
            valueName: "bytes"))
    var throttle: ByteCount?

    @OptionGroup var options: ReassignOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let given = try plan.map { try ReassignmentPlan.read($0) }
        let (moves, refused) = try await client.withAdmin { admin in
            let moves = if let given { given } else { try await options.plan(admin) }
            guard !moves.isEmpty else { return (moves, [TopicPartition: MartletError]()) }
            return (moves, try await admin.reassign(moves, throttle: throttle?.bytes))
        }
        for move in moves where refused[move.topicPartition] == nil {
            try StandardOutput.print(
                output.json
                    ? move.json
                    : "\(move.topicPartition) moves to \(BrokerList.text(move.target)).\n")
        }
        if let throttle, !moves.isEmpty, !output.json { try StandardOutput.print(Throttle.text(throttle.bytes)) }
        if moves.isEmpty, !output.json { try StandardOutput.print("Nothing has to move.\n") }
        for (_, error) in refused.sorted(by: { $0.key < $1.key }) { StandardError.write("martlet: \(error)\n") }
        if !refused.isEmpty { throw CommandFailure.reported }
    }
}

struct ReassignStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show replicas that are moving, and how far they are.")

    @Flag(name: .long, help: "Go on until nothing moves any more.")
    var wait = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.withAdmin { admin in
            var shown: [MoveReport]?
            while true {
                let (reports, throttle) = try await MoveReport.make(admin)
                if reports != shown { try tell(reports, throttle) }
                shown = reports
                guard wait, !reports.isEmpty else { return }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func tell(_ reports: [MoveReport], _ throttle: Int?) throws {
        if output.json { return try StandardOutput.print(reports.map(\.json).joined()) }
        try StandardOutput.print(reports.isEmpty ? "Nothing is moving.\n" : Self.table(reports).text)
        if let throttle { try StandardOutput.print(Throttle.text(throttle)) }
    }

    private static func table(_ reports: [MoveReport]) -> TextTable {
        var table = TextTable([
            .left("PARTITION"), .left("FROM"), .left("TO"), .left("WAITING FOR"), .right("STILL TO COPY"),
        ])
        for report in reports {
            table.add(
                "\(report.progress.move.topicPartition)", BrokerList.text(report.progress.move.replicas),
                BrokerList.text(report.progress.move.target), BrokerList.text(report.progress.waitingFor),
                report.recordsLeft.map { HumanText.plural($0, "record") } ?? "?")
        }
        return table
    }
}

/// A limit on copying outlives the moves that it was set for: whoever sees it is told how to lift it.
enum Throttle {
    static let setting = "replication.throttle.bytes.per.second"

    static func text(_ bytesPerSecond: Int) -> String {
        "Copying may take \(HumanText.bytes(Int64(bytesPerSecond))) a second on each broker, until `martlet cluster config "
            + "--reset \(setting)` lifts that.\n"
    }
}

struct ReassignCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Stop moving replicas, and go back to where they were.")

    @Argument(help: ArgumentHelp("TOPIC or TOPIC:PARTITION. (default: all that move)", valueName: "partition"))
    var partitions: [PartitionArgument] = []

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let moves = try await client.withAdmin { admin in
            try await admin.cancelReassignments(try await PartitionNames.resolve(partitions, admin))
        }
        if output.json { return try StandardOutput.print(moves.map(\.json).joined()) }
        guard !moves.isEmpty else { return try StandardOutput.print("Nothing was moving.\n") }
        for move in moves {
            try StandardOutput.print("\(move.topicPartition) stays on \(BrokerList.text(move.replicas)).\n")
        }
    }
}
