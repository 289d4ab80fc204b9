package import NIOCore

/// How long to wait between attempts. Pure: the random number is handed in.
///
/// Exponential with full spread over its upper half, so that clients that lost the same broker at the same moment do
/// not come back at the same moment.
package struct Backoff: Sendable, Equatable {
    /// The longest wait before the second attempt.
    package var first: TimeAmount
    /// No wait is longer.
    package var longest: TimeAmount

    package init(first: TimeAmount = .milliseconds(50), longest: TimeAmount = .seconds(2)) {
        self.first = first
        self.longest = longest
    }

    /// The wait after the `failures`-th failure in a row (from 1); `random` is in 0..<1.
    package func delay(afterFailures failures: Int, random: Double) -> TimeAmount {
        precondition(failures >= 1)
        // 2^20 times any first delay is past any longest one.
        let doublings = min(failures - 1, 20)
        let ceiling = min(longest.nanoseconds, first.nanoseconds.multipliedOrMax(by: 1 << doublings))
        return .nanoseconds(ceiling / 2 + Int64(Double(ceiling / 2) * random))
    }
}

extension Int64 {
    fileprivate func multipliedOrMax(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
