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
        settings.topicDefaults.merging(image.defaults?.settings ?? [:]) { _, cluster in cluster }
    }

    // MARK: Creating

    /// Names of the broker's own topics pass only when it creates them itself.
    func create(
        _ topic: NewTopic, id: TopicID, isInternal: Bool = false
    ) throws(BrokerError) -> [MetadataTransaction] {
        try checkName(topic.name, isInternal: isInternal)
        if image.topics[topic.name] != nil {
            throw BrokerError(.topicAlreadyExists, "there is a topic \(topic.name) already")
        }
        let count = topic.partitions == -1 ? settings.partitionsDefault : topic.partitions
        try checkPartitions(count, adding: Int(count), topic: topic.name)
        let factor = topic.replicationFactor == -1 ? settings.replicationFactorDefault : topic.replicationFactor
        let brokers = try brokers(forFactor: factor, topic: topic.name)
        try check(topic.settings, replicationFactor: Int(factor))
        let partitions = (0..<count).map { place(TopicIDPartition(topicID: id, partition: $0), Int(factor), brokers) }
        let record = TopicRecord(name: topic.name, id: id, partitionCount: count, settings: topic.settings)
        return transactions(partitions: partitions, then: record, at: 0)
    }

    private func checkName(_ name: String, isInternal: Bool) throws(BrokerError) {
        do {
            if isInternal { try TopicName.check(name) } else { try TopicName.checkNew(name) }
        } catch {
            throw BrokerError(.invalidTopic, "\(error)")
        }
    }

    private func checkPartitions(_ count: Int32, adding: Int, topic: String) throws(BrokerError) {
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
        let total = image.partitions.count
        guard total + adding <= settings.partitionsMax else {
            throw BrokerError(
                .limitReached,
                "\(adding) more partitions would make \(total + adding): this broker takes at most "
                    + "\(settings.partitionsMax) (partitions.max), for its files and memory")
        }
    }

    private func brokers(forFactor factor: Int32, topic: String) throws(BrokerError) -> [BrokerRecord] {
        let brokers = image.brokers.values.filter { !$0.record.isFenced }.map(\.record).sorted { $0.id < $1.id }
        guard factor >= 1 else {
            throw BrokerError(
                .invalidReplicationFactor,
                "topic \(topic) cannot have \(factor) replicas a partition; it has at least 1")
        }
        guard Int(factor) <= brokers.count else {
            throw BrokerError(
                .invalidReplicationFactor,
                "topic \(topic) cannot have \(factor) replicas a partition: there are \(brokers.count) brokers")
        }
        return brokers
    }

    private func check(_ own: [String: String], replicationFactor: Int) throws(BrokerError) {
        let parsed = try TopicSettings(
            own, defaults: Self.defaults(image, settings), producerExpiration: settings.producerExpiration)
        guard parsed.minInSyncReplicas <= replicationFactor else {
            throw BrokerError(
                .invalidConfig,
                "min.insync.replicas cannot be \(parsed.minInSyncReplicas): the topic has \(replicationFactor) "
                    + "replicas, so no write with acks=all would ever be taken")
        }
    }

    /// Replicas on `factor` brokers in turn, led by the first.
    private func place(_ id: TopicIDPartition, _ factor: Int, _ brokers: [BrokerRecord]) -> PartitionRecord {
        let chosen = (0..<factor).map { brokers[(Int(id.partition) + $0) % brokers.count] }
        let leader = chosen[0]
        return PartitionRecord(
            id: id, leader: PartitionLeader(broker: leader.id, startEpoch: leader.startEpoch), leaderEpoch: 0,
            replicas: chosen.map(\.id), inSyncReplicas: chosen.map(\.id))
    }

    private func transactions(
        partitions: [PartitionRecord], then topic: TopicRecord, at revision: Revision
    ) -> [MetadataTransaction] {
        var transactions = [MetadataTransaction()]
        for partition in partitions {
            // One place is left for the topic.
            if transactions[transactions.count - 1].changes.count == transactionKeysMax - 1 {
                transactions.append(MetadataTransaction())
            }
            transactions[transactions.count - 1].put(.partition(partition), ifRevision: 0)
        }
        transactions[transactions.count - 1].put(.topic(topic), ifRevision: revision)
        return transactions
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
        let factor = first?.replicas.count ?? 1
        try check(record.settings, replicationFactor: factor)
        let added = try addedPartitions(alteration, topic.record, factor)
        record.partitionCount += Int32(added.count)
        if record == topic.record { return (record.id, []) }
        return (record.id, transactions(partitions: added, then: record, at: topic.revision))
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
        try checkPartitions(wanted, adding: Int(wanted - topic.partitionCount), topic: topic.name)
        let brokers = try brokers(forFactor: Int32(factor), topic: topic.name)
        return (topic.partitionCount..<wanted).map {
            place(TopicIDPartition(topicID: topic.id, partition: $0), factor, brokers)
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
