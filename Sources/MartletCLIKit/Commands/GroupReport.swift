package import Martlet

/// What `group describe` prints.
package struct GroupReport {
    private let group: GroupInfo
    private let progress: [GroupProgress]
    private let now: TimestampMs

    package init(_ group: GroupInfo, _ progress: [GroupProgress], now: TimestampMs) {
        self.group = group
        self.progress = progress
        self.now = now
    }

    /// The sum over all partitions; nil when one is not known.
    private var lag: Int64? {
        progress.reduce(Int64?(0)) { sum, partition in partition.lag.flatMap { lag in sum.map { $0 + lag } } }
    }

    /// Of the partition that is furthest behind; nil when one is not known.
    private var behind: Duration? {
        progress.reduce(Duration?(.zero)) { longest, partition in
            partition.behind(at: now).flatMap { behind in longest.map { max($0, behind) } }
        }
    }

    // MARK: For people

    package var text: String {
        var text =
            "Group \(group.name) is \(group.state), at epoch \(group.epoch), coordinated by "
            + "\(group.coordinator)\n"
        text += group.settings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + "\n"
        if !group.members.isEmpty { text += "\n" + members.text + moves }
        if !progress.isEmpty { text += "\n" + partitions.text }
        if let lag, progress.count > 1, lag > 0 {
            text += "\nTogether \(HumanText.plural(lag, "record")) behind"
            text += (behind.map { ", at most \(HumanText.duration($0))" } ?? "") + "\n"
        }
        return text
    }

    private var members: TextTable {
        var table = TextTable([
            .left("MEMBER"), .left("INSTANCE"), .left("CLIENT"), .left("HOST"), .right("EPOCH"), .left("WANTS"),
            .left("READS"),
        ])
        for member in group.members {
            let wants = member.topics + (member.pattern.map { ["/\($0)/"] } ?? [])
            table.add(
                member.memberID, member.instanceID ?? "-", member.clientID, member.clientHost, "\(member.epoch)",
                wants.joined(separator: ","), PartitionRanges.text(member.assigned))
        }
        return table
    }

    /// What is on its way from one member to another.
    private var moves: String {
        var text = ""
        for member in group.members {
            if !member.revoking.isEmpty {
                text += "\(member.memberID) has yet to let go of \(PartitionRanges.text(member.revoking))\n"
            }
            let missing = Set(member.target).subtracting(member.assigned).sorted()
            if !missing.isEmpty { text += "\(member.memberID) is to get \(PartitionRanges.text(missing))\n" }
        }
        return text.isEmpty ? "" : "\n" + text
    }

    private var partitions: TextTable {
        var table = TextTable([
            .left("TOPIC"), .right("PARTITION"), .right("COMMITTED"), .right("END"), .right("LAG"), .right("BEHIND"),
            .left("MEMBER"),
        ])
        for partition in progress {
            table.add(
                partition.topicPartition.topic, "\(partition.topicPartition.partition)",
                partition.committed.map { "\($0)" } ?? "-", "\(partition.end)", partition.lag.map { "\($0)" } ?? "-",
                partition.behind(at: now).map(HumanText.duration) ?? "-", partition.memberID ?? "-")
        }
        return table
    }

    // MARK: For programs

    package var json: String {
        var object = JSONObject()
        object.add("group", group.name)
        object.add("state", "\(group.state)")
        object.add("epoch", group.epoch)
        object.add("assignor", group.assignor)
        object.add("coordinator", group.coordinator)
        object.add("settings", texts: group.settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        object.add("members", objects: group.members) { object, member in
            object.add("member_id", member.memberID)
            object.add("instance_id", member.instanceID)
            object.add("client_id", member.clientID)
            object.add("client_host", member.clientHost)
            object.add("epoch", member.epoch)
            object.add("topics", strings: member.topics)
            object.add("pattern", member.pattern)
            for (name, partitions) in [
                ("assigned", member.assigned), ("revoking", member.revoking), ("target", member.target),
            ] as [(StaticString, [TopicPartition])] {
                object.add(name, objects: partitions) { object, partition in
                    object.add("topic", partition.topic)
                    object.add("partition", partition.partition)
                }
            }
        }
        object.add("partitions", objects: progress) { object, partition in
            object.add("topic", partition.topicPartition.topic)
            object.add("partition", partition.topicPartition.partition)
            object.add("member_id", partition.memberID)
            object.add("committed", partition.committed)
            object.add("start", partition.start)
            object.add("end", partition.end)
            object.add("lag", partition.lag)
            object.add("lag_seconds", seconds: partition.behind(at: now))
        }
        object.add("lag", lag)
        object.add("lag_seconds", seconds: behind)
        return object.line()
    }
}
