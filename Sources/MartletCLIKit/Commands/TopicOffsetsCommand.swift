internal import ArgumentParser
internal import Martlet

struct TopicOffsetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offsets", abstract: "Show where each partition of a topic starts and ends.",
        discussion: "START is the first offset that is kept, END the first one that consumers do not see yet.")

    @Argument(help: "The topic.")
    var name: String

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Also the first offset at or after a time: @MS, 2026-11-22T15:00:00Z or -15m.", valueName: "time"))
    var at: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func validate() throws { _ = try time() }

    private func time() throws -> OffsetSpec? {
        guard let at else { return nil }
        switch StartPosition(at) {
        case .timestamp, .ago: return StartPosition(at)?.spec(now: WallTime.now())
        case .beginning, .end, .offset, nil:
            throw ValidationError("--at: '\(at)' is not a time: write @MS, 2026-11-22T15:00:00Z or -15m")
        }
    }

    func run() async throws {
        let time = try time()
        let rows = try await client.withAdmin { admin in try await look(admin, time) }
        try StandardOutput.print(output.json ? json(rows) : table(rows))
    }

    private struct Row {
        var partition: PartitionIndex
        var start: Offset
        var end: Offset
        var found: FoundOffset?
    }

    private func look(_ admin: Admin, _ time: OffsetSpec?) async throws -> [Row] {
        let partitions = try await admin.describeTopic(name).partitions.map {
            TopicPartition(topic: name, partition: $0.partition)
        }
        func offsets(_ spec: OffsetSpec) async throws -> [TopicPartition: FoundOffset] {
            try await admin.offsets(for: Dictionary(uniqueKeysWithValues: partitions.map { ($0, spec) }))
        }
        let starts = try await offsets(.earliest)
        let ends = try await offsets(.latest)
        let found = if let time { try await offsets(time) } else { [TopicPartition: FoundOffset]() }
        return partitions.map { partition in
            Row(
                partition: partition.partition, start: starts[partition]?.offset ?? 0,
                end: ends[partition]?.offset ?? 0,
                found: found[partition])
        }
    }

    private func json(_ rows: [Row]) -> String {
        rows.map { row in
            var object = JSONObject()
            object.add("topic", name)
            object.add("partition", row.partition)
            object.add("start", row.start)
            object.add("end", row.end)
            if at != nil {
                object.add("offset", row.found?.offset)
                object.add("timestamp", row.found?.timestamp)
            }
            return object.line()
        }.joined()
    }

    private func table(_ rows: [Row]) -> String {
        var table = TextTable(
            [.right("PARTITION"), .right("START"), .right("END"), .right("RECORDS")]
                + (at != nil ? [.right("OFFSET"), .left("TIME")] : []))
        for row in rows {
            // Where a topic is compacted there are fewer records than offsets.
            let cells = ["\(row.partition)", "\(row.start)", "\(row.end)", "\(row.end - row.start)"]
            let found = [
                row.found.map { "\($0.offset)" } ?? "none", row.found?.timestamp.map(RFC3339.text) ?? "",
            ]
            table.add(cells + (at != nil ? found : []))
        }
        return table.text
    }
}
