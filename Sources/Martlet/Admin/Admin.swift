public import Logging
public import MartletCore
internal import MartletProtocol

/// Manages topics and looks at the cluster. Any task or thread.
///
/// Changes are durable when their call returns. Calls are tried again over failures that may pass, until
/// ``ClientConfiguration/operationTimeout``; then they throw the last failure.
public final class Admin: Sendable {
    let core: ClientCore

    /// Makes an admin client; connections are made when they are needed.
    ///
    /// - Throws: ``MartletError/Code/invalidArgument`` for a setting that cannot be used.
    public init(_ configuration: ClientConfiguration, logger: Logger = Logger(label: "martlet.admin"))
        throws(MartletError)
    {
        core = try ClientCore(configuration: configuration, logger: logger)
    }

    deinit {
        core.close()
    }

    /// Closes the connections. Calls that wait fail. Idempotent.
    public func close() {
        core.close()
    }

    /// One request to any broker, over failures that may pass. `repeated` tells whether an attempt before this one
    /// may have been carried out without an answer.
    nonisolated(nonsending) func atAnyBroker<Value>(
        _ what: String, patience: Duration? = nil,
        _ body: (BrokerLink, _ repeated: Bool) async throws(MartletError) -> Value
    ) async throws(MartletError) -> Value {
        var attempts = 0
        return try await core.retrying(what) { () async throws(MartletError) in
            try await core.withAnyBroker(patience: patience) { (link) async throws(MartletError) in
                attempts += 1
                return try await body(link, attempts > 1)
            }
        }
    }
}

// MARK: - Topics

extension Admin {
    /// Creates a topic.
    ///
    /// - Parameters:
    ///   - partitions: At least 1; nil: the broker's `num.partitions`.
    ///   - replicas: At least 1; nil: the broker's default.
    ///   - settings: By name, as `retention.ms`; the rest has the broker's defaults.
    ///   - validateOnly: Checks everything, creates nothing.
    /// - Returns: The new topic's id.
    /// - Throws: ``MartletError/Code/refused(_:)`` with `topicAlreadyExists`, `invalidTopic`, `invalidPartitions`,
    ///   `invalidReplicationFactor`, `invalidConfig` or `limitReached`.
    @discardableResult
    nonisolated(nonsending) public func createTopic(
        _ name: String, partitions: Int32? = nil, replicas: Int32? = nil, settings: [String: String] = [:],
        validateOnly: Bool = false
    ) async throws(MartletError) -> TopicID {
        let request = CreateTopicsRequest(
            topics: [
                NewTopic(
                    name: Array(name.utf8), partitions: partitions ?? -1, replicationFactor: replicas ?? -1,
                    settings: settings.sorted { $0.key < $1.key }.map { TopicSetting($0.key, $0.value) })
            ], validateOnly: validateOnly)
        return try await atAnyBroker("creating topic \(name)") { (link, repeated) async throws(MartletError) in
            let response = try await link.call(TopicsClient.Method.createTopics, request, as: CreateTopicsResponse.self)
            let result = try one(response.topics, link)
            if repeated, result.error == ErrorCode.topicAlreadyExists.rawValue, let id = TopicID(bytes: result.topicID)
            {
                // By an attempt of ours that was not answered.
                return id
            }
            try check(result, link)
            return TopicID(bytes: result.topicID) ?? TopicID(high: 0, low: 0)
        }
    }

    /// Deletes a topic and its records.
    ///
    /// - Throws: ``MartletError/Code/refused(_:)`` with `unknownTopicOrPartition` when there is none.
    nonisolated(nonsending) public func deleteTopic(_ name: String) async throws(MartletError) {
        let request = DeleteTopicsRequest(names: [Array(name.utf8)])
        try await atAnyBroker("deleting topic \(name)") { (link, repeated) async throws(MartletError) in
            let response = try await link.call(TopicsClient.Method.deleteTopics, request, as: DeleteTopicsResponse.self)
            let result = try one(response.topics, link)
            if repeated, result.error == ErrorCode.unknownTopicOrPartition.rawValue { return }
            try check(result, link)
        }
    }

    /// All topics, sorted by name, without settings and sizes.
    nonisolated(nonsending) public func listTopics(includeInternal: Bool = false) async throws(MartletError)
        -> [TopicInfo]
    {
        try await describe(DescribeTopicsRequest(includeInternal: includeInternal)).sorted { $0.name < $1.name }
    }

    /// One topic with its settings, and with the extent of its partitions as far as the broker that answers has them.
    ///
    /// - Throws: ``MartletError/Code/refused(_:)`` with `unknownTopicOrPartition` when there is none.
    nonisolated(nonsending) public func describeTopic(_ name: String) async throws(MartletError) -> TopicInfo {
        let request = DescribeTopicsRequest(
            names: [Array(name.utf8)], withSettings: true, withSizes: true, includeInternal: true)
        guard let topic = try await describe(request).first else {
            throw MartletError(.protocolViolation, "the broker's answer leaves out topic \(name)")
        }
        return topic
    }

    nonisolated(nonsending) private func describe(_ request: DescribeTopicsRequest) async throws(MartletError)
        -> [TopicInfo]
    {
        try await core.retrying("describing topics") { () async throws(MartletError) in
            let (response, broker) = try await core.describe(request)
            var topics: [TopicInfo] = []
            for topic in response.topics {
                topics.append(try TopicInfo(topic, withSizes: request.withSizes, broker: broker))
            }
            return topics
        }
    }

    /// Changes settings of a topic, adds partitions, or both.
    ///
    /// - Parameters:
    ///   - set: New values, by name.
    ///   - reset: Names of settings that get the broker's default again.
    ///   - partitions: The new total; nil: as it is. It cannot shrink. Keys go to other partitions afterwards.
    ///   - validateOnly: Checks everything, changes nothing.
    /// - Throws: ``MartletError/Code/refused(_:)`` with `unknownTopicOrPartition`, `invalidConfig`,
    ///   `invalidPartitions` or `limitReached`.
    nonisolated(nonsending) public func alterTopic(
        _ name: String, set: [String: String] = [:], reset: [String] = [], partitions: Int32? = nil,
        validateOnly: Bool = false
    ) async throws(MartletError) {
        let request = AlterTopicRequest(
            name: Array(name.utf8), set: set.sorted { $0.key < $1.key }.map { TopicSetting($0.key, $0.value) },
            reset: reset.map { Array($0.utf8) }, partitions: partitions ?? 0, validateOnly: validateOnly)
        try await atAnyBroker("altering topic \(name)") { (link, _) async throws(MartletError) in
            let response = try await link.call(TopicsClient.Method.alterTopic, request, as: AlterTopicResponse.self)
            try check(try one(response.topic.map { [$0] } ?? [], link), link)
        }
    }

    private func one(_ results: [TopicResult], _ link: BrokerLink) throws(MartletError) -> TopicResult {
        guard results.count == 1 else {
            throw MartletError(.protocolViolation, "\(results.count) answers for one topic", broker: link.name)
        }
        return results[0]
    }

    private func check(_ result: TopicResult, _ link: BrokerLink) throws(MartletError) {
        guard result.error != ErrorCode.none.rawValue else { return }
        throw MartletError(answer: result.error, message: result.message, broker: link.name)
    }
}

// MARK: - Records and offsets

extension Admin {
    /// Looks up offsets: the ends of logs, or the first records at or after a time.
    ///
    /// - Returns: For each partition its offset; none for a time after the last record.
    nonisolated(nonsending) public func offsets(
        for specs: [TopicPartition: OffsetSpec]
    ) async throws(MartletError) -> [TopicPartition: FoundOffset] {
        try await core.offsets(for: specs)
    }

    /// Deletes the records of partitions that lie before an offset; nil: all that consumers can see.
    ///
    /// - Returns: For each partition the first offset that is still there.
    /// - Throws: ``MartletError/Code/refused(_:)`` with `offsetOutOfRange` for an offset past the high watermark.
    ///   Partitions that were answered for before it are done.
    @discardableResult
    nonisolated(nonsending) public func deleteRecords(
        before offsets: [TopicPartition: Offset?]
    ) async throws(MartletError) -> [TopicPartition: Offset] {
        try await core.atLeaders(Array(offsets.keys), "deleting records") { (link, items) async throws(MartletError) in
            let request = DeleteRecordsRequest(
                partitions: items.map { item in
                    DeleteRecordsPartition(
                        topicID: item.topicID.bytes, partition: item.topicPartition.partition,
                        beforeOffset: (offsets[item.topicPartition] ?? nil) ?? -1)
                })
            let response = try await link.call(
                TopicsClient.Method.deleteRecords, request, as: DeleteRecordsResponse.self)
            return response.partitions.map {
                LeaderAnswer(error: $0.error, message: $0.message, value: $0.logStartOffset)
            }
        }
    }
}

// MARK: - Cluster

extension Admin {
    /// The brokers of the cluster.
    nonisolated(nonsending) public func describeCluster() async throws(MartletError) -> ClusterInfo {
        try await core.retrying("describing the cluster") { () async throws(MartletError) in
            // A name that no topic can have: only the brokers are wanted.
            let (response, _) = try await core.describe(DescribeTopicsRequest(names: [[]]))
            return ClusterInfo(
                brokers: response.brokers.map(BrokerInfo.init).sorted { $0.id < $1.id },
                controller: response.controllerID >= 0 ? response.controllerID : nil)
        }
    }

    /// How a broker is doing: the one with this number, or, given none, the first that answers.
    nonisolated(nonsending) public func brokerStatus(_ broker: BrokerID? = nil) async throws(MartletError)
        -> BrokerStatus
    {
        if let broker, core.address(of: broker) == nil { _ = try await describeCluster() }
        return try await core.retrying("asking for a broker's status") { () async throws(MartletError) in
            if let broker { return try await status(at: try await core.link(to: broker, .control)) }
            return try await core.withAnyBroker(patience: ClientCore.lookupPatience) {
                (link) async throws(MartletError) in try await status(at: link)
            }
        }
    }

    nonisolated(nonsending) private func status(at link: BrokerLink) async throws(MartletError) -> BrokerStatus {
        BrokerStatus(
            try await link.call(ClusterClient.Method.brokerStatus, BrokerStatusRequest(), as: BrokerStatusResponse.self)
        )
    }
}

/// Runs `body` with an admin client, and closes it afterwards, whatever happens.
nonisolated(nonsending) public func withAdmin<Result>(
    _ configuration: ClientConfiguration, logger: Logger = Logger(label: "martlet.admin"),
    _ body: (Admin) async throws -> Result
) async throws -> Result {
    let admin = try Admin(configuration, logger: logger)
    defer { admin.close() }
    return try await body(admin)
}
