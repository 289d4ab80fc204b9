import Foundation

/// Latency over percentile, both on logarithmic scales: every nine of the percentile is as wide as the one before.
enum LatencyChart {
    private static let width = 960.0
    private static let height = 360.0
    private static let left = 70.0
    private static let right = 20.0
    private static let top = 30.0
    private static let bottom = 40.0
    private static let percentiles: [(value: Double, label: String)] = [
        (0, "0 %"), (50, "50 %"), (90, "90 %"), (99, "99 %"), (99.9, "99.9 %"), (99.99, "99.99 %"),
    ]

    static func draw(_ curves: [Curve]) -> String {
        let points = curves.flatMap(\.points).filter { $0.y > 0 && $0.x < 100 }
        guard let least = points.map(\.y).min(), let most = points.map(\.y).max() else { return "" }
        let low = log10(least).rounded(.down)
        let high = Swift.max(log10(most).rounded(.up), low + 1)
        let widest = points.map { nines($0.x) }.max() ?? 1
        let scale = Scale(low: low, high: high, nines: Swift.max(widest, 1))
        let lines = curves.enumerated().map { line($1, style: $0, scale) }
        let legend = curves.enumerated().map { entry($1.title, index: $0) }
        let content = (grid(scale) + lines + legend).joined(separator: "\n")
        return
            "<div class=\"wide\"><svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" "
            + "aria-label=\"Latency by percentile\">\(content)</svg></div>"
    }

    /// 0 for the 0th percentile, 1 for the 90th, 2 for the 99th, ...
    static func nines(_ percentile: Double) -> Double { -log10(1 - percentile / 100) }

    private struct Scale {
        var low: Double
        var high: Double
        var nines: Double

        func x(_ percentile: Double) -> Double {
            left + (width - left - right) * LatencyChart.nines(percentile) / nines
        }

        func y(_ microseconds: Double) -> Double {
            let share = (log10(microseconds) - low) / (high - low)
            return height - bottom - (height - top - bottom) * share
        }
    }

    private static func grid(_ scale: Scale) -> [String] {
        var parts: [String] = []
        for exponent in Int(scale.low)...Int(scale.high) {
            let value = pow(10, Double(exponent))
            let y = Quantity.fixed(scale.y(value), places: 1)
            parts.append("<line class=\"grid\" x1=\"\(left)\" x2=\"\(width - right)\" y1=\"\(y)\" y2=\"\(y)\"/>")
            let label = Quantity.text(value, .microseconds)
            parts.append(
                "<text class=\"faint\" x=\"\(left - 8)\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(label)</text>")
        }
        for percentile in percentiles where nines(percentile.value) <= scale.nines + 0.001 {
            let x = Quantity.fixed(scale.x(percentile.value), places: 1)
            parts.append("<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(top)\" y2=\"\(height - bottom)\"/>")
            let y = height - bottom + 18
            parts.append(
                "<text class=\"faint\" x=\"\(x)\" y=\"\(y)\" text-anchor=\"middle\">\(percentile.label)</text>")
        }
        return parts
    }

    private static func line(_ curve: Curve, style: Int, _ scale: Scale) -> String {
        let points = curve.points.filter { $0.y > 0 && $0.x < 100 }
            .map { "\(Quantity.fixed(scale.x($0.x), places: 1)),\(Quantity.fixed(scale.y($0.y), places: 1))" }
        return "<polyline class=\"curve curve\(style % 4)\" points=\"\(points.joined(separator: " "))\"/>"
    }

    private static func entry(_ title: String, index: Int) -> String {
        let x = left + 10 + Double(index) * 220
        return "<line class=\"curve curve\(index % 4)\" x1=\"\(x)\" x2=\"\(x + 24)\" y1=\"14\" y2=\"14\"/>"
            + "<text x=\"\(x + 30)\" y=\"18\">\(HTMLRenderer.escape(title))</text>"
    }
}
