internal import MartletCore
internal import MartletProtocol

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
private func known(_ number: Int64) -> Int64? { number >= 0 ? number : nil }

extension ClusterOverview {
    init(_ response: DescribeClusterResponse, broker: String) throws(MartletError) {
        var troubled: [TroubledPartition] = []
        for partition in response.partitions { troubled.append(try TroubledPartition(partition, broker: broker)) }
        self.init(
            clusterID: response.clusterID, isSingle: response.isSingle,
            controller: response.controllerID >= 0 ? response.controllerID : nil,
            brokers: response.brokers.map(ClusterBroker.init), troubled: troubled,
            store: MetadataStoreStatus(response.store ?? StoreHealth()), topics: Int(response.topicsTotal),
            partitions: Int(response.partitionsTotal), partitionsMoving: Int(response.partitionsMoving),
            partitionsNotPreferred: Int(response.partitionsNotPreferred),
            metadataRevision: response.metadataRevision, featureLevel: Int(response.featureLevel))
    }
}

extension ClusterBroker {
    init(_ broker: BrokerDescription) {
        let node = broker.node ?? BrokerNode(id: -1)
        self.init(
            broker: BrokerInfo(node), rack: text(node.rack), startEpoch: broker.startEpoch, isAlive: broker.isAlive,
            isFenced: broker.isFenced, isStopping: broker.isStopping, isDraining: broker.isDraining,
            leaders: Int(broker.leaders), replicas: Int(broker.replicas), inSync: Int(broker.inSync),
            stuckReplicas: Int(broker.stuckReplicas))
    }
}

extension TroubledPartition {
    init(_ partition: PartitionHealth, broker: String) throws(MartletError) {
        self.init(
            topicPartition: TopicPartition(topic: text(partition.topic), partition: partition.partition),
            topicID: try readTopicID(partition.topicID, broker),
            leader: partition.leaderID >= 0 ? partition.leaderID : nil, leaderEpoch: partition.leaderEpoch,
            replicas: partition.replicas, inSyncReplicas: partition.inSyncReplicas,
            targetReplicas: partition.targetReplicas, minInSync: Int(partition.minInSync),
            lastUncleanEpoch: partition.lastUncleanEpoch >= 0 ? partition.lastUncleanEpoch : nil)
    }
}

private func readTopicID(_ bytes: [UInt8], _ broker: String) throws(MartletError) -> TopicID {
    guard let id = TopicID(bytes: bytes) else {
        throw MartletError(.protocolViolation, "a topic id of \(bytes.count) bytes", broker: broker)
    }
    return id
}

extension MetadataStoreStatus {
    init(_ health: StoreHealth) {
        self.init(
            kind: text(health.kind), isAvailable: health.isAvailable, revision: known(health.revision),
            members: health.members.map {
                Member(
                    name: text($0.name), isReachable: $0.isReachable, isLeader: $0.isLeader,
                    version: text($0.version), sizeBytes: known($0.sizeBytes), usedBytes: known($0.usedBytes),
                    troubles: $0.troubles.map(text))
            }, troubles: health.troubles.map(text))
    }
}

extension ReplicaInfo {
    init(_ state: ReplicaState, broker: String) throws(MartletError) {
        self.init(
            topicPartition: TopicPartition(topic: text(state.topic), partition: state.partition),
            topicID: try readTopicID(state.topicID, broker),
            role: state.isLeader ? .leader : state.isFollower ? .follower : .none, leaderEpoch: state.leaderEpoch,
            lastEpoch: state.lastEpoch, logStart: state.logStartOffset, logEnd: state.logEndOffset,
            durable: state.durableOffset, highWatermark: state.highWatermark, sizeBytes: state.sizeBytes,
            trouble: state.trouble.isEmpty ? nil : text(state.trouble),
            followers: state.followers.map {
                Follower(
                    broker: $0.brokerID, logEnd: known($0.logEndOffset), durable: known($0.durableOffset),
                    isInSync: $0.isInSync, lag: known($0.lagMs).map { .milliseconds($0) })
            })
    }
}

extension PartitionMove {
    init(_ move: MartletProtocol.PartitionMove) {
        self.init(
            TopicPartition(topic: text(move.topic), partition: move.partition), replicas: move.replicas,
            target: move.target)
    }
}

extension MartletProtocol.PartitionMove {
    init(_ move: Martlet.PartitionMove) {
        self.init(
            topic: Array(move.topicPartition.topic.utf8), partition: move.topicPartition.partition,
            replicas: move.replicas, target: move.target)
    }
}

extension PartitionName {
    init(_ partition: TopicPartition) {
        self.init(topic: Array(partition.topic.utf8), partition: partition.partition)
    }
}
