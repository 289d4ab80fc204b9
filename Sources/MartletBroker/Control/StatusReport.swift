internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata
internal import MartletStorage

/// A partition directory that this broker is not to have and that was moved out of the way.
struct SetAsideDirectory: Sendable, Equatable {
    var id: TopicIDPartition
    var topic: String
    var path: String
    var reason: String
}

/// Counts what a person asks of a broker's health.
struct StatusReport {
    let settings: BrokerSettings
    let image: ClusterImage
    let table: PartitionTable
    let counters: BrokerCounters
    let setAside: [SetAsideDirectory]

    var status: BrokerStatus {
        var status = BrokerStatus(
            brokerID: settings.brokerID, clusterID: image.cluster?.id ?? "",
            startEpoch: image.brokers[settings.brokerID]?.startEpoch ?? 0, topics: image.topics.count, partitions: 0,
            partitionsRecovering: 0, logBytes: 0, troubles: [], counters: counters.snapshot)
        for (id, entry) in table.snapshot.sorted(by: { $0.key < $1.key }) {
            status.partitions += 1
            switch entry {
            case .failed(let topic, let error):
                status.troubles.append(.init(topic: topic, partition: id.partition, reason: error.message))
            case .replica(let replica):
                status.logBytes += replica.log.sizeBytes
                for damage in replica.log.damages {
                    status.troubles.append(
                        .init(topic: replica.topic, partition: id.partition, reason: damage.message))
                }
                guard let trouble = replica.fault else { continue }
                if trouble.code == .partitionRecovering {
                    status.partitionsRecovering += 1
                } else {
                    status.troubles.append(
                        .init(topic: replica.topic, partition: id.partition, reason: trouble.message))
                }
            }
        }
        for directory in setAside {
            status.troubles.append(
                .init(
                    topic: directory.topic, partition: directory.id.partition,
                    reason:
                        "\(directory.reason); what it had is set aside in \(directory.path). When nobody misses it: "
                        + "rm -r '\(directory.path)'",
                    isNote: true))
        }
        return status
    }
}
