internal import Martlet
internal import MartletCore

extension ClusterSurvey {
    var text: String {
        [heading, storeText, brokers.text, partitions, troubles].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var heading: String {
        var text = "Cluster \(overview.clusterID)"
        if overview.isSingle {
            text += ", a single broker"
        } else {
            text += ", controller " + (overview.controller.map { "\($0)" } ?? "none at present")
        }
        return text + ", metadata revision \(overview.metadataRevision)\n"
    }

    private var storeText: String {
        let store = overview.store
        var text = "Metadata store: \(store.kind), \(store.isAvailable ? "available" : "AWAY")\n"
        var table = TextTable([.left(""), .left(""), .left(""), .right(""), .left("")])
        for member in store.members {
            let state = member.isReachable ? (member.isLeader ? "leader" : "up") : "DOWN"
            let size = member.sizeBytes.map { "\(HumanText.bytes($0))" } ?? ""
            table.add("  \(member.name)", state, member.version, size, member.troubles.joined(separator: "; "))
        }
        text += table.text
        for trouble in store.troubles { text += "  \(trouble)\n" }
        return text
    }

    private var brokers: TextTable {
        var table = TextTable([
            .right("BROKER"), .left("ADDRESS"), .left("RACK"), .left("STATE"), .right("LEADS"), .right("REPLICAS"),
            .right("IN SYNC"), .right("USED"), .right("FREE"), .right("UP FOR"),
        ])
        for broker in overview.brokers {
            let status = statuses[broker.broker.id]
            table.add(
                "\(broker.broker.id)", "\(broker.broker.address)", broker.rack.isEmpty ? "-" : broker.rack,
                state(broker), HumanText.count(broker.leaders), HumanText.count(broker.replicas),
                HumanText.count(broker.inSync), status.map { HumanText.bytes($0.diskUsedBytes) } ?? "?",
                status.map { HumanText.bytes($0.diskFreeBytes) } ?? "?",
                status.map { HumanText.duration($0.uptime) } ?? "?")
        }
        return table
    }

    func state(_ broker: ClusterBroker) -> String {
        guard broker.isAlive else { return "down" }
        var words: [String] = []
        if broker.isFenced { words.append("fenced") }
        if broker.isStopping { words.append("stopping") }
        if broker.isDraining { words.append("draining") }
        if statuses[broker.broker.id]?.isDiskFull == true { words.append("DISK FULL") }
        if silent[broker.broker.id] != nil { words.append("does not answer") }
        return words.isEmpty ? "up" : words.joined(separator: ", ")
    }

    private var partitions: String {
        let offline = overview.troubled.count { $0.leader == nil }
        let belowMin = overview.troubled.count { $0.leader != nil && $0.inSyncReplicas.count < $0.minInSync }
        var parts = [
            "\(HumanText.plural(overview.topics, "topic"))", HumanText.plural(overview.partitions, "partition"),
            "\(HumanText.count(offline)) offline",
            "\(HumanText.count(overview.troubled.count - offline)) under-replicated",
        ]
        if belowMin > 0 { parts.append("\(HumanText.count(belowMin)) below min.insync.replicas") }
        if overview.partitionsMoving > 0 { parts.append("\(HumanText.count(overview.partitionsMoving)) moving") }
        if overview.partitionsNotPreferred > 0 {
            parts.append("\(HumanText.count(overview.partitionsNotPreferred)) not led by their preferred replica")
        }
        return parts.joined(separator: ", ") + "\n"
    }

    /// A broker that is down may leave thousands of partitions in trouble: those beyond are counted only.
    private static let troubledShown = 20

    private var troubles: String {
        var text = ""
        // What is offline comes first.
        let troubled = overview.troubled.filter { $0.leader == nil } + overview.troubled.filter { $0.leader != nil }
        for partition in troubled.prefix(Self.troubledShown) {
            let what =
                partition.leader.map { "is led by \($0)" } ?? "is OFFLINE: no replica that is in sync is up"
            text +=
                "\(partition.topicPartition) \(what), epoch \(partition.leaderEpoch), replicas "
                + "\(BrokerList.text(partition.replicas)), in sync \(BrokerList.text(partition.inSyncReplicas))\n"
            for broker in partition.replicas {
                text += "  broker \(broker): \(replica(partition, broker))\n"
            }
        }
        if troubled.count > Self.troubledShown {
            text += "and \(HumanText.count(troubled.count - Self.troubledShown)) more; --json tells all\n"
        }
        for (id, reason) in silent.sorted(by: { $0.key < $1.key }) {
            text += "broker \(id) does not answer: \(reason)\n"
        }
        for (id, status) in statuses.sorted(by: { $0.key < $1.key }) {
            for trouble in status.troubles {
                text += "\(trouble.isNote ? "note: " : "")broker \(id), \(trouble.topicPartition): \(trouble.reason)\n"
            }
        }
        return text
    }

    private func replica(_ partition: TroubledPartition, _ broker: BrokerID) -> String {
        guard let replica = replicas[partition.topicPartition]?[broker] else {
            return statuses[broker] == nil ? "does not answer" : "has no replica (yet)"
        }
        var position = "last epoch \(replica.lastEpoch), end \(replica.logEnd), durable to \(replica.durable)"
        if let missing = recordsMissing(partition, broker), missing > 0 {
            position += ", lacks \(HumanText.plural(missing, "record"))"
        }
        return replica.trouble.map { "\(position); \($0)" } ?? position
    }
}
