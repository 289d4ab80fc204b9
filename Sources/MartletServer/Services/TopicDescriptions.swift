internal import MartletBroker
internal import MartletCore
internal import MartletProtocol

// Descriptions, from the broker's types to the wire's.

extension DescribeTopicsResponse {
    init(_ cluster: ClusterDescription) {
        self.init(
            topics: cluster.topics.map { name, id, result in
                switch result {
                case .success(let topic):
                    MartletProtocol.TopicDescription(topic)
                case .failure(let error):
                    MartletProtocol.TopicDescription(
                        name: Array(name.utf8), topicID: id?.bytes ?? [], error: error.code.rawValue,
                        message: error.message)
                }
            },
            brokers: cluster.brokers.map {
                BrokerNode(id: $0.id, host: Array($0.host.utf8), port: UInt32($0.port), rack: Array($0.rack.utf8))
            },
            controllerID: cluster.controllerID,
            metadataRevision: UInt64(cluster.revision))
    }
}

extension MartletProtocol.TopicDescription {
    init(_ topic: MartletBroker.TopicDescription) {
        self.init(
            name: Array(topic.name.utf8), topicID: topic.id.bytes, isInternal: topic.isInternal,
            partitions: topic.partitions.map(MartletProtocol.PartitionDescription.init),
            settings: topic.settings.map(MartletProtocol.SettingDescription.init))
    }
}

extension MartletProtocol.SettingDescription {
    init(_ setting: MartletBroker.SettingDescription) {
        self.init(
            name: Array(setting.name.utf8), value: Array(setting.value.utf8), isDefault: setting.isDefault,
            documentation: Array(setting.documentation.utf8))
    }
}

extension MartletProtocol.PartitionDescription {
    init(_ partition: MartletBroker.PartitionDescription) {
        self.init(
            partition: partition.partition, leaderID: partition.leaderID, leaderEpoch: partition.leaderEpoch,
            replicas: partition.replicas, inSyncReplicas: partition.inSyncReplicas,
            logStartOffset: partition.sizes?.logStartOffset ?? -1,
            highWatermark: partition.sizes?.highWatermark ?? -1,
            logEndOffset: partition.sizes?.logEndOffset ?? -1,
            sizeBytes: partition.sizes?.bytes ?? -1,
            offlineReason: partition.trouble.map { Array($0.message.utf8) } ?? [],
            targetReplicas: partition.targetReplicas, lastUncleanEpoch: partition.lastUncleanEpoch)
    }
}
