internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata
internal import MartletStorage

/// Puts together what clients see of the metadata, and of the partitions on this broker.
struct TopicDescriber {
    let image: ClusterImage
    let settings: BrokerSettings
    let table: PartitionTable

    func describe(_ query: TopicQuery) -> ClusterDescription {
        let brokers = image.brokers.values.map {
            BrokerDescription(id: $0.record.id, host: $0.host, port: $0.port, rack: $0.rack)
        }
        return ClusterDescription(
            topics: topics(query), brokers: brokers.sorted { $0.id < $1.id },
            controllerID: settings.isClustered ? image.controller?.broker ?? -1 : settings.brokerID,
            revision: image.revision)
    }

    private func topics(
        _ query: TopicQuery
    ) -> [(name: String, id: TopicID?, result: Result<TopicDescription, BrokerError>)] {
        if query.names.isEmpty, query.ids.isEmpty {
            let records = image.topics.values.map(\.record).filter {
                query.includesInternal || !TopicName.isReserved($0.name)
            }
            return records.sorted { $0.name < $1.name }.map { ($0.name, $0.id, .success(describe($0, query))) }
        }
        let byName = query.names.map { name in
            guard let topic = image.topics[name] else {
                return (
                    name, nil as TopicID?, Result<TopicDescription, BrokerError>.failure(unknown("no topic \(name)"))
                )
            }
            return (name, topic.id, .success(describe(topic.record, query)))
        }
        let byID = query.ids.map { id in
            guard let topic = image.topic(id) else {
                let error = BrokerError(.unknownTopicID, "there is no topic with id \(id)")
                return ("", id as TopicID?, Result<TopicDescription, BrokerError>.failure(error))
            }
            return (topic.name, id, .success(describe(topic.record, query)))
        }
        return byName + byID
    }

    private func unknown(_ what: String) -> BrokerError {
        BrokerError(.unknownTopicOrPartition, "there is \(what)")
    }

    private func describe(_ topic: TopicRecord, _ query: TopicQuery) -> TopicDescription {
        let partitions = (0..<topic.partitionCount).compactMap { index in
            image.partitions[TopicIDPartition(topicID: topic.id, partition: index)].map {
                describe($0.record, withSizes: query.withSizes)
            }
        }
        let values =
            query.withSettings
            ? TopicSettings.describe(
                topic.settings, defaults: TopicPlanner.defaults(image, settings),
                replicas: partitions.first?.replicas.count ?? 1) : []
        return TopicDescription(
            name: topic.name, id: topic.id, isInternal: TopicName.isReserved(topic.name), partitions: partitions,
            settings: values)
    }

    private func describe(_ partition: PartitionRecord, withSizes: Bool) -> PartitionDescription {
        var description = PartitionDescription(
            partition: partition.id.partition, leaderID: partition.leader?.broker ?? -1,
            leaderEpoch: partition.leaderEpoch, replicas: partition.replicas,
            inSyncReplicas: partition.inSyncReplicas, targetReplicas: partition.targetReplicas,
            lastUncleanEpoch: partition.lastUncleanEpoch)
        switch table[partition.id] {
        case .replica(let replica):
            description.trouble = replica.fault
            if withSizes { description.sizes = sizes(replica) }
        case .failed(topic: _, let error):
            description.trouble = error
        case nil:
            break
        }
        return description
    }

    private func sizes(_ replica: Partition) -> PartitionDescription.Sizes {
        PartitionDescription.Sizes(
            logStartOffset: replica.log.logStartOffset, highWatermark: replica.highWatermark,
            logEndOffset: replica.log.logEndOffset, bytes: replica.log.sizeBytes)
    }
}
