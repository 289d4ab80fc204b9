internal import MartletCore

/// Which of a log's oldest segments are to go. Pure.
struct Retention {
    /// A sealed segment, oldest first; together they end where the active one begins.
    struct Candidate {
        /// The offset after its last one.
        var end: Offset
        var sizeBytes: Int64
        /// Nil when unknown: such a segment stays, as far as time goes.
        var maxTimestamp: TimestampMs?
    }

    var age: Duration?
    var bytes: Int64?
    var logStart: Offset
    /// min(high watermark, durable offset): nothing above it is touched (RULES 7).
    var bound: Offset
    /// Bytes of the active segment.
    var activeBytes: Int64

    /// How many of `candidates` go: those below the log's start, those whose newest record is too old, and as many as
    /// leave at least `bytes`. A prefix: order holds.
    func removable(_ candidates: [Candidate], now: TimestampMs) -> Int {
        var rest = candidates.reduce(activeBytes) { $0 + $1.sizeBytes }
        var count = 0
        for candidate in candidates {
            guard candidate.end <= bound else { break }
            let isBelowStart = candidate.end <= logStart
            let isSurplus = bytes.map { rest - candidate.sizeBytes >= $0 } ?? false
            guard isBelowStart || isExpired(candidate, now) || isSurplus else { break }
            rest -= candidate.sizeBytes
            count += 1
        }
        return count
    }

    private func isExpired(_ candidate: Candidate, _ now: TimestampMs) -> Bool {
        guard let age, let newest = candidate.maxTimestamp else { return false }
        let elapsed = now.subtractingReportingOverflow(newest)
        return !elapsed.overflow && elapsed.partialValue > age.milliseconds
    }
}
