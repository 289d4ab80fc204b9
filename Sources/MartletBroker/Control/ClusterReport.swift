internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// Puts together what operators ask about a cluster: a pure function of an image.
struct ClusterReport {
    let image: ClusterImage
    let settings: BrokerSettings

    /// O(partitions).
    var overview: ClusterOverview {
        let standings = image.standings
        var brokers: [BrokerID: ClusterBroker] = [:]
        for broker in image.brokers.values {
            let record = broker.record
            brokers[record.id] = ClusterBroker(
                id: record.id, host: record.host, port: record.port, rack: record.rack, startEpoch: record.startEpoch,
                isAlive: standings[record.id]?.isElectable ?? false, isFenced: record.isFenced,
                isStopping: record.isStopping, isDraining: record.isDraining)
        }
        let takers = Set(ReplicaPlacement.fitBrokers(image, needingSession: settings.isClustered).map(\.id))
        var overview = ClusterOverview(
            clusterID: image.cluster?.id ?? "", revision: image.revision,
            featureLevel: image.cluster?.featureLevel ?? 0, controller: image.controller?.broker, brokers: [],
            partitions: 0, troubled: [], reassigning: 0, notPreferred: 0)
        for partition in image.partitions.values {
            let record = partition.record
            guard let topic = image.topic(record.id.topicID)?.record, record.id.partition < topic.partitionCount else {
                continue
            }
            overview.partitions += 1
            let leader = record.leader.flatMap { leader in
                standings[leader.broker].flatMap { $0.run == leader && !$0.isOut ? leader.broker : nil }
            }
            if let leader { brokers[leader]?.leaders += 1 }
            for broker in record.inSyncReplicas { brokers[broker]?.inSync += 1 }
            for broker in record.replicas {
                brokers[broker]?.replicas += 1
                // One that moves already is looked at again when it has.
                if brokers[broker]?.isDraining == true, record.targetReplicas.isEmpty,
                    takers.isSubset(of: record.replicas)
                {
                    brokers[broker]?.stuckReplicas += 1
                }
            }
            if !record.targetReplicas.isEmpty { overview.reassigning += 1 }
            if leader != nil, leader != record.replicas.first { overview.notPreferred += 1 }
            if leader == nil || isUnderReplicated(record) {
                overview.troubled.append(trouble(record, topic, leader))
            }
        }
        overview.brokers = brokers.values.sorted { $0.id < $1.id }
        overview.troubled.sort { ($0.topic, $0.id.partition) < ($1.topic, $1.id.partition) }
        return overview
    }

    /// Replicas that are only on their way do not count.
    private func isUnderReplicated(_ record: PartitionRecord) -> Bool {
        let settled = record.formerReplicas.isEmpty ? record.replicas : record.formerReplicas
        return record.inSyncReplicas.count < min(settled.count, record.finalReplicas.count)
    }

    private func trouble(_ record: PartitionRecord, _ topic: TopicRecord, _ leader: BrokerID?) -> TroubledPartition {
        let rules = ElectionRules(
            topic.settings, defaults: TopicPlanner.defaults(image, settings), replicas: record.finalReplicas.count)
        return TroubledPartition(
            id: record.id, topic: topic.name, leader: leader, leaderEpoch: record.leaderEpoch,
            replicas: record.replicas, inSyncReplicas: record.inSyncReplicas, targetReplicas: record.targetReplicas,
            minInSync: rules.minInSyncReplicas, lastUncleanEpoch: record.lastUncleanEpoch)
    }

    /// By topic and partition. O(partitions).
    var reassignments: [ReassignmentStatus] {
        let moving = image.partitions.values.map(\.record).filter { !$0.targetReplicas.isEmpty }
        let statuses = moving.compactMap { record in
            image.topic(record.id.topicID).map {
                ReassignmentStatus(
                    id: record.id, topic: $0.name, partition: record.id.partition, former: record.formerReplicas,
                    target: record.targetReplicas, inSync: record.inSyncReplicas)
            }
        }
        return statuses.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    }
}
