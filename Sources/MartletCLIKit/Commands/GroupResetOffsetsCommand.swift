internal import ArgumentParser
internal import Martlet

struct GroupResetOffsetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-offsets", abstract: "Set where a group goes on reading a topic.",
        discussion: """
            The group must have no members: stop them first.

              martlet group reset-offsets billing --topic orders --to -2h --dry-run
              martlet group reset-offsets billing --topic orders --to earliest
            """)

    @Argument(help: "The group.")
    var name: String

    @Option(name: .long, help: "The topic.")
    var topic: String

    @Option(name: .long, help: "This partition only.")
    var partition: Int32?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Where to go on: earliest, latest, an offset, @MS (milliseconds since 1970), a date "
                + "(2026-11-22T15:00:00Z) or a time ago (-15m; units ms s m h d).", valueName: "where"))
    var to: String

    @Flag(name: .long, help: "Make the group if there is none.")
    var create = false

    @Flag(name: .long, help: "Show what would be set, and set nothing.")
    var dryRun = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        _ = try target()
        if let partition, partition < 0 { throw ValidationError("--partition must be at least 0") }
    }

    private func target() throws -> StartPosition {
        guard let target = StartPosition(to) else {
            throw ValidationError("--to: '\(to)' is not understood: give \(StartPosition.help)")
        }
        return target
    }

    func run() async throws {
        let target = try target()
        let changes = try await client.withAdmin { admin in
            try await requireNoMembers(admin)
            // Where an offset asked for is not in the log, the plan says so.
            let plan = try await ConsumePlan(
                admin, topic: topic, partition: partition, start: target, exitsAtEnd: false)
            let changes = try await compare(plan, admin)
            if !dryRun {
                try await admin.resetOffsets(
                    of: name,
                    to: Dictionary(uniqueKeysWithValues: changes.map { ($0.topicPartition, $0.to) }))
            }
            return changes
        }
        try StandardOutput.print(output.json ? json(changes) : text(changes))
    }

    /// The broker refuses it too; a dry run does not get there.
    private func requireNoMembers(_ admin: Admin) async throws {
        do {
            let group = try await admin.describeGroup(name)
            guard !group.members.isEmpty else { return }
            throw MartletError(
                .refused(.nonEmptyGroup), "group \(name) has \(HumanText.plural(group.members.count, "member"))")
        } catch let error as MartletError where error.code == .refused(.groupIDNotFound) && create {
            return
        }
    }

    private struct Change {
        var topicPartition: TopicPartition
        var from: Offset?
        var to: Offset
    }

    private func compare(_ plan: ConsumePlan, _ admin: Admin) async throws -> [Change] {
        let committed = try await admin.committedOffsets(of: name)
        func offsets(_ spec: OffsetSpec) async throws -> [TopicPartition: FoundOffset] {
            try await admin.offsets(for: Dictionary(uniqueKeysWithValues: plan.partitions.map { ($0, spec) }))
        }
        let found = try await offsets(plan.start)
        // Nothing was written since that time: the group goes on with what comes.
        let ends = found.count < plan.partitions.count ? try await offsets(.latest) : [:]
        return plan.partitions.compactMap { partition in
            (found[partition] ?? ends[partition]).map {
                Change(topicPartition: partition, from: committed[partition]?.offset, to: $0.offset)
            }
        }
    }

    private func text(_ changes: [Change]) -> String {
        var table = TextTable([.left("TOPIC"), .right("PARTITION"), .right("COMMITTED"), .right("NEW")])
        for change in changes {
            table.add(
                topic, "\(change.topicPartition.partition)", change.from.map { "\($0)" } ?? "-", "\(change.to)")
        }
        return table.text + (dryRun ? "Nothing was set: this was a dry run.\n" : "")
    }

    private func json(_ changes: [Change]) -> String {
        changes.map { change in
            var object = JSONObject()
            object.add("group", name)
            object.add("topic", topic)
            object.add("partition", change.topicPartition.partition)
            object.add("committed", change.from)
            object.add("new", change.to)
            object.add("dry_run", dryRun)
            return object.line()
        }.joined()
    }
}
