internal import MartletBroker
internal import MartletCore
internal import MartletProtocol

// Messages about groups, as the coordinator's values and back.

/// Checks of names that clients give themselves.
enum GroupName {
    static func member(_ bytes: [UInt8], _ field: String) throws(BrokerError) -> String {
        guard let name = try optional(bytes, field) else { throw BrokerError(.invalidRequest, "\(field) is empty") }
        return name
    }

    /// Nil when empty.
    static func optional(_ bytes: [UInt8], _ field: String) throws(BrokerError) -> String? {
        if bytes.isEmpty { return nil }
        guard bytes.count <= GroupLimits.idBytes, let name = String(validating: bytes, as: UTF8.self),
            name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw BrokerError(
                .invalidRequest, "\(field) has at most \(GroupLimits.idBytes) bytes of UTF-8 without control characters"
            )
        }
        return name
    }
}

extension GroupHeartbeat {
    init(
        _ request: HeartbeatRequest, memberID: String, instanceID: String?, host: String, maxWait: GroupTime
    ) throws(BrokerError) {
        self.init(
            memberID: memberID, memberEpoch: request.memberEpoch, assignmentVersion: request.assignmentVersion,
            owned: try request.owned.map { (list) throws(BrokerError) in Set(try list.partitions()) },
            subscription: try request.subscription.map { (message) throws(BrokerError) in
                try MartletBroker.GroupSubscription(message)
            },
            instanceID: instanceID, clientID: try GroupName.optional(request.clientID, "client_id") ?? "",
            clientHost: String(host.prefix(GroupLimits.idBytes / 4)),
            rebalanceTimeout: GroupTime(request.rebalanceTimeoutMs), assignor: try Self.assignor(request.assignor),
            maxWait: maxWait)
    }

    private static func assignor(_ bytes: [UInt8]) throws(BrokerError) -> AssignorName? {
        if bytes.isEmpty { return nil }
        let name = String(wire: bytes)
        guard let assignor = AssignorName(rawValue: name) else { throw AssignorName.unsupported(name) }
        return assignor
    }
}

extension MartletBroker.GroupSubscription {
    init(_ message: MartletProtocol.GroupSubscription) throws(BrokerError) {
        guard message.topics.count <= GroupLimits.subscribedTopics else {
            throw BrokerError(
                .limitReached, "a member subscribes to at most \(GroupLimits.subscribedTopics) topics by name")
        }
        var topics: [String] = []
        for bytes in message.topics {
            do throws(TopicNameError) {
                topics.append(try TopicName.decode(bytes))
            } catch {
                throw BrokerError(.invalidTopic, "\(error)")
            }
        }
        guard message.pattern.count <= GroupLimits.patternBytes else {
            throw BrokerError(
                .invalidRegularExpression,
                "the pattern has \(message.pattern.count) bytes; at most \(GroupLimits.patternBytes)")
        }
        self.init(topics: topics, pattern: message.pattern.isEmpty ? nil : String(wire: message.pattern))
    }
}

extension GroupPartitionList {
    func partitions() throws(BrokerError) -> [TopicIDPartition] {
        var all: [TopicIDPartition] = []
        for topic in topics {
            guard let id = TopicID(bytes: topic.topicID) else {
                throw BrokerError(.invalidRequest, "a topic_id has \(topic.topicID.count) bytes; it has to be 16")
            }
            all += topic.partitions.map { TopicIDPartition(topicID: id, partition: $0) }
        }
        return all
    }
}

extension [GroupPartitions] {
    /// Sorted, topic by topic.
    init(_ partitions: some Collection<TopicIDPartition>, topics: TopicCatalog) {
        self = []
        for partition in partitions.sorted() {
            if let last, last.topicID == partition.topicID.bytes {
                self[count - 1].partitions.append(partition.partition)
            } else {
                append(
                    GroupPartitions(
                        topicID: partition.topicID.bytes, partitions: [partition.partition],
                        topic: Array<UInt8>((topics.name(of: partition.topicID) ?? "").utf8)))
            }
        }
    }
}

extension HeartbeatResponse {
    init(_ answer: GroupAnswer, topics: TopicCatalog) {
        self.init()
        switch answer {
        case .heartbeat(let answer):
            memberEpoch = answer.memberEpoch
            assignmentVersion = answer.assignmentVersion
            assignment = answer.assignment.map { GroupPartitionList(topics: [GroupPartitions]($0, topics: topics)) }
            sessionTimeoutMs = UInt32(clamping: answer.sessionTimeout)
            heartbeatIntervalMs = UInt32(clamping: answer.heartbeatInterval)
        case .failure(let failure):
            error = failure.code.rawValue
            message = failure.message
        case .done, .commit, .offsets, .description: break
        }
    }
}

extension OffsetCommit {
    init(_ request: CommitOffsetsRequest) throws(BrokerError) {
        guard request.partitions.count <= GroupLimits.commitPartitions else {
            throw BrokerError(
                .invalidCommitOffsetSize,
                "a commit of \(request.partitions.count) partitions; at most \(GroupLimits.commitPartitions)")
        }
        var sender: Sender?
        if let memberID = try GroupName.optional(request.memberID, "member_id") {
            sender = Sender(
                memberID: memberID, memberEpoch: request.memberEpoch,
                instanceID: try GroupName.optional(request.instanceID, "instance_id"), sequence: request.sequence)
        }
        var items: [Item] = []
        items.reserveCapacity(request.partitions.count)
        var metadataBytes = 0
        for partition in request.partitions {
            guard let id = TopicID(bytes: partition.topicID) else {
                throw BrokerError(.invalidRequest, "a topic_id has \(partition.topicID.count) bytes; it has to be 16")
            }
            metadataBytes += partition.metadata.count
            items.append(
                Item(
                    partition: TopicIDPartition(topicID: id, partition: partition.partition), offset: partition.offset,
                    leaderEpoch: partition.leaderEpoch, metadata: partition.metadata))
        }
        guard metadataBytes <= GroupLimits.commitMetadataBytes else {
            throw BrokerError(
                .invalidCommitOffsetSize,
                "a commit with \(metadataBytes) bytes of metadata; at most \(GroupLimits.commitMetadataBytes)")
        }
        self.init(sender: sender, items: items)
    }
}

extension CommitOffsetsResponse {
    init(_ answer: GroupAnswer) {
        self.init()
        switch answer {
        case .commit(let results):
            partitions = results.map {
                CommitOffsetsPartitionResult(error: $0?.code.rawValue ?? 0, message: $0?.message ?? "")
            }
        case .failure(let failure):
            error = failure.code.rawValue
            message = failure.message
        case .done, .heartbeat, .offsets, .description: break
        }
    }
}

extension FetchOffsetsResponse {
    init(_ answer: GroupAnswer) {
        self.init()
        switch answer {
        case .offsets(let offsets):
            partitions = offsets.map {
                FetchOffsetsPartitionResult(
                    topicID: $0.partition.topicID.bytes, partition: $0.partition.partition,
                    offset: $0.committed?.offset ?? -1, leaderEpoch: $0.committed?.leaderEpoch ?? -1,
                    metadata: $0.committed?.metadata ?? [], commitTimeMs: $0.committed?.commitTime ?? -1)
            }
        case .failure(let failure):
            error = failure.code.rawValue
            message = failure.message
        case .done, .heartbeat, .commit, .description: break
        }
    }
}

extension MartletProtocol.GroupDescription {
    init(_ name: [UInt8], _ answer: GroupAnswer, topics: TopicCatalog) {
        self.init(group: name)
        switch answer {
        case .description(let description):
            state = Array(description.state.rawValue.utf8)
            groupEpoch = description.groupEpoch
            assignor = Array(description.assignor.rawValue.utf8)
            members = description.members.map { GroupMemberDescription($0, topics: topics) }
            settings = zip(GroupSettings.names, description.settings.values(assignor: description.assignor)).map {
                GroupSetting(name: Array($0.utf8), value: Array($1.utf8))
            }
        case .failure(let failure):
            error = failure.code.rawValue
            message = failure.message
        case .done, .heartbeat, .commit, .offsets: break
        }
    }
}

extension GroupMemberDescription {
    init(_ member: MartletBroker.GroupDescription.Member, topics: TopicCatalog) {
        self.init(
            memberID: Array(member.memberID.utf8), instanceID: Array((member.instanceID ?? "").utf8),
            clientID: Array(member.clientID.utf8), clientHost: Array(member.clientHost.utf8),
            memberEpoch: member.memberEpoch,
            subscription: MartletProtocol.GroupSubscription(
                topics: member.subscription.topics.map { Array($0.utf8) },
                pattern: Array((member.subscription.pattern ?? "").utf8)),
            assigned: [GroupPartitions](member.assigned, topics: topics),
            revoking: [GroupPartitions](member.revoking, topics: topics),
            target: [GroupPartitions](member.target, topics: topics))
    }
}

extension GroupResult {
    init(_ name: [UInt8], _ answer: GroupAnswer) {
        self.init(group: name)
        if case .failure(let failure) = answer {
            error = failure.code.rawValue
            message = failure.message
        }
    }
}
