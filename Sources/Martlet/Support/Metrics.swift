internal import Metrics

/// What a producer counts, through swift-metrics; the dimension `client` is the client's name.
///
/// | name | what |
/// |---|---|
/// | `martlet_producer_records_delivered_total` | records acknowledged |
/// | `martlet_producer_records_failed_total` | records that failed for good |
/// | `martlet_producer_bytes_sent_total` | bytes of batches sent, repetitions included |
/// | `martlet_producer_requests_failed_total` | produce requests without a usable answer |
struct ProducerMetrics: Sendable {
    private let recordsDelivered: Counter
    private let recordsFailed: Counter
    private let bytesSent: Counter
    private let requestsFailed: Counter

    init(clientName: String) {
        let dimensions = [("client", clientName)]
        recordsDelivered = Counter(label: "martlet_producer_records_delivered_total", dimensions: dimensions)
        recordsFailed = Counter(label: "martlet_producer_records_failed_total", dimensions: dimensions)
        bytesSent = Counter(label: "martlet_producer_bytes_sent_total", dimensions: dimensions)
        requestsFailed = Counter(label: "martlet_producer_requests_failed_total", dimensions: dimensions)
    }

    func delivered(records: Int) { recordsDelivered.increment(by: records) }
    func failed(records: Int) { recordsFailed.increment(by: records) }
    func sent(bytes: Int) { bytesSent.increment(by: bytes) }
    func retried() { requestsFailed.increment() }
}

/// What a consumer counts; the dimension `client` is the client's name.
///
/// | name | what |
/// |---|---|
/// | `martlet_consumer_records_total` | records handed to the application |
/// | `martlet_consumer_bytes_total` | bytes of their batches |
/// | `martlet_consumer_fetches_failed_total` | fetch requests without a usable answer |
/// | `martlet_consumer_corrupt_batches_total` | batches refused because of their checksum or header |
/// | `martlet_consumer_lag_records` | (gauge) records between positions and ends of all partitions read, as of the last fetches |
struct ConsumerMetrics: Sendable {
    private let records: Counter
    private let bytes: Counter
    private let fetchesFailed: Counter
    private let corruptBatches: Counter
    private let lagRecords: Gauge

    init(clientName: String) {
        let dimensions = [("client", clientName)]
        lagRecords = Gauge(label: "martlet_consumer_lag_records", dimensions: dimensions)
        records = Counter(label: "martlet_consumer_records_total", dimensions: dimensions)
        bytes = Counter(label: "martlet_consumer_bytes_total", dimensions: dimensions)
        fetchesFailed = Counter(label: "martlet_consumer_fetches_failed_total", dimensions: dimensions)
        corruptBatches = Counter(label: "martlet_consumer_corrupt_batches_total", dimensions: dimensions)
    }

    func consumed(records count: Int, bytes size: Int) {
        records.increment(by: count)
        bytes.increment(by: size)
    }

    func fetchFailed() { fetchesFailed.increment() }
    func corrupt() { corruptBatches.increment() }
    func lag(records count: Int64) { lagRecords.record(count) }
}
