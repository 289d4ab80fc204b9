internal import MartletBroker

extension ServerSettings {
    /// The part of the settings that is the broker's.
    var broker: BrokerSettings {
        var broker = BrokerSettings()
        broker.brokerID = brokerID
        broker.partitionsDefault = defaultPartitions
        broker.createsTopicsAutomatically = autoCreateTopics
        broker.topicDefaults = topicDefaults
        broker.partitionsMax = partitionsMax
        broker.producerExpiration = producerExpiration
        broker.offsetsPartitions = offsetsPartitions
        broker.offsetsRetentionMs = Int64(offsetsRetentionMinutes) * 60_000
        broker.groupsMax = groupsMax
        broker.rack = rack
        broker.selectsReplicasByRack = cluster.selectsReplicasByRack
        broker.isClustered = cluster.isClustered
        broker.sessionTimeout = cluster.sessionTimeout
        broker.shutdownGrace = cluster.handOverTimeout
        broker.leaderBalanceDelay = cluster.leaderBalanceDelay
        broker.leaderBalanceRate = cluster.leaderBalanceRate
        broker.replicationFactorDefault = cluster.replicationFactor
        broker.replicaLagMax = cluster.replicaLagMax
        broker.replicationThrottle = cluster.replicationThrottle
        broker.replicaCatchUpShare = cluster.replicaCatchUpShare
        return broker
    }
}
