import MartletBench
import Testing

@Suite("Quantities as people read them")
struct QuantityTests {
    @Test(
        "a value keeps three digits and gets the unit that fits its size",
        arguments: [
            (8_423_000.0, FigureUnit.recordsPerSecond, "8.42 M/s"), (27_190_000, .recordsPerSecond, "27.2 M/s"),
            (999, .recordsPerSecond, "999 /s"), (1_050_000_000, .bytesPerSecond, "1.05 GB/s"),
            (98.4, .nanosecondsPerRecord, "98.4 ns"), (1500, .nanosecondsPerRecord, "1.50 us"),
            (65.7, .microseconds, "65.7 us"), (4100, .microseconds, "4.10 ms"), (2.345, .seconds, "2.35 s"),
            (0.0123, .seconds, "12.3 ms"), (29_400_000, .bytes, "29.4 MB"), (0, .bytes, "0.00 B"),
            (0.0213, .cores, "2.13 % of a core"), (1.049, .ratio, "1.05 x"), (0, .count, "0"), (61.25, .count, "61.3"),
        ])
    func text(value: Double, unit: FigureUnit, expected: String) {
        #expect(Quantity.text(value, unit) == expected)
    }

    @Test("a bound is told as a ratio where something is compared, else in the figure's unit")
    func bound() {
        #expect(Quantity.bound(.atLeast(0.5), unit: .recordsPerSecond, isRatio: true) == "at least 0.50 x")
        #expect(Quantity.bound(.atMost(30e6), unit: .bytes, isRatio: false) == "at most 30.0 MB")
    }

    @Test(
        "what is no number is told as such and never trapped on",
        arguments: [(Double.nan, "- /s"), (.infinity, "inf G/s")])
    func notANumber(value: Double, expected: String) {
        #expect(Quantity.text(value, .recordsPerSecond) == expected)
    }
}
