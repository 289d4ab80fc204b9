/// Failures that nobody has been told of yet: the next `flush()` or `close()` throws them.
struct UnreportedFailures {
    /// Batches kept to see whether somebody still awaits their records; more are only counted, so that a program that
    /// never flushes does not grow.
    static let batchesMax = 64

    private var batches: [(batch: ProduceBatch, error: MartletError)] = []
    private var counted = 0
    private var firstError: MartletError?

    mutating func note(_ batch: ProduceBatch, _ error: MartletError) {
        if batches.count == Self.batchesMax { fold(batches.removeFirst()) }
        batches.append((batch, error))
    }

    /// One error for all of them, or nil; they count as reported then.
    mutating func take() -> MartletError? {
        for entry in batches { fold(entry) }
        batches = []
        guard counted > 0, var error = firstError else { return nil }
        if counted > 1 { error.message = "\(counted) records failed, the first of them because: \(error.message)" }
        counted = 0
        firstError = nil
        return error
    }

    private mutating func fold(_ entry: (batch: ProduceBatch, error: MartletError)) {
        let unawaited = entry.batch.unawaitedCount
        guard unawaited > 0 else { return }
        counted += unawaited
        if firstError == nil { firstError = entry.error }
    }
}
