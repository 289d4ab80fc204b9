internal import MartletCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A moment on a clock that never goes back. The state machines take it as a parameter and never read it themselves.
struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Since an origin that is fixed while the process runs.
    var nanoseconds: Int64

    init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The moment at which this is called.
    static func now() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: time.nanoseconds + duration.wholeNanoseconds)
    }

    /// How long from `right` to `left`.
    static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

extension Duration {
    /// Rounded towards zero and held within ±100 years, so that sums of times do not overflow.
    var wholeNanoseconds: Int64 {
        let limit: Int64 = 100 * 365 * 86_400
        let (seconds, attoseconds) = components
        return min(max(seconds, -limit), limit) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Rounded towards zero, held within what the wire carries.
    var wireMilliseconds: UInt32 {
        UInt32(clamping: wholeNanoseconds / 1_000_000)
    }

    /// "2 s", "50 ms": for messages.
    var text: String {
        let milliseconds = wholeNanoseconds / 1_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}

/// The wall clock, for record timestamps.
enum WallClock {
    /// Milliseconds since 1970, as of the kernel's last tick: up to 4 ms old, for a fifth of the price of the exact
    /// time.
    static func coarseNow() -> TimestampMs {
        var time = timespec()
        #if os(Linux)
            clock_gettime(CLOCK_REALTIME_COARSE, &time)
        #else
            clock_gettime(CLOCK_REALTIME, &time)
        #endif
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
