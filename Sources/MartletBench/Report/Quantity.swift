/// Numbers as people read them: three digits that count, and a unit.
package enum Quantity {
    package static func text(_ value: Double, _ unit: FigureUnit) -> String {
        switch unit {
        case .recordsPerSecond: scaled(value, [(1e9, "G/s"), (1e6, "M/s"), (1e3, "k/s"), (1, "/s")])
        case .bytesPerSecond: scaled(value, [(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1, "B/s")])
        case .nanosecondsPerRecord, .nanosecondsPerKilobyte: scaled(value, [(1e3, "us"), (1, "ns")])
        case .microseconds: scaled(value, [(1e6, "s"), (1e3, "ms"), (1, "us")])
        case .seconds: scaled(value, [(1, "s"), (1e-3, "ms"), (1e-6, "us")])
        case .cores: "\(digits(value * 100)) % of a core"
        case .ratio: ratio(value)
        case .count: value == value.rounded() ? fixed(value, places: 0) : digits(value)
        case .bytes: scaled(value, [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B")])
        }
    }

    /// "0.82 x".
    package static func ratio(_ value: Double) -> String { "\(fixed(value, places: 2)) x" }

    /// With as many decimals, four at most, as it takes not to look like its bound when it missed that: "0.497 x".
    static func ratio(_ value: Double, judgedBy bound: Bound?) -> String {
        guard let bound, !bound.isReached(by: value) else { return ratio(value) }
        let limit =
            switch bound {
            case .atLeast(let limit), .atMost(let limit): limit
            }
        let places = (2...4).first { fixed(value, places: $0) != fixed(limit, places: $0) } ?? 4
        return "\(fixed(value, places: places)) x"
    }

    /// "at least 0.50 x", or in the figure's own unit where nothing is compared.
    package static func bound(_ bound: Bound, unit: FigureUnit, isRatio: Bool) -> String {
        func limit(_ value: Double) -> String { isRatio ? ratio(value) : text(value, unit) }
        return switch bound {
        case .atLeast(let value): "at least \(limit(value))"
        case .atMost(let value): "at most \(limit(value))"
        }
    }

    private static func scaled(_ value: Double, _ steps: [(size: Double, unit: String)]) -> String {
        let step = steps.first { abs(value) >= $0.size } ?? steps[steps.count - 1]
        return "\(digits(value / step.size)) \(step.unit)"
    }

    private static func digits(_ value: Double) -> String {
        switch abs(value) {
        case 100...: fixed(value, places: 0)
        case 10..<100: fixed(value, places: 1)
        default: fixed(value, places: 2)
        }
    }

    /// Rounded to `places` decimals, none cut off.
    static func fixed(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return value.isNaN ? "-" : String(value) }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let rounded = Int64((abs(value) * scale).rounded())
        let sign = value < 0 && rounded > 0 ? "-" : ""
        let whole = rounded / Int64(scale)
        guard places > 0 else { return "\(sign)\(whole)" }
        let rest = String(rounded % Int64(scale))
        return "\(sign)\(whole).\(String(repeating: "0", count: places - rest.count))\(rest)"
    }
}
