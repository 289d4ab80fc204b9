internal import MartletBroker
internal import MartletRPC
internal import MartletStorage
internal import Synchronization

/// What the broker's counters are called on the metrics port.
enum BrokerMetrics {
    static func data(_ broker: BrokerCounters.Snapshot, _ storage: StorageCounters) -> [MetricFamily] {
        func count(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
            MetricFamily(name, .counter, help, value: value)
        }
        return [
            count("martlet_produced_batches_total", "Record batches appended.", broker.batchesIn),
            count("martlet_produced_bytes_total", "Bytes of record batches appended.", broker.bytesIn),
            count("martlet_refused_batches_total", "Record batches refused.", broker.batchesRefused),
            count("martlet_fetches_total", "Fetches answered.", broker.fetches),
            count("martlet_fetched_bytes_total", "Bytes of record batches sent to readers.", broker.bytesOut),
            MetricFamily(
                "martlet_fetches_waiting", .gauge, "Fetches waiting for records.", value: broker.fetchesWaiting),
            MetricFamily(
                "martlet_produces_waiting", .gauge, "Produce calls waiting for acks.", value: broker.producesWaiting),
            count("martlet_syncs_total", "Rounds of the sync stage.", storage.syncCycles.load(ordering: .relaxed)),
            count("martlet_synced_files_total", "Files synced.", storage.syncedFiles.load(ordering: .relaxed)),
            count(
                "martlet_segments_rolled_total", "Segments sealed.", storage.rolledSegments.load(ordering: .relaxed)),
            count(
                "martlet_segments_removed_total", "Segments removed by retention or deletion.",
                storage.removedSegments.load(ordering: .relaxed)),
            count("martlet_compactions_total", "Compactions finished.", storage.compactions.load(ordering: .relaxed)),
            count(
                "martlet_refused_for_space_total", "Appends refused because the disk was full.",
                storage.refusedForSpace.load(ordering: .relaxed)),
            count(
                "martlet_scrubbed_bytes_total", "Bytes at rest read and verified.",
                storage.scrubbedBytes.load(ordering: .relaxed)),
            count(
                "martlet_cold_reads_total", "Ranges read from the disk before they were sent.",
                storage.coldReads.load(ordering: .relaxed)),
            count(
                "martlet_read_ahead_bytes_total", "Bytes read from the disk before they were sent.",
                storage.readAheadBytes.load(ordering: .relaxed)),
            count(
                "martlet_corrupt_batches_total", "Batches found damaged at rest.",
                storage.corruptBatches.load(ordering: .relaxed)),
            syncLatency(storage.syncLatency),
        ]
    }

    private static func syncLatency(_ histogram: LatencyHistogram) -> MetricFamily {
        var total = 0
        var samples: [MetricFamily.Sample] = []
        for (index, count) in histogram.buckets.enumerated() {
            total += count
            let isLast = index == LatencyHistogram.bucketCount - 1
            let bound = isLast ? "+Inf" : String(Double(1 << index) / 1e6)
            samples.append(.init(suffix: "_bucket", labels: [("le", bound)], value: Double(total)))
        }
        samples.append(.init(suffix: "_sum", value: histogram.totalSeconds))
        samples.append(.init(suffix: "_count", value: Double(total)))
        return MetricFamily(
            "martlet_sync_seconds", .histogram, "How long syncing a file or file system took.", samples: samples)
    }

    static func listener(_ stats: RPCServerStats) -> [MetricFamily] {
        func count(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
            MetricFamily(name, .counter, help, value: value)
        }
        return [
            MetricFamily("martlet_connections", .gauge, "Connections open.", value: stats.connectionsOpen),
            count("martlet_connections_accepted_total", "Connections accepted.", stats.connectionsAccepted),
            count(
                "martlet_connections_refused_total", "Connections refused: max.connections were open.",
                stats.connectionsRefused),
            count("martlet_strangers_total", "Peers that spoke another protocol.", stats.strangers),
            count("martlet_protocol_errors_total", "Peers that broke the protocol.", stats.protocolErrors),
            count(
                "martlet_slow_peers_closed_total", "Peers that were too slow to send or to take a frame.",
                stats.slowPeersClosed),
            count("martlet_received_bytes_total", "Bytes received.", stats.bytesReceived),
            count("martlet_sent_bytes_total", "Bytes sent.", stats.bytesSent),
            MetricFamily("martlet_calls_open", .gauge, "Calls being answered.", value: stats.callsOpen),
            count("martlet_calls_refused_total", "Calls refused before their method ran.", stats.callsRefused),
            count("martlet_calls_expired_total", "Calls whose deadline passed.", stats.callsExpired),
            MetricFamily(
                "martlet_memory_reserved_bytes", .gauge, "Memory budget in use.", value: stats.memory.usedBytes),
            MetricFamily(
                "martlet_memory_waiting_connections", .gauge,
                "Connections not read because the memory budget is used up.",
                value: stats.memory.waiting),
        ]
    }
}
