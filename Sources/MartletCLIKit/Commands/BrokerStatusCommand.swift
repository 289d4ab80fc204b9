package import ArgumentParser
internal import Martlet

/// `martlet broker status`.
package struct BrokerStatusCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how a broker is doing.",
        discussion: """
            Exit code 1 also when its disk is full, or partitions are offline or damaged; not for directories that were set aside.
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("The number of the broker to ask. (default: the one that answers)", valueName: "number"))
    var id: Int32?

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    package init() {}

    package func run() async throws {
        let status = try await client.withAdmin { admin in
            if let id { try await require(id, admin) }
            return try await admin.brokerStatus(id)
        }
        try StandardOutput.print(output.json ? Self.json(status) : Self.text(status))
        if status.isDiskFull || !faults(status).isEmpty { throw CommandFailure.reported }
    }

    /// One that was never there is not waited for.
    private func require(_ id: Int32, _ admin: Admin) async throws {
        let known = try await admin.clusterOverview().brokers.map(\.broker.id).sorted()
        guard !known.contains(id) else { return }
        throw CommandFailure.failed("there is no broker \(id); there are \(BrokerList.text(known))")
    }

    private func faults(_ status: BrokerStatus) -> [BrokerStatus.Trouble] { Self.faults(status) }

    private static func faults(_ status: BrokerStatus) -> [BrokerStatus.Trouble] {
        status.troubles.filter { !$0.isNote }
    }

    static func json(_ status: BrokerStatus) -> String {
        var object = JSONObject()
        object.add("broker", status.broker.id)
        object.add("address", "\(status.broker.address)")
        object.add("cluster_id", status.clusterID)
        object.add("version", status.version)
        object.add("uptime_ms", Int64(status.uptime / .milliseconds(1)))
        object.add("data_directory", status.dataDirectory)
        object.add("disk_used_bytes", status.diskUsedBytes)
        object.add("disk_free_bytes", status.diskFreeBytes)
        object.add("disk_full", status.isDiskFull)
        object.add("topics", status.topics)
        object.add("partitions", status.partitions)
        object.add("partitions_recovering", status.partitionsRecovering)
        object.add("connections", status.connections)
        object.add("memory_budget_bytes", status.memoryBudgetBytes)
        object.add("memory_reserved_bytes", status.memoryReservedBytes)
        object.add("open_files", status.openFiles)
        object.add("open_files_max", status.openFilesMax)
        object.add("offline", objects: faults(status), add)
        object.add("notes", objects: status.troubles.filter(\.isNote), add)
        return object.line()
    }

    private static func add(_ object: inout JSONObject, _ trouble: BrokerStatus.Trouble) {
        object.add("topic", trouble.topicPartition.topic)
        object.add("partition", trouble.topicPartition.partition)
        object.add("reason", trouble.reason)
    }

    static func text(_ status: BrokerStatus) -> String {
        var table = TextTable([.left(""), .left("")])
        table.add("broker", "\(status.broker.id) at \(status.broker.address)")
        table.add("cluster", status.clusterID)
        table.add("version", status.version)
        table.add("up for", HumanText.duration(status.uptime))
        table.add("data", status.dataDirectory)
        table.add(
            "disk",
            "\(HumanText.bytes(status.diskUsedBytes)) used, \(HumanText.bytes(status.diskFreeBytes)) free"
                + (status.isDiskFull ? "; FULL: writes are refused until there is room" : ""))
        table.add("topics", HumanText.count(status.topics))
        table.add("partitions", partitions(status))
        table.add("connections", HumanText.count(status.connections))
        table.add(
            "memory budget",
            "\(HumanText.bytes(status.memoryReservedBytes)) of \(HumanText.bytes(status.memoryBudgetBytes)) taken")
        table.add(
            "open files", "\(HumanText.count(status.openFiles)) of at most \(HumanText.count(status.openFilesMax))")
        var text = table.text
        for trouble in status.troubles {
            text += "\(trouble.isNote ? "note" : "offline"): \(trouble.topicPartition): \(trouble.reason)\n"
        }
        return text
    }

    private static func partitions(_ status: BrokerStatus) -> String {
        var text = HumanText.count(status.partitions)
        if status.partitionsRecovering > 0 { text += ", \(HumanText.count(status.partitionsRecovering)) recovering" }
        let offline = faults(status).count
        if offline > 0 { text += ", \(HumanText.count(offline)) offline" }
        return text
    }
}
