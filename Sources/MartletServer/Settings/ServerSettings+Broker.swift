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
        return broker
    }
}
