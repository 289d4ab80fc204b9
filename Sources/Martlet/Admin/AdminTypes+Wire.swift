internal import MartletCore
internal import MartletProtocol

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

extension TopicInfo {
    /// Throws the error that stands in the description, if any.
    init(_ description: TopicDescription, withSizes: Bool, broker: String) throws(MartletError) {
        let name = text(description.name)
        guard description.error == ErrorCode.none.rawValue else {
            throw MartletError(
                answer: description.error, message: description.message, what: "topic \(name)", broker: broker)
        }
        guard let id = TopicID(bytes: description.topicID) else {
            throw MartletError(.protocolViolation, "the broker told no usable id of topic \(name)", broker: broker)
        }
        self.init(
            name: name, id: id, isInternal: description.isInternal,
            partitions: description.partitions.map { PartitionInfo($0, withSizes: withSizes) },
            settings: description.settings.map(SettingInfo.init))
    }
}

extension PartitionInfo {
    init(_ description: PartitionDescription, withSizes: Bool) {
        let sizes = Sizes(
            logStart: description.logStartOffset, highWatermark: description.highWatermark,
            logEnd: description.logEndOffset, bytes: description.sizeBytes)
        self.init(
            partition: description.partition, leader: description.leaderID >= 0 ? description.leaderID : nil,
            leaderEpoch: description.leaderEpoch, replicas: description.replicas,
            inSyncReplicas: description.inSyncReplicas, sizes: withSizes && sizes.logEnd >= 0 ? sizes : nil,
            offlineReason: description.offlineReason.isEmpty ? nil : text(description.offlineReason),
            targetReplicas: description.targetReplicas,
            lastUncleanEpoch: description.lastUncleanEpoch >= 0 ? description.lastUncleanEpoch : nil)
    }
}

extension SettingInfo {
    init(_ description: SettingDescription) {
        self.init(
            name: text(description.name), value: text(description.value), isDefault: description.isDefault,
            documentation: text(description.documentation))
    }
}

extension BrokerInfo {
    init(_ node: BrokerNode) {
        self.init(id: node.id, address: BrokerAddress(host: text(node.host), port: Int(node.port)))
    }
}

extension BrokerStatus {
    init(_ response: BrokerStatusResponse) {
        self.init(
            broker: BrokerInfo(
                id: response.brokerID, address: BrokerAddress(host: text(response.host), port: Int(response.port))),
            clusterID: response.clusterID, version: response.brokerVersion,
            uptime: .milliseconds(Int64(clamping: response.uptimeMs)), dataDirectory: text(response.dataDirectory),
            diskUsedBytes: response.diskUsedBytes, diskFreeBytes: response.diskFreeBytes,
            isDiskFull: response.diskFull, topics: Int(response.topics),
            partitions: Int(response.partitions), partitionsRecovering: Int(response.partitionsRecovering),
            connections: Int(response.connections), memoryBudgetBytes: response.memoryBudgetBytes,
            memoryReservedBytes: response.memoryReservedBytes, openFiles: Int(response.openFiles),
            openFilesMax: Int(response.openFilesMax), troubles: response.troubles.map(Trouble.init))
    }
}

extension BrokerStatus.Trouble {
    init(_ trouble: PartitionTrouble) {
        self.init(
            topicPartition: TopicPartition(topic: text(trouble.topic), partition: trouble.partition),
            reason: text(trouble.reason), isNote: trouble.isNote)
    }
}

extension TopicSetting {
    init(_ name: String, _ value: String) {
        self.init(name: Array(name.utf8), value: Array(value.utf8))
    }
}
