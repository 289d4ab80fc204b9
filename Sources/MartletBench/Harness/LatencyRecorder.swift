import Foundation
internal import Histogram

/// Latencies of one open-loop run, kept with three significant digits.
struct LatencyRecorder {
    private var histogram = Histogram<UInt64>(
        highestTrackableValue: 120_000_000_000, numberOfSignificantValueDigits: .three)

    init() {}

    init(nanoseconds: some Sequence<UInt64>) {
        for value in nanoseconds { record(nanoseconds: value) }
    }

    /// Latencies above two minutes count as two minutes.
    mutating func record(nanoseconds: UInt64) {
        histogram.record(Swift.min(nanoseconds, 120_000_000_000))
    }

    func microseconds(at percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1000
    }

    /// From the 0th to the 99.999th percentile, as far as the number of samples says anything.
    func curve(_ title: String) -> Curve {
        let percentiles = stride(from: 0, through: 4.9, by: 0.1).map { 100 * (1 - pow(10, -$0)) }
        let told = percentiles.filter { Double(histogram.totalCount) * (1 - $0 / 100) >= 1 }
        return Curve(title: title, points: told.map { Curve.Point(x: $0, y: microseconds(at: $0)) })
    }
}
