internal import MartletCore
internal import MartletProtocol

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

extension GroupState {
    init(wire: [UInt8]) {
        switch text(wire) {
        case "empty": self = .empty
        case "reconciling": self = .reconciling
        case "stable": self = .stable
        case let other: self = .other(other)
        }
    }
}

extension GroupSummary {
    init(_ group: ListedGroup) {
        self.init(
            name: text(group.group), state: GroupState(wire: group.state), assignor: text(group.assignor),
            memberCount: Int(group.members))
    }
}

extension GroupInfo {
    init(_ description: GroupDescription, coordinator: String) {
        self.init(
            name: text(description.group), state: GroupState(wire: description.state), epoch: description.groupEpoch,
            assignor: text(description.assignor), members: description.members.map(GroupMemberInfo.init),
            settings: Dictionary(
                description.settings.map { (text($0.name), text($0.value)) }, uniquingKeysWith: { $1 }),
            coordinator: coordinator)
    }
}

extension GroupMemberInfo {
    init(_ member: GroupMemberDescription) {
        let pattern = text(member.subscription?.pattern ?? [])
        self.init(
            memberID: text(member.memberID), instanceID: member.instanceID.isEmpty ? nil : text(member.instanceID),
            clientID: text(member.clientID), clientHost: text(member.clientHost), epoch: member.memberEpoch,
            topics: (member.subscription?.topics ?? []).map(text), pattern: pattern.isEmpty ? nil : pattern,
            assigned: member.assigned.topicPartitions, revoking: member.revoking.topicPartitions,
            target: member.target.topicPartitions)
    }
}

extension [GroupPartitions] {
    /// By name; those of topics that were deleted are left out.
    fileprivate var topicPartitions: [TopicPartition] {
        filter { !$0.topic.isEmpty }.flatMap { topic in
            topic.partitions.map { TopicPartition(topic: text(topic.topic), partition: $0) }
        }
        .sorted()
    }
}

extension GroupSetting {
    init(_ name: String, _ value: String) {
        self.init(name: Array(name.utf8), value: Array(value.utf8))
    }
}
