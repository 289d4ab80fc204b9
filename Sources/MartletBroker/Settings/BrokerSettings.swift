package import MartletCore
package import MartletStorage

/// What a broker is told when it starts. Checked by ``check()`` before anything is opened.
package struct BrokerSettings: Sendable {
    /// `broker.id`. From 0.
    package var brokerID: BrokerID = 0
    /// `rack`: where the broker stands, for placing replicas. May be empty.
    package var rack = ""
    /// `replica.selector=rack`: consumers that say where they are are sent to a replica there, and read from it.
    package var selectsReplicasByRack = false
    /// `num.partitions`, of topics created without a number. 1 or more.
    package var partitionsDefault: Int32 = 1
    /// `default.replication.factor`. 1 or more; nil: three in a cluster, or as many as there are brokers.
    package var replicationFactorDefault: Int32?
    /// `auto.create.topics.enable`: describing a topic by name creates it.
    package var createsTopicsAutomatically = false
    /// Topic settings by name that hold where a topic has none of its own.
    package var topicDefaults: [String: String] = [:]
    /// `partitions.max`: partitions with a replica on this broker. What its files and memory were sized for.
    package var partitionsMax = 20_000
    /// `partitions.per.topic.max`.
    package var partitionsPerTopicMax: Int32 = 10_000
    /// `producer.id.expiration.ms`: a producer that was silent for this long is forgotten.
    package var producerExpiration: Duration = .seconds(86_400)
    /// `offsets.topic.num.partitions`: of `__consumer_offsets`, when it is created. 1 or more.
    package var offsetsPartitions: Int32 = 50
    /// `offsets.retention.minutes`, in milliseconds: how long the offsets of a group without members are kept.
    package var offsetsRetentionMs: Int64 = 7 * 86_400_000
    /// `max.groups`: groups that this broker coordinates. One takes a kilobyte of memory, and a hundred bytes for each
    /// partition that it has committed an offset of.
    package var groupsMax = 20_000
    /// How long a produce waits for acks at most, whatever the client asks for.
    package var produceTimeoutMax: Duration = .seconds(300)
    /// How long a fetch may wait at most, whatever the client asks for.
    package var fetchWaitMax: Duration = .seconds(60)
    /// What a fetch returns at most, in bytes, whatever the client asks for; one larger batch excepted.
    package var fetchBytesMax = 16 << 20
    /// `replica.lag.time.max.ms`: a replica that has not had all of its leader's records for this long is not in sync.
    package var replicaLagMax: Duration = .seconds(10)
    /// `replica.fetch.wait.max.ms`: how long a follower's fetch waits for records.
    package var replicaFetchWaitMax: Duration = .milliseconds(500)
    /// The same for partitions that get none: longer, for they are many, and short enough that the leader goes on
    /// knowing its followers (RULES 19) and whether they keep up.
    var replicaFetchQuietWait: Duration {
        max(replicaFetchWaitMax, min(replicaFetchWaitMax * 2, LeaderState.proofTime / 2, replicaLagMax / 4))
    }
    /// `replica.fetch.response.max.bytes` of all partitions together, and `replica.fetch.max.bytes` of one.
    package var replicaFetchBytesMax = 8 << 20
    package var replicaFetchPartitionBytesMax = 1 << 20
    /// `replication.throttle`: bytes a second that this broker copies, from all others together, for replicas that are
    /// not in sync. Nil: as many as there are.
    package var replicationThrottle: Int64?
    /// `replication.catch.up.share.percent`: of the time, above 0 and at most 1, that copying for replicas that are behind
    /// takes while there is live traffic (``CatchUpPace``).
    package var replicaCatchUpShare = 0.25
    /// Whether the metadata is shared with other brokers: then this one registers with them, takes part in electing a
    /// controller and hands over before it stops. Otherwise it leads everything by itself.
    package var isClustered = false
    /// `broker.session.timeout.ms`: how long this broker's session lasts without a sign of life. 1 s or more.
    package var sessionTimeout: Duration = .seconds(6)
    /// `controlled.shutdown.max.ms`: how long a stop waits for others to take over.
    package var shutdownGrace: Duration = .seconds(30)
    /// `leader.imbalance.delay.ms`: how long a preferred replica is fit to lead before it leads again,
    package var leaderBalanceDelay: Duration = .seconds(5)
    /// `leader.imbalance.rate`: and how many of them do in a second at most.
    package var leaderBalanceRate = 50
    package var clock: any StorageClock = SystemClock()

    package init() {}

    /// Throws what a person has to correct.
    package func check() throws(BrokerError) {
        guard brokerID >= 0 else { throw BrokerError(.invalidConfig, "broker.id is \(brokerID); it must be 0 or more") }
        guard partitionsPerTopicMax >= 1, partitionsMax >= 1 else {
            throw BrokerError(.invalidConfig, "partitions.max and partitions.per.topic.max must be 1 or more")
        }
        guard (1...partitionsPerTopicMax).contains(partitionsDefault) else {
            throw BrokerError(
                .invalidConfig, "num.partitions is \(partitionsDefault); it must be 1 to \(partitionsPerTopicMax)")
        }
        if let factor = replicationFactorDefault, factor < 1 {
            throw BrokerError(.invalidConfig, "default.replication.factor is \(factor); it must be 1 or more")
        }
        guard sessionTimeout >= .seconds(1), shutdownGrace >= .zero, leaderBalanceDelay >= .zero, leaderBalanceRate >= 1
        else {
            throw BrokerError(
                .invalidConfig,
                "broker.session.timeout.ms must be 1000 or more, controlled.shutdown.max.ms and "
                    + "leader.imbalance.delay.ms 0 or more, leader.imbalance.rate 1 or more")
        }
        guard (1...partitionsPerTopicMax).contains(offsetsPartitions), offsetsRetentionMs >= 1 else {
            throw BrokerError(
                .invalidConfig,
                "offsets.topic.num.partitions must be 1 to \(partitionsPerTopicMax), "
                    + "offsets.retention.minutes 1 or more"
            )
        }
        guard groupsMax >= 1 else {
            throw BrokerError(.invalidConfig, "max.groups is \(groupsMax); it must be 1 or more")
        }
        guard replicaLagMax >= .seconds(1), replicaFetchWaitMax > .zero, replicaFetchWaitMax < replicaLagMax else {
            throw BrokerError(
                .invalidConfig,
                "replica.lag.time.max.ms must be 1000 or more, replica.fetch.wait.max.ms above 0 and below it")
        }
        guard replicaFetchBytesMax >= 1, replicaFetchPartitionBytesMax >= 1, replicationThrottle ?? 1 >= 1 else {
            throw BrokerError(
                .invalidConfig,
                "replica.fetch.response.max.bytes, replica.fetch.max.bytes and replication.throttle must be 1 or more")
        }
        guard replicaCatchUpShare > 0, replicaCatchUpShare <= 1 else {
            throw BrokerError(.invalidConfig, "replication.catch.up.share.percent must be 1 to 100")
        }
        _ = try TopicSettings(topicDefaults, defaults: [:], producerExpiration: producerExpiration)
    }
}
