internal import Martlet

/// One run of consume: prints what comes until the goal is reached or the consumer is stopped.
struct ConsumeSession: ~Copyable {
    private let goal: ReadingGoal
    private let printer: RecordPrinter
    /// What was handed out is committed by the next call for records: it has to be written by then.
    private let isInGroup: Bool
    private var remaining: Int
    private var output = StandardOutput()
    private var progress: ProgressLine
    private var count = 0
    private var bytes = 0

    /// `max`: nil for no bound.
    init(_ goal: ReadingGoal, printer: RecordPrinter, max: Int?, isInGroup: Bool) {
        self.goal = goal
        self.printer = printer
        self.isInGroup = isInGroup
        remaining = max ?? .max
        progress = ProgressLine(isWanted: !output.isTerminal && !isInGroup)
    }

    /// Reads what the consumer is assigned, or what its group gives it.
    mutating func run(_ consumer: Consumer) async throws {
        do {
            while !isDone, !consumer.isStopped {
                if let batch = try await next(consumer) { try take(batch, consumer) } else { try passOver(consumer) }
            }
        } catch {
            progress.clear()
            // What was read before the failure is good.
            if error as? CommandFailure != .outputClosed { try output.flush() }
            throw error
        }
        progress.clear()
        try output.flush()
    }

    /// How often it is looked whether the end was reached without a record: it may have been deleted, or compacted away, since
    /// reading began.
    private static let look = Duration.milliseconds(250)

    /// Nil: none came for a while, or the consumer is stopped.
    private func next(_ consumer: Consumer) async throws -> ConsumedBatch? {
        goal.hasEnd ? try await consumer.next(within: Self.look) : try await consumer.next()
    }

    /// Partitions whose position has come to their end without a record of theirs.
    private func passOver(_ consumer: Consumer) throws {
        let over = goal.unread.filter { (try? consumer.position(of: $0)) ?? 0 >= goal.end(of: $0) }
        goal.finish(over)
        try consumer.pause(Array(over))
    }

    private var isDone: Bool { remaining == 0 || goal.isReached }

    private mutating func take(_ batch: ConsumedBatch, _ consumer: Consumer) throws {
        do {
            let next = try print(batch)
            if isInGroup { try output.flush() }
            // The group goes on where printing ended, not behind the batch.
            if next < batch.nextOffset { try consumer.seek(batch.topicPartition, to: .offset(next)) }
        } catch {
            // It is still this consumer's: it cannot refuse.
            if isInGroup { try? consumer.seek(batch.topicPartition, to: .offset(batch.firstOffset)) }
            throw error
        }
        if batch.nextOffset >= goal.end(of: batch.topicPartition) {
            goal.finish([batch.topicPartition])
            try consumer.pause([batch.topicPartition])
        }
        // More is on its way unless this was the end of the log: then whoever reads our output must not wait for it.
        if output.isTerminal || batch.nextOffset >= batch.highWatermark { try output.flush() }
        progress.update(records: count, bytes: bytes)
    }

    /// Returns the offset behind the last record that was wanted.
    private mutating func print(_ batch: ConsumedBatch) throws -> Offset {
        let end = goal.end(of: batch.topicPartition)
        var next = batch.nextOffset
        try batch.forEachRecord { record in
            guard remaining > 0, record.offset < end else {
                next = min(next, record.offset)
                return
            }
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
        return next
    }
}
