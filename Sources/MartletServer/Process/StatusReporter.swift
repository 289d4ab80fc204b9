internal import MartletBroker
internal import MartletCore
internal import MartletProtocol
internal import MartletRPC
internal import MartletStorage
internal import NIOCore
internal import Synchronization

/// Answers questions about the whole broker: who it is (Hello), how it is (status), what it did (metrics). Any thread.
final class StatusReporter: Sendable {
    private struct Late {
        var server: RPCServer?
        var advertised: HostPort?
        var watch: StoreWatch?
    }

    private let broker: Broker
    private let store: LogStore
    private let settings: ServerSettings
    private let openFilesMax: Int
    private let started = ContinuousClock.now
    private let late = Mutex(Late())

    init(broker: Broker, store: LogStore, settings: ServerSettings, openFilesMax: Int) {
        self.broker = broker
        self.store = store
        self.settings = settings
        self.openFilesMax = openFilesMax
    }

    /// The listener needs this to say hello, and this needs the listener to count its connections.
    func attach(_ server: RPCServer) {
        late.withLock { $0.server = server }
    }

    func advertise(_ address: HostPort) {
        late.withLock { $0.advertised = address }
    }

    /// Of a broker in a cluster, when there is a metrics port.
    func attach(_ watch: StoreWatch) {
        late.withLock { $0.watch = watch }
    }

    func hello() -> HelloResponse {
        HelloResponse(
            brokerVersion: Version.current, clusterID: store.identity.clusterID ?? "", brokerID: settings.brokerID)
    }

    func response() -> BrokerStatusResponse {
        let status = broker.status()
        let (server, advertised) = late.withLock { ($0.server, $0.advertised) }
        let listener = server?.stats
        return BrokerStatusResponse(
            brokerID: status.brokerID, clusterID: status.clusterID, brokerVersion: Version.current,
            host: Array((advertised?.host ?? "").utf8), port: UInt32(advertised?.port ?? 0),
            uptimeMs: UInt64((ContinuousClock.now - started) / .milliseconds(1)),
            dataDirectory: Array(SystemLimits.absolutePath(settings.dataDirectory).utf8),
            diskUsedBytes: UInt64(max(0, status.logBytes)),
            diskFreeBytes: SystemLimits.freeBytes(at: settings.dataDirectory),
            topics: UInt32(status.topics), partitions: UInt32(status.partitions),
            connections: UInt32(listener?.connectionsOpen ?? 0),
            memoryBudgetBytes: UInt64(settings.requestMemoryBytes),
            memoryReservedBytes: UInt64(listener?.memory.usedBytes ?? 0),
            openFiles: UInt32(SystemLimits.openFiles()), openFilesMax: UInt32(clamping: openFilesMax),
            troubles: status.troubles.map {
                PartitionTrouble(
                    topic: Array($0.topic.utf8), partition: $0.partition, reason: Array($0.reason.utf8),
                    isNote: $0.isNote)
            },
            partitionsRecovering: UInt32(status.partitionsRecovering), diskFull: store.isDiskFull)
    }

    func metrics() -> [MetricFamily] {
        let status = broker.status()
        let listener = late.withLock { $0.server }?.stats
        return BrokerMetrics.data(status.counters, store.counters)
            + (listener.map(BrokerMetrics.listener) ?? [])
            + clusterMetrics()
            + [
                MetricFamily("martlet_topics", .gauge, "Topics in the cluster.", value: status.topics),
                MetricFamily("martlet_partitions", .gauge, "Partitions on this broker.", value: status.partitions),
                MetricFamily(
                    "martlet_partitions_recovering", .gauge, "Partitions being recovered after a crash.",
                    value: status.partitionsRecovering),
                MetricFamily(
                    "martlet_partitions_offline", .gauge,
                    "Partitions that do not serve on this broker until it is restarted or repaired.",
                    value: status.troubles.count { !$0.isNote }),
                MetricFamily("martlet_log_bytes", .gauge, "Bytes of record batches on disk.", value: status.logBytes),
                MetricFamily(
                    "martlet_disk_free_bytes", .gauge, "Bytes free on the data directory's file system.",
                    value: SystemLimits.freeBytes(at: settings.dataDirectory)),
                MetricFamily(
                    "martlet_disk_full", .gauge, "1 while writes are refused because the disk is full.",
                    value: store.isDiskFull ? 1 : 0),
                MetricFamily(
                    "martlet_unsynced_bytes", .gauge, "Bytes appended and waiting to be synced.",
                    value: store.backPressure.unsyncedBytes),
                MetricFamily(
                    "martlet_open_files", .gauge, "Files, sockets and pipes open.", value: SystemLimits.openFiles()),
                MetricFamily("martlet_open_files_max", .gauge, "The limit of open files.", value: openFilesMax),
                MetricFamily(
                    "martlet_memory_budget_bytes", .gauge, "Memory for requests: queued.max.request.bytes.",
                    value: settings.requestMemoryBytes),
            ]
    }

    /// None of a broker by itself.
    private func clusterMetrics() -> [MetricFamily] {
        guard settings.cluster.isClustered else { return [] }
        let health = late.withLock { $0.watch }?.health
        return ClusterMetrics.replication(broker.replicationStatus())
            + ClusterMetrics.cluster(broker.describeCluster(), brokerID: settings.brokerID)
            + ClusterMetrics.controller(broker.controllerTally)
            + (health.map(ClusterMetrics.store) ?? [])
    }
}
