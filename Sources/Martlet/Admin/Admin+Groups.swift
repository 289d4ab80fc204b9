public import MartletCore
internal import MartletProtocol

// Consumer groups.

extension Admin {
    /// All groups of the cluster, sorted by name: those with members, committed offsets or settings. One call to every
    /// broker.
    nonisolated(nonsending) public func listGroups() async throws(MartletError) -> [GroupSummary] {
        try await core.retrying("listing the groups") { () async throws(MartletError) in
            var groups: [GroupSummary] = []
            for broker in try await describeCluster().brokers {
                let link = try await core.link(to: broker.address, .control)
                let response = try await link.call(
                    GroupsClient.Method.listGroups, ListGroupsRequest(), as: ListGroupsResponse.self)
                try Self.check(response.error, response.message, link)
                groups += response.groups.map(GroupSummary.init)
            }
            return groups.sorted { $0.name < $1.name }
        }
    }

    /// One group: its members, what they have, and its settings.
    ///
    /// - Throws: ``MartletError/Code/refused(_:)`` with `groupIDNotFound` when there is none.
    nonisolated(nonsending) public func describeGroup(_ name: String) async throws(MartletError) -> GroupInfo {
        try await core.atCoordinator(of: name, "describing group \(name)") { (link) async throws(MartletError) in
            let response = try await link.call(
                GroupsClient.Method.describeGroups, DescribeGroupsRequest(groups: [Array(name.utf8)]),
                as: DescribeGroupsResponse.self)
            let group = try Self.one(response.groups, link)
            try Self.check(group.error, group.message, link)
            return GroupInfo(group, coordinator: link.name)
        }
    }

    /// Deletes a group and its committed offsets.
    ///
    /// - Throws: ``MartletError/Code/refused(_:)`` with `groupIDNotFound` when there is none, `nonEmptyGroup` when it
    ///   has members.
    nonisolated(nonsending) public func deleteGroup(_ name: String) async throws(MartletError) {
        var attempts = 0
        try await core.atCoordinator(of: name, "deleting group \(name)") { (link) async throws(MartletError) in
            attempts += 1
            let response = try await link.call(
                GroupsClient.Method.deleteGroups, DeleteGroupsRequest(groups: [Array(name.utf8)]),
                as: DeleteGroupsResponse.self)
            let result = try Self.one(response.groups, link)
            // By an attempt of ours that was not answered.
            if attempts > 1, result.error == ErrorCode.groupIDNotFound.rawValue { return }
            try Self.check(result.error, result.message, link)
        }
    }

    /// Changes a group's settings; a group that is not there is created, empty.
    ///
    /// - Parameters:
    ///   - set: New values, by name: `session.timeout.ms`, `heartbeat.interval.ms`, `assignor`.
    ///   - reset: Names of settings that get their default again.
    /// - Throws: ``MartletError/Code/refused(_:)`` with `invalidConfig` or `unsupportedAssignor`.
    nonisolated(nonsending) public func alterGroup(
        _ name: String, set: [String: String] = [:], reset: [String] = []
    ) async throws(MartletError) {
        let request = AlterGroupRequest(
            group: Array(name.utf8), set: set.sorted { $0.key < $1.key }.map { GroupSetting($0.key, $0.value) },
            reset: reset.map { Array($0.utf8) })
        try await core.atCoordinator(of: name, "altering group \(name)") { (link) async throws(MartletError) in
            let response = try await link.call(GroupsClient.Method.alterGroup, request, as: AlterGroupResponse.self)
            let result = try Self.one(response.group.map { [$0] } ?? [], link)
            try Self.check(result.error, result.message, link)
        }
    }

    static func one<Answer>(_ answers: [Answer], _ link: BrokerLink) throws(MartletError) -> Answer {
        guard answers.count == 1 else {
            throw MartletError(.protocolViolation, "\(answers.count) answers for one group", broker: link.name)
        }
        return answers[0]
    }

    static func check(_ error: Int32, _ message: String, _ link: BrokerLink) throws(MartletError) {
        guard error != ErrorCode.none.rawValue else { return }
        throw MartletError(answer: error, message: message, broker: link.name)
    }
}

// MARK: - Offsets

extension Admin {
    /// What a group has committed, and is durable. Nothing for a group that is not there.
    nonisolated(nonsending) public func committedOffsets(
        of group: String
    ) async throws(MartletError) -> [TopicPartition: CommittedOffset] {
        let what = "reading the offsets of group \(group)"
        let results = try await core.atCoordinator(of: group, what) { (link) async throws(MartletError) in
            let response = try await link.call(
                GroupsClient.Method.fetchOffsets, FetchOffsetsRequest(group: Array(group.utf8)),
                as: FetchOffsetsResponse.self)
            try Self.check(response.error, response.message, link)
            return response.partitions
        }
        guard !results.isEmpty else { return [:] }
        let topics = try await listTopics(includeInternal: true)
        let names = Dictionary(topics.map { ($0.id.bytes, $0.name) }, uniquingKeysWith: { $1 })
        var offsets: [TopicPartition: CommittedOffset] = [:]
        for result in results where result.offset >= 0 {
            // A topic without name was deleted just now; its offsets follow.
            guard let topic = names[result.topicID] else { continue }
            offsets[TopicPartition(topic: topic, partition: result.partition)] = CommittedOffset(
                offset: result.offset, leaderEpoch: result.leaderEpoch, metadata: result.metadata,
                commitTime: result.commitTimeMs)
        }
        return offsets
    }

    /// Sets where a group goes on, for a group without members; one that is not there is made. All partitions are kept
    /// together or, when the call fails, some of them may be.
    ///
    /// - Parameter offsets: For each partition the next one to read; not past the end of its log.
    /// - Throws: ``MartletError/Code/refused(_:)`` with `nonEmptyGroup`, `offsetOutOfRange`,
    ///   `unknownTopicOrPartition` or `invalidGroupID`.
    nonisolated(nonsending) public func resetOffsets(
        of group: String, to offsets: [TopicPartition: Offset]
    ) async throws(MartletError) {
        guard !offsets.isEmpty else { return }
        var ids: [String: TopicID] = [:]
        for topic in Set(offsets.keys.map(\.topic)).sorted() { ids[topic] = try await core.topic(topic).id }
        let items = offsets.sorted { $0.key < $1.key }
        let request = CommitOffsetsRequest(
            group: Array(group.utf8), memberEpoch: -1,
            partitions: items.map { partition, offset in
                CommitOffsetsPartition(
                    topicID: ids[partition.topic]?.bytes ?? [], partition: partition.partition, offset: offset,
                    leaderEpoch: -1)
            })
        let what = "setting the offsets of group \(group)"
        try await core.atCoordinator(of: group, what) { (link) async throws(MartletError) in
            let response = try await link.call(
                GroupsClient.Method.commitOffsets, request, as: CommitOffsetsResponse.self)
            try Self.check(response.error, response.message, link)
            guard response.partitions.count == items.count else {
                throw MartletError(
                    .protocolViolation, "\(what): \(response.partitions.count) answers for \(items.count) partitions",
                    broker: link.name)
            }
            for (item, result) in zip(items, response.partitions) where result.error != ErrorCode.none.rawValue {
                throw MartletError(
                    answer: result.error, message: result.message, broker: link.name, topicPartition: item.key)
            }
        }
    }
}
