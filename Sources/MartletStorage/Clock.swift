package import MartletCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Time as storage sees it; tests inject one that they move by hand.
package protocol StorageClock: Sendable {
    /// Monotonic, from an arbitrary beginning.
    var elapsed: Duration { get }
    /// Wall time.
    var wallTime: TimestampMs { get }
    /// Whether a thread that waits for a deadline may wait by the system's clock. False for a clock moved by hand: such
    /// threads then wait until somebody calls `LogStore.clockMoved()`.
    var runsByItself: Bool { get }
}

/// The system's clocks.
package struct SystemClock: StorageClock {
    package init() {}

    package var elapsed: Duration { .nanoseconds(Int64(bitPattern: Self.nanoseconds(CLOCK_MONOTONIC))) }
    package var wallTime: TimestampMs { TimestampMs(Self.nanoseconds(CLOCK_REALTIME) / 1_000_000) }
    package var runsByItself: Bool { true }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
