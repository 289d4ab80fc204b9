internal import Metrics

/// What ``Consumer/process(concurrency:options:_:)`` counts, beside ``ConsumerMetrics``; the dimension `client` is the
/// client's name.
///
/// | name | what |
/// |---|---|
/// | `martlet_consumer_records_processed_total` | records that were finished, however |
/// | `martlet_consumer_process_retries_total` | attempts that failed and were followed by another |
/// | `martlet_consumer_records_skipped_total` | records given up after their last attempt |
/// | `martlet_consumer_dead_letters_total` | records put aside after their last attempt |
struct ProcessMetrics: Sendable {
    private let recordsProcessed: Counter
    private let retries: Counter
    private let recordsSkipped: Counter
    private let deadLetters: Counter

    init(clientName: String) {
        let dimensions = [("client", clientName)]
        recordsProcessed = Counter(label: "martlet_consumer_records_processed_total", dimensions: dimensions)
        retries = Counter(label: "martlet_consumer_process_retries_total", dimensions: dimensions)
        recordsSkipped = Counter(label: "martlet_consumer_records_skipped_total", dimensions: dimensions)
        deadLetters = Counter(label: "martlet_consumer_dead_letters_total", dimensions: dimensions)
    }

    func processed() { recordsProcessed.increment() }
    func retried() { retries.increment() }
    func skipped() { recordsSkipped.increment() }
    func deadLettered() { deadLetters.increment() }
}
