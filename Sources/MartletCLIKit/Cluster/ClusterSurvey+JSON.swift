internal import Martlet
internal import MartletCore

extension ClusterSurvey {
    var json: String {
        var object = JSONObject()
        object.add("cluster_id", overview.clusterID)
        object.add("single", overview.isSingle)
        object.add("healthy", isHealthy)
        object.add("controller", overview.controller)
        object.add("metadata_revision", overview.metadataRevision)
        object.add("feature_level", overview.featureLevel)
        object.add("topics", overview.topics)
        object.add("partitions", overview.partitions)
        object.add("partitions_offline", overview.troubled.count { $0.leader == nil })
        object.add("partitions_under_replicated", overview.troubled.count { $0.leader != nil })
        object.add("partitions_moving", overview.partitionsMoving)
        object.add("partitions_not_preferred", overview.partitionsNotPreferred)
        object.add("store", overview.store.kind)
        object.add("store_available", overview.store.isAvailable)
        object.add("store_members", objects: overview.store.members) { object, member in
            object.add("name", member.name)
            object.add("reachable", member.isReachable)
            object.add("leader", member.isLeader)
            object.add("version", member.version)
            object.add("size_bytes", member.sizeBytes)
            object.add("used_bytes", member.usedBytes)
            object.add("trouble", member.troubles.isEmpty ? nil : member.troubles.joined(separator: "; "))
        }
        object.add(
            "store_trouble", overview.store.troubles.isEmpty ? nil : overview.store.troubles.joined(separator: "; "))
        object.add("brokers", objects: overview.brokers) { object, broker in
            let status = statuses[broker.broker.id]
            object.add("broker", broker.broker.id)
            object.add("address", "\(broker.broker.address)")
            object.add("rack", broker.rack)
            object.add("state", state(broker))
            object.add("alive", broker.isAlive)
            object.add("fenced", broker.isFenced)
            object.add("stopping", broker.isStopping)
            object.add("draining", broker.isDraining)
            object.add("start_epoch", broker.startEpoch)
            object.add("leaders", broker.leaders)
            object.add("replicas", broker.replicas)
            object.add("in_sync", broker.inSync)
            object.add("stuck_replicas", broker.stuckReplicas)
            object.add("disk_used_bytes", status?.diskUsedBytes)
            object.add("disk_free_bytes", status?.diskFreeBytes)
            object.add("disk_full", status?.isDiskFull ?? false)
            object.add("uptime_ms", status.map { Int64($0.uptime / .milliseconds(1)) })
        }
        object.add("troubled", objects: overview.troubled) { object, partition in
            object.add("topic", partition.topicPartition.topic)
            object.add("partition", partition.topicPartition.partition)
            object.add("leader", partition.leader)
            object.add("leader_epoch", partition.leaderEpoch)
            object.add("replicas", numbers: partition.replicas)
            object.add("in_sync_replicas", numbers: partition.inSyncReplicas)
            object.add("target_replicas", numbers: partition.targetReplicas)
            object.add("min_in_sync", partition.minInSync)
            object.add("last_unclean_epoch", partition.lastUncleanEpoch)
            let known = (replicas[partition.topicPartition] ?? [:]).sorted { $0.key < $1.key }
            object.add("states", objects: known) { object, entry in
                object.add("broker", entry.key)
                object.add("last_epoch", entry.value.lastEpoch)
                object.add("log_end_offset", entry.value.logEnd)
                object.add("durable_offset", entry.value.durable)
                object.add("records_missing", recordsMissing(partition, entry.key))
                object.add("trouble", entry.value.trouble)
            }
        }
        return object.line()
    }
}
