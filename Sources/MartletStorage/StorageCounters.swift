package import Synchronization

/// Counts of what a store does; any thread, relaxed: for people and dashboards, never for decisions.
package final class StorageCounters: Sendable {
    package let appendedBatches = Atomic<Int>(0)
    package let appendedBytes = Atomic<Int>(0)
    package let syncCycles = Atomic<Int>(0)
    package let syncedFiles = Atomic<Int>(0)
    package let filesystemSyncs = Atomic<Int>(0)
    package let rolledSegments = Atomic<Int>(0)
    package let removedSegments = Atomic<Int>(0)
    package let compactions = Atomic<Int>(0)
    package let refusedForSpace = Atomic<Int>(0)
    package let scrubbedBytes = Atomic<Int>(0)
    package let corruptBatches = Atomic<Int>(0)
    package let checkpoints = Atomic<Int>(0)
    /// Ranges that were read ahead, and what of them was read.
    package let coldReads = Atomic<Int>(0)
    package let readAheadBytes = Atomic<Int>(0)
    /// How long syncs took, from the call to durability, one count per sync of a file or file system.
    package let syncLatency = LatencyHistogram()
}

/// Counts durations in powers of two of a microsecond. Any thread.
package final class LatencyHistogram: Sendable {
    /// Upper bounds of the buckets: 1, 2, 4 ... microseconds; the last bucket has no bound.
    package static let bucketCount = 28

    private let counts: Mutex<InlineArray<28, Int>> = Mutex(InlineArray(repeating: 0))
    private let totalNanoseconds = Atomic<Int64>(0)

    package init() {}

    package func record(nanoseconds: Int64) {
        let microseconds = UInt64(max(0, nanoseconds) / 1_000)
        let bucket = min(Self.bucketCount - 1, UInt64.bitWidth - microseconds.leadingZeroBitCount)
        counts.withLock { $0[bucket] += 1 }
        totalNanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// Counts per bucket: bucket `n` holds what took less than 2^n microseconds and did not fit the one before.
    package var buckets: [Int] {
        counts.withLock { counts in counts.indices.map { counts[$0] } }
    }

    package var totalSeconds: Double { Double(totalNanoseconds.load(ordering: .relaxed)) / 1e9 }
}
