internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// Works out what a change of topics writes to the metadata store: a pure function of an image and the wish.
///
/// A topic counts from the transaction that writes its record. Partitions that do not fit into one transaction with it
/// are written before it, and removed after it.
struct TopicPlanner {
    let image: ClusterImage
    let settings: BrokerSettings
    let transactionKeysMax: Int

    /// What a topic without an own value of a setting gets.
    static func defaults(_ image: ClusterImage, _ settings: BrokerSettings) -> [String: String] {
        settings.topicDefaults.merging(clusterDefaults(image)) { _, cluster in cluster }
    }

    /// Of what is set for the cluster, the part that topics take.
    static func clusterDefaults(_ image: ClusterImage) -> [String: String] {
        guard let settings = image.defaults?.settings else { return [:] }
        return settings[ClusterPlanner.throttleName] == nil
            ? settings : settings.filter { $0.key != ClusterPlanner.throttleName }
    }

    // MARK: Creating

    /// A topic that is to be, with its partitions placed.
    struct Creation {
        var topic: TopicRecord
        var partitions: [PartitionRecord]
    }

    /// Brokers to place on, with what they have. O(partitions).
    var placement: ReplicaPlacement {
        ReplicaPlacement(over: image, needingSession: settings.isClustered)
    }

    /// Names of the broker's own topics pass only when it creates them itself.
    func create(
        _ topic: NewTopic, id: TopicID, isInternal: Bool = false
    ) throws(BrokerError) -> [MetadataTransaction] {
        var placement = placement
        return transactions([try creation(topic, id: id, isInternal: isInternal, on: &placement)])
    }

    /// - Parameter others: partitions that other topics of the same call bring.
    func creation(
        _ topic: NewTopic, id: TopicID, isInternal: Bool = false, beside others: Int = 0,
        on placement: inout ReplicaPlacement
    ) throws(BrokerError) -> Creation {
        try checkName(topic.name, isInternal: isInternal)
        if image.topics[topic.name] != nil {
            throw BrokerError(.topicAlreadyExists, "there is a topic \(topic.name) already")
        }
        let count = topic.partitions == -1 ? settings.partitionsDefault : topic.partitions
        let factor = topic.replicationFactor == -1 ? defaultFactor(placement) : topic.replicationFactor
        try checkPartitions(count, adding: Int(count), beside: others, on: placement, topic: topic.name)
        try check(factor: factor, on: placement, topic: topic.name)
        try check(topic.settings, replicationFactor: Int(factor))
        let partitions = (0..<count).map {
            place(TopicIDPartition(topicID: id, partition: $0), Int(factor), &placement)
        }
        let record = TopicRecord(name: topic.name, id: id, partitionCount: count, settings: topic.settings)
        return Creation(topic: record, partitions: partitions)
    }

    /// Replicas of a topic that is created now and does not say how many.
    var usualFactor: Int32 { defaultFactor(placement) }

    /// In a cluster three, so that one may fail while another is away.
    private func defaultFactor(_ placement: ReplicaPlacement) -> Int32 {
        settings.replicationFactorDefault ?? Int32(settings.isClustered ? min(3, max(placement.count, 1)) : 1)
    }

    /// As few transactions as hold the topics, each topic after its partitions.
    func transactions(_ creations: [Creation]) -> [MetadataTransaction] {
        var transactions = [MetadataTransaction()]
        for creation in creations {
            for partition in creation.partitions { put(.partition(partition), &transactions) }
            put(.topic(creation.topic), &transactions)
        }
        return transactions
    }

    private func put(_ record: MetadataRecord, _ transactions: inout [MetadataTransaction]) {
        if transactions[transactions.count - 1].changes.count == transactionKeysMax {
            transactions.append(MetadataTransaction())
        }
        transactions[transactions.count - 1].put(record, ifRevision: image.revision(of: record.key))
    }

    private func checkName(_ name: String, isInternal: Bool) throws(BrokerError) {
        do {
            if isInternal { try TopicName.check(name) } else { try TopicName.checkNew(name) }
        } catch {
            throw BrokerError(.invalidTopic, "\(error)")
        }
    }

    private func checkPartitions(
        _ count: Int32, adding: Int, beside others: Int = 0, on placement: ReplicaPlacement, topic: String
    ) throws(BrokerError) {
        guard count >= 1 else {
            throw BrokerError(.invalidPartitions, "topic \(topic) cannot have \(count) partitions; it has at least 1")
        }
        guard count <= settings.partitionsPerTopicMax else {
            throw BrokerError(
                .invalidPartitions,
                "topic \(topic) cannot have \(count) partitions: partitions.per.topic.max is "
                    + "\(settings.partitionsPerTopicMax)"
            )
        }
        let total = image.partitions.count + others + adding
        guard total <= settings.partitionsMax * max(placement.count, 1) else {
            throw BrokerError(
                .limitReached,
                "\(adding) more partitions would make \(total): a broker takes at most \(settings.partitionsMax) "
                    + "(partitions.max), for its files and memory")
        }
    }

    private func check(factor: Int32, on placement: ReplicaPlacement, topic: String) throws(BrokerError) {
        guard factor >= 1 else {
            throw BrokerError(
                .invalidReplicationFactor,
                "topic \(topic) cannot have \(factor) replicas a partition; it has at least 1")
        }
        guard Int(factor) <= placement.count else {
            let known =
                settings.isClustered
                ? "alive and not draining are \(placement.count) brokers" : "this broker is by itself"
            throw BrokerError(
                .invalidReplicationFactor,
                "topic \(topic) cannot have \(factor) replicas a partition: \(known)")
        }
    }

    private func check(_ own: [String: String], replicationFactor: Int) throws(BrokerError) {
        let parsed = try TopicSettings(
            own, defaults: Self.defaults(image, settings), replicas: replicationFactor,
            producerExpiration: settings.producerExpiration)
        guard parsed.minInSyncReplicas <= replicationFactor else {
            throw BrokerError(
                .invalidConfig,
                "min.insync.replicas cannot be \(parsed.minInSyncReplicas): the topic has \(replicationFactor) "
                    + "replicas, so no write with acks=all would ever be taken")
        }
    }

    /// Led by its first replica, in that one's current run.
    private func place(
        _ id: TopicIDPartition, _ factor: Int, _ placement: inout ReplicaPlacement
    ) -> PartitionRecord {
        let chosen = placement.place(factor: factor)
        let leader = chosen.first.flatMap { image.brokers[$0] }.map {
            PartitionLeader(broker: $0.record.id, startEpoch: $0.startEpoch)
        }
        return PartitionRecord(
            id: id, leader: leader, leaderEpoch: 0, replicas: chosen, inSyncReplicas: chosen)
    }

    // MARK: Altering

    func alter(_ alteration: TopicAlteration) throws(BrokerError) -> (id: TopicID, [MetadataTransaction]) {
        let topic = try topic(alteration.name)
        var record = topic.record
        for name in alteration.set.keys.sorted() where alteration.reset.contains(name) {
            throw BrokerError(.invalidConfig, "\(name) cannot be set and reset at once")
        }
        for name in alteration.reset {
            if SettingDefinition.named(name) == nil { throw TopicSettings.unknown(name) }
            record.settings[name] = nil
        }
        record.settings.merge(alteration.set) { _, new in new }
        let first = image.partitions[TopicIDPartition(topicID: record.id, partition: 0)]
        let factor = first?.record.finalReplicas.count ?? 1
        try check(record.settings, replicationFactor: factor)
        let added = try addedPartitions(alteration, topic.record, factor)
        record.partitionCount += Int32(added.count)
        if record == topic.record { return (record.id, []) }
        return (record.id, transactions([Creation(topic: record, partitions: added)]))
    }

    private func addedPartitions(
        _ alteration: TopicAlteration, _ topic: TopicRecord, _ factor: Int
    ) throws(BrokerError) -> [PartitionRecord] {
        guard let wanted = alteration.partitions, wanted != topic.partitionCount else { return [] }
        guard wanted > topic.partitionCount else {
            throw BrokerError(
                .invalidPartitions,
                "topic \(topic.name) has \(topic.partitionCount) partitions and cannot have \(wanted): partitions "
                    + "are never taken away, their records would be lost")
        }
        var placement = placement
        try checkPartitions(
            wanted, adding: Int(wanted - topic.partitionCount), on: placement, topic: topic.name)
        try check(factor: Int32(factor), on: placement, topic: topic.name)
        return (topic.partitionCount..<wanted).map {
            place(TopicIDPartition(topicID: topic.id, partition: $0), factor, &placement)
        }
    }

    // MARK: Deleting

    func delete(_ name: String) throws(BrokerError) -> (id: TopicID, [MetadataTransaction]) {
        let topic = try topic(name)
        let ids = (0..<topic.partitionCount).map { TopicIDPartition(topicID: topic.id, partition: $0) }
        let partitions = ids.compactMap { image.partitions[$0] }
        let brokers = Set(partitions.flatMap(\.record.replicas)).sorted()
        var first = MetadataTransaction()
        first.remove(.topic(name), ifRevision: topic.revision)
        let deletion = TopicDeletion(
            id: topic.id, name: name, partitionCount: topic.partitionCount, pending: brokers)
        first.put(.deletion(deletion), ifRevision: 0)
        var transactions = [first]
        for partition in partitions {
            if transactions[transactions.count - 1].changes.count == transactionKeysMax {
                transactions.append(MetadataTransaction())
            }
            transactions[transactions.count - 1].remove(.partition(partition.record.id), ifRevision: partition.revision)
        }
        return (topic.id, transactions)
    }

    private func topic(_ name: String) throws(BrokerError) -> Versioned<TopicRecord> {
        guard let topic = image.topics[name] else {
            throw BrokerError(.unknownTopicOrPartition, "there is no topic \(name)")
        }
        if TopicName.isReserved(name) {
            throw BrokerError(.policyViolation, "topic \(name) is the broker's own and cannot be changed or deleted")
        }
        return topic
    }
}
