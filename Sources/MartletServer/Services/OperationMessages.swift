internal import MartletBroker
internal import MartletCore
internal import MartletMetadata
internal import MartletProtocol

// What an operator sees, from the broker's types to the wire's.

extension DescribeClusterResponse {
    init(_ cluster: ClusterOverview, topics: Int, health: MartletMetadata.StoreHealth) {
        self.init(
            clusterID: cluster.clusterID, isSingle: health.kind == "embedded",
            controllerID: cluster.controller ?? -1,
            brokers: cluster.brokers.map(MartletProtocol.BrokerDescription.init),
            partitions: cluster.troubled.map(PartitionHealth.init), store: MartletProtocol.StoreHealth(health),
            metadataRevision: UInt64(clamping: cluster.revision), topicsTotal: UInt32(clamping: topics),
            partitionsTotal: UInt32(clamping: cluster.partitions), featureLevel: cluster.featureLevel,
            partitionsMoving: UInt32(clamping: cluster.reassigning),
            partitionsNotPreferred: UInt32(clamping: cluster.notPreferred))
    }
}

extension MartletProtocol.BrokerDescription {
    init(_ broker: ClusterBroker) {
        self.init(
            node: BrokerNode(
                id: broker.id, host: Array(broker.host.utf8), port: UInt32(broker.port), rack: Array(broker.rack.utf8)),
            startEpoch: broker.startEpoch, isAlive: broker.isAlive, isFenced: broker.isFenced,
            isStopping: broker.isStopping, isDraining: broker.isDraining, leaders: UInt32(clamping: broker.leaders),
            replicas: UInt32(clamping: broker.replicas), inSync: UInt32(clamping: broker.inSync),
            stuckReplicas: UInt32(clamping: broker.stuckReplicas))
    }
}

extension PartitionHealth {
    init(_ partition: TroubledPartition) {
        self.init(
            topic: Array(partition.topic.utf8), topicID: partition.id.topicID.bytes,
            partition: partition.id.partition, leaderID: partition.leader ?? -1, leaderEpoch: partition.leaderEpoch,
            replicas: partition.replicas, inSyncReplicas: partition.inSyncReplicas,
            targetReplicas: partition.targetReplicas, minInSync: UInt32(clamping: partition.minInSync),
            lastUncleanEpoch: partition.lastUncleanEpoch)
    }
}

extension MartletProtocol.StoreHealth {
    init(_ health: MartletMetadata.StoreHealth) {
        self.init(
            kind: Array(health.kind.utf8), isAvailable: health.isAvailable, revision: health.revision ?? -1,
            members: health.members.map {
                StoreMember(
                    name: Array($0.name.utf8), isReachable: $0.isReachable, isLeader: $0.isLeader,
                    version: Array($0.version.utf8), sizeBytes: $0.sizeBytes ?? -1, usedBytes: $0.usedBytes ?? -1,
                    troubles: $0.troubles.map { Array($0.utf8) })
            }, troubles: health.troubles.map { Array($0.utf8) })
    }
}

extension PartitionMove {
    init(_ move: ReassignmentMove) {
        self.init(
            topic: Array(move.topic.utf8), partition: move.partition, replicas: move.replicas, target: move.target)
    }
}

extension ReassignmentMove {
    init(_ move: PartitionMove) {
        self.init(
            topic: String(wire: move.topic), partition: move.partition, replicas: move.replicas, target: move.target)
    }
}

extension ElectionResult {
    init(_ partition: TopicPartition, _ result: Result<PartitionLeader, BrokerError>) {
        switch result {
        case .success(let leader):
            self.init(
                topic: Array(partition.topic.utf8), partition: partition.partition, leaderID: leader.broker)
        case .failure(let error):
            self.init(
                topic: Array(partition.topic.utf8), partition: partition.partition, error: error.code.rawValue,
                message: error.message, leaderID: -1)
        }
    }
}
