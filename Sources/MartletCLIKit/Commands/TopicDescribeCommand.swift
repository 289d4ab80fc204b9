internal import ArgumentParser
internal import Martlet

struct TopicDescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show a topic's partitions, leaders, sizes and settings.")

    @Argument(help: "The topic.")
    var name: String

    @Flag(name: .long, help: "Say what each setting means.")
    var explain = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let topic = try await client.withAdmin { try await $0.describeTopic(name) }
        try StandardOutput.print(output.json ? Self.json(topic) : Self.text(topic, explained: explain))
    }

    static func json(_ topic: TopicInfo) -> String {
        var object = JSONObject()
        object.add("topic", topic.name)
        object.add("id", "\(topic.id)")
        object.add("internal", topic.isInternal)
        object.add("partitions", objects: topic.partitions) { object, partition in
            object.add("partition", partition.partition)
            object.add("leader", partition.leader)
            object.add("leader_epoch", partition.leaderEpoch)
            object.add("replicas", numbers: partition.replicas)
            object.add("in_sync_replicas", numbers: partition.inSyncReplicas)
            object.add("target_replicas", numbers: partition.targetReplicas)
            object.add("last_unclean_epoch", partition.lastUncleanEpoch)
            object.add("log_start_offset", partition.sizes?.logStart)
            object.add("high_watermark", partition.sizes?.highWatermark)
            object.add("log_end_offset", partition.sizes?.logEnd)
            object.add("size_bytes", partition.sizes?.bytes)
            object.add("offline_reason", partition.offlineReason)
        }
        object.add("settings", texts: topic.settings.map { ($0.name, $0.value) })
        object.add("overridden", objects: topic.settings.filter { !$0.isDefault }) { object, setting in
            object.add("name", setting.name)
            object.add("value", setting.value)
        }
        return object.line()
    }

    static func text(_ topic: TopicInfo, explained: Bool) -> String {
        var text = "Topic \(topic.name), id \(topic.id), \(HumanText.plural(topic.partitions.count, "partition"))"
        text += topic.isInternal ? ", the cluster's own\n\n" : "\n\n"
        text += partitions(topic).text
        for partition in topic.partitions {
            if let reason = partition.offlineReason {
                text += "\nPartition \(partition.partition) is offline: \(reason)\n"
            }
            if !partition.targetReplicas.isEmpty {
                text += "\nPartition \(partition.partition) is moving to brokers \(list(partition.targetReplicas))\n"
            }
            if let epoch = partition.lastUncleanEpoch {
                text +=
                    "\nPartition \(partition.partition) may have lost records: the leader of epoch \(epoch) was not in sync\n"
            }
        }
        guard !topic.settings.isEmpty else { return text }
        var settings = TextTable(
            [.left("SETTING"), .left("VALUE"), .left("FROM")] + (explained ? [.left("MEANING")] : []))
        for setting in topic.settings {
            let from = setting.isDefault ? "default" : "topic"
            if explained {
                settings.add(setting.name, setting.value, from, setting.documentation)
            } else {
                settings.add(setting.name, setting.value, from)
            }
        }
        return text + "\n" + settings.text
    }

    private static func partitions(_ topic: TopicInfo) -> TextTable {
        var table = TextTable([
            .right("PARTITION"), .right("LEADER"), .right("EPOCH"), .left("REPLICAS"), .left("IN SYNC"),
            .right("START"),
            .right("END"), .right("SIZE"),
        ])
        for partition in topic.partitions {
            table.add(
                "\(partition.partition)", partition.leader.map { "\($0)" } ?? "none", "\(partition.leaderEpoch)",
                list(partition.replicas), list(partition.inSyncReplicas),
                partition.sizes.map { "\($0.logStart)" } ?? "?", partition.sizes.map { "\($0.highWatermark)" } ?? "?",
                partition.sizes.map { HumanText.bytes($0.bytes) } ?? "?")
        }
        return table
    }

    private static func list(_ brokers: [BrokerID]) -> String {
        brokers.map { "\($0)" }.joined(separator: ",")
    }
}
