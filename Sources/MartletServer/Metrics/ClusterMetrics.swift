internal import MartletBroker
internal import MartletMetadata

/// What a broker of a cluster says of replication, of the cluster and of the metadata store on the metrics port.
enum ClusterMetrics {
    static func replication(_ status: ReplicationStatus) -> [MetricFamily] {
        let counters = status.counters
        return [
            gauge("martlet_partitions_led", "Partitions that this broker leads.", status.partitionsLed),
            gauge("martlet_partitions_followed", "Partitions that this broker copies.", status.partitionsFollowed),
            gauge(
                "martlet_under_replicated_partitions",
                "Partitions led here with fewer replicas in sync than they have.",
                status.underReplicated),
            gauge(
                "martlet_under_min_isr_partitions",
                "Partitions led here with fewer replicas in sync than min.insync.replicas.", status.underMinInSync),
            gauge(
                "martlet_replication_lag_records_max",
                "Records that the furthest behind of all followers of partitions led here lacks.", status.lagMax),
            count("martlet_isr_shrinks_total", "Replicas taken out of in-sync sets.", counters.inSyncShrinks),
            count("martlet_isr_expands_total", "Replicas taken into in-sync sets.", counters.inSyncExpands),
            count("martlet_replicated_in_bytes_total", "Bytes copied from leaders.", counters.bytesIn),
            count("martlet_replicated_out_bytes_total", "Bytes sent to followers.", counters.bytesOut),
            count(
                "martlet_replica_fetch_errors_total", "Fetches that a leader refused or did not answer.",
                counters.fetchErrors),
            count(
                "martlet_replica_truncations_total", "Logs cut back to where they agree with their leader's.",
                counters.truncations),
            count("martlet_replica_resets_total", "Logs begun anew at their leader's start.", counters.resets),
            count(
                "martlet_replica_corruptions_total", "Batches of leaders that failed their checks here.",
                counters.corruptionsFound),
        ]
    }

    static func cluster(_ overview: ClusterOverview, brokerID: Int32) -> [MetricFamily] {
        [
            gauge(
                "martlet_is_controller", "1 while this broker decides on leaders.",
                overview.controller == brokerID ? 1 : 0),
            gauge(
                "martlet_brokers_alive", "Brokers of the cluster that are up.", overview.brokers.count(where: \.isAlive)
            ),
            gauge("martlet_brokers", "Brokers that are registered, up or not.", overview.brokers.count),
            gauge(
                "martlet_cluster_under_replicated_partitions",
                "Partitions of the cluster that are led, with fewer replicas in sync than they have.",
                overview.troubled.count { $0.leader != nil }),
            gauge(
                "martlet_not_preferred_leaders", "Partitions that another replica leads than the preferred one.",
                overview.notPreferred),
            gauge(
                "martlet_offline_partitions", "Partitions of the cluster that nobody leads.",
                overview.troubled.count { $0.leader == nil }),
            gauge("martlet_reassigning_partitions", "Partitions whose replicas are moving.", overview.reassigning),
        ]
    }

    static func controller(_ tally: ControllerTally) -> [MetricFamily] {
        [
            count(
                "martlet_leader_elections_total",
                "Partitions that got a leader or another one, seen by this broker as the controller.", tally.elections),
            count(
                "martlet_unclean_leader_elections_total",
                "Of those, partitions led by a replica that may lack acknowledged records.", tally.uncleanElections),
            count(
                "martlet_brokers_declared_dead_total", "Brokers that this one declared dead as the controller.",
                tally.deaths),
        ]
    }

    static func store(_ health: StoreHealth) -> [MetricFamily] {
        [
            gauge(
                "martlet_metadata_store_available", "1 while the metadata store answers.", health.isAvailable ? 1 : 0),
            gauge(
                "martlet_metadata_store_bytes", "Size of the metadata store, of its largest member.",
                health.members.compactMap(\.sizeBytes).max() ?? 0),
            gauge(
                "martlet_metadata_store_used_bytes",
                "What of it holds data, in its fullest member; the rest is free for reuse.",
                health.members.compactMap(\.usedBytes).max() ?? 0),
            gauge(
                "martlet_metadata_store_troubles",
                "Alarms and other things that are wrong with the metadata store: `martlet cluster status` names them.",
                health.troubles.count + health.members.reduce(0) { $0 + $1.troubles.count }),
            gauge(
                "martlet_metadata_store_members_down", "Members of the metadata store that do not answer.",
                health.members.count { !$0.isReachable }),
        ]
    }

    private static func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) -> MetricFamily {
        MetricFamily(name, .gauge, help, value: value)
    }

    private static func count(_ name: String, _ help: String, _ value: some BinaryInteger) -> MetricFamily {
        MetricFamily(name, .counter, help, value: value)
    }
}
