import MartletBench
import Testing

@Suite("Goals")
struct ComparisonTests {
    private let product = Figure("product", "product", .recordsPerSecond)
    private let ceiling = Figure("ceiling.x", "ceiling", .recordsPerSecond)

    @Test(
        "a row is judged on its ratio to the ceiling",
        arguments: [
            (Bound.atLeast(0.5), 50.0, Verdict.reached), (.atLeast(0.5), 49.9, .missed), (.atMost(2), 200, .reached),
            (.atMost(2), 200.1, .missed),
        ])
    func ratio(bound: Bound, measured: Double, verdict: Verdict) {
        let row = Comparison("row", product, against: ceiling, bound)
        let result = ComparisonResult(row, medians: [product: measured, ceiling: 100])
        #expect(result.verdict == verdict)
        #expect(result.ratio == measured / 100)
    }

    @Test("a row without a ceiling is judged on the figure itself")
    func absolute() {
        let row = Comparison("row", product, .atMost(30))
        #expect(ComparisonResult(row, medians: [product: 30]).verdict == .reached)
        #expect(ComparisonResult(row, medians: [product: 31]).verdict == .missed)
    }

    @Test("a row without a bound is shown and not judged")
    func unbounded() {
        let row = Comparison("row", product, against: ceiling)
        #expect(ComparisonResult(row, medians: [product: 1, ceiling: 2]).verdict == .notJudged)
    }

    @Test("a row whose figure or ceiling is missing is not measured, not reached")
    func missing() {
        let row = Comparison("row", product, against: ceiling, .atMost(2))
        #expect(ComparisonResult(row, medians: [product: 1]).verdict == .notMeasured)
        #expect(ComparisonResult(row, medians: [ceiling: 1]).verdict == .notMeasured)
        #expect(ComparisonResult(row, medians: [product: 1, ceiling: 0]).verdict == .notMeasured)
    }

    @Test("the table's rows name each measured figure once and hold every bound that one broker is to reach")
    func table() {
        let rows = GoalTable.comparisons
        #expect(Set(rows.map(\.measured)).count == rows.count)
        #expect(Set(rows.map(\.title)).count == rows.count)
        #expect(rows.allSatisfy { $0.bound != nil })
        #expect(bound("produce.os.100") == .atLeast(0.5))
        #expect(bound("produce.os.1024") == .atLeast(0.8))
        #expect(bound("produce.os.100.x16") == .atLeast(0.5))
        #expect(bound("produce.batch.100") == .atLeast(0.85))
        #expect(bound("produce.os.1024.lz4") == .atLeast(0.8))
        #expect(bound("produce.os.100.cpu") == .atMost(2))
        #expect(bound("produce.os.100.cpu.kilobyte") == .atMost(1.25))
        #expect(bound("consume.100") == .atLeast(0.55))
        #expect(bound("latency.p50") == .atMost(5))
        #expect(bound("latency.p99.9") == .atMost(20))
        #expect(bound("produce.os.partitions") == .atLeast(0.5))
        #expect(bound("produce.batch.partitions") == .atLeast(0.4))
        #expect(bound("memory.idle") == .atMost(30e6))
        #expect(bound("memory.loaded") == .atMost(300e6))
        #expect(bound("memory.connections") == .atMost(60e6))
        #expect(bound("disk.partitions") == .atMost(20e6))
        #expect(bound("start.clean.os") == .atMost(1))
        #expect(bound("start.crash.os") == .atMost(2))
        #expect(bound("start.clean.batch") == .atMost(1))
        #expect(bound("start.crash.batch") == .atMost(2))
    }

    private func bound(_ id: String) -> Bound? {
        GoalTable.comparisons.first { $0.measured.id == id }?.bound
    }
}
