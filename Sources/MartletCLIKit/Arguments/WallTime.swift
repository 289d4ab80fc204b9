internal import MartletCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The system's clock.
enum WallTime {
    /// Milliseconds since 1970.
    static func now() -> TimestampMs {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return TimestampMs(time.tv_sec) * 1000 + TimestampMs(time.tv_nsec) / 1_000_000
    }
}
