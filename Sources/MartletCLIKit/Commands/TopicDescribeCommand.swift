internal import ArgumentParser
internal import Martlet

struct TopicDescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show a topic's partitions, leaders, sizes and settings.",
        discussion: """
            START is the first offset that is kept, END the first one that consumers do not see yet, LAG how many records the \
            follower that is furthest behind has still to get of its leader.
            """)

    @Argument(help: "The topic.")
    var name: String

    @Flag(name: .long, help: "Say what each setting means.")
    var explain = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let (topic, replication) = try await client.withAdmin { admin in
            let topic = try await admin.describeTopic(name)
            return (topic, await TopicReplication.ask(topic, admin))
        }
        try StandardOutput.print(
            output.json ? Self.json(topic, replication) : Self.text(topic, replication, explained: explain))
    }

    static func json(_ topic: TopicInfo, _ replication: TopicReplication) -> String {
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
            let sizes = replication.sizes(of: partition)
            object.add("log_start_offset", sizes?.logStart)
            object.add("high_watermark", sizes?.highWatermark)
            object.add("log_end_offset", sizes?.logEnd)
            object.add("size_bytes", sizes?.bytes)
            object.add("followers", objects: replication.followers(of: partition)) { object, follower in
                object.add("broker", follower.broker)
                object.add("in_sync", follower.isInSync)
                object.add("log_end_offset", follower.logEnd)
                object.add("records_missing", follower.recordsMissing)
                object.add("behind_seconds", seconds: follower.behind)
            }
            object.add("offline_reason", partition.offlineReason)
        }
        object.add("settings", texts: topic.settings.map { ($0.name, $0.value) })
        object.add("overridden", objects: topic.settings.filter { !$0.isDefault }) { object, setting in
            object.add("name", setting.name)
            object.add("value", setting.value)
        }
        return object.line()
    }

    static func text(_ topic: TopicInfo, _ replication: TopicReplication, explained: Bool) -> String {
        var text = "Topic \(topic.name), id \(topic.id), \(HumanText.plural(topic.partitions.count, "partition"))"
        text += topic.isInternal ? ", the cluster's own\n\n" : "\n\n"
        text += partitions(topic, replication).text
        for partition in topic.partitions {
            for follower in replication.followers(of: partition) where !follower.isInSync {
                text += "\nPartition \(partition.partition): \(sentence(follower))\n"
            }
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

    private static func partitions(_ topic: TopicInfo, _ replication: TopicReplication) -> TextTable {
        let hasFollowers = topic.partitions.contains { $0.replicas.count > 1 }
        var columns: [TextTable.Column] = [
            .right("PARTITION"), .right("LEADER"), .right("EPOCH"), .left("REPLICAS"), .left("IN SYNC"),
            .right("START"), .right("END"), .right("SIZE"),
        ]
        if hasFollowers { columns.append(.right("LAG")) }
        var table = TextTable(columns)
        for partition in topic.partitions {
            var cells = [
                "\(partition.partition)", partition.leader.map { "\($0)" } ?? "none", "\(partition.leaderEpoch)",
                list(partition.replicas), list(partition.inSyncReplicas),
            ]
            if let sizes = replication.sizes(of: partition) {
                cells += ["\(sizes.logStart)", "\(sizes.highWatermark)", HumanText.bytes(sizes.bytes)]
            } else {
                cells += ["?", "?", "?"]
            }
            if hasFollowers { cells.append(lag(partition, replication)) }
            table.add(cells)
        }
        return table
    }

    private static func lag(_ partition: PartitionInfo, _ replication: TopicReplication) -> String {
        guard partition.replicas.count > 1 else { return "-" }
        return replication.lag(of: partition).map { "\($0)" } ?? "?"
    }

    private static func sentence(_ follower: TopicReplication.Follower) -> String {
        guard let missing = follower.recordsMissing else {
            return "broker \(follower.broker) is not in sync, and has not fetched from this leader"
        }
        if missing == 0 {
            let time = follower.behind.map { " for \(HumanText.duration($0))" } ?? ""
            return "broker \(follower.broker) is not in sync: it lacks nothing, but has not asked for more\(time)"
        }
        let time = follower.behind.map { ", and has not had all for \(HumanText.duration($0))" } ?? ""
        return "broker \(follower.broker) is not in sync: it lacks \(HumanText.plural(missing, "record"))\(time)"
    }

    private static func list(_ brokers: [BrokerID]) -> String {
        brokers.map { "\($0)" }.joined(separator: ",")
    }
}
