internal import Martlet

/// One run of consume: prints what comes until the plan is fulfilled or the consumer is stopped.
struct ConsumeSession: ~Copyable {
    private let start: OffsetSpec
    private let partitions: [TopicPartition]
    /// Partitions that are not read to their end yet; nil: there is no end.
    private var ends: [TopicPartition: Offset]?
    private let printer: RecordPrinter
    private var remaining: Int
    private var output = StandardOutput()
    private var progress: ProgressLine
    private var count = 0
    private var bytes = 0

    /// `max`: nil for no bound.
    init(_ plan: ConsumePlan, printer: RecordPrinter, max: Int?) {
        start = plan.start
        partitions = plan.partitions
        ends = plan.ends
        self.printer = printer
        remaining = max ?? .max
        progress = ProgressLine(isWanted: !output.isTerminal)
    }

    mutating func run(_ consumer: Consumer) async throws {
        guard !isDone else { return }
        consumer.assign(partitions, from: start)
        do {
            while !isDone, let batch = try await consumer.next() { try take(batch, consumer) }
        } catch {
            progress.clear()
            // What was read before the failure is good.
            if error as? CommandFailure != .outputClosed { try output.flush() }
            throw error
        }
        progress.clear()
        try output.flush()
    }

    private var isDone: Bool { remaining == 0 || ends?.isEmpty == true }

    private mutating func take(_ batch: ConsumedBatch, _ consumer: Consumer) throws {
        let end = ends.map { $0[batch.topicPartition] ?? 0 } ?? .max
        try batch.forEachRecord { record in
            guard remaining > 0, record.offset < end else { return }
            printer.append(
                RecordFields(
                    partition: batch.partition, offset: record.offset, timestamp: record.timestamp, key: record.key,
                    value: record.value, headers: record.headers.map { RecordHeader($0) }),
                to: &output.sink)
            remaining -= 1
            count += 1
            try output.flushIfFull()
        }
        bytes += batch.sizeBytes
        if batch.nextOffset >= end {
            ends?[batch.topicPartition] = nil
            try consumer.pause([batch.topicPartition])
        }
        // More is on its way unless this was the end of the log: then whoever reads our output must not wait for it.
        if output.isTerminal || batch.nextOffset >= batch.highWatermark { try output.flush() }
        progress.update(records: count, bytes: bytes)
    }
}
