/// How far each judged figure came, on a scale where 1 is its goal.
enum RatioChart {
    struct Bar {
        var title: String
        /// 1 is the goal; above is better, whichever way the figure counts.
        var score: Double
        var label: String
        var isReached: Bool

        /// Nil when the row was not judged.
        init?(_ result: ComparisonResult) {
            guard let bound = result.comparison.bound else { return nil }
            guard let value = result.comparison.reference == nil ? result.measured : result.ratio, value > 0 else {
                return nil
            }
            let text = ComparisonText(result)
            // What stands beside it is in the table.
            title = String(
                text.title.prefix(upTo: text.title.firstRange(of: " (beside")?.lowerBound ?? text.title.endIndex))
            isReached = result.verdict == .reached
            label = text.ratio.isEmpty ? text.measured : text.ratio
            score =
                switch bound {
                case .atLeast(let goal): goal > 0 ? value / goal : 1
                case .atMost(let goal): goal / value
                }
        }
    }

    /// Where bars end, however far past their goal they went.
    static let scoreMax = 2.0

    static func draw(_ bars: [Bar]) -> String {
        let chart = BarLayout(titles: bars.map(\.title))
        let goal = chart.x(1 / scoreMax)
        let rows = bars.enumerated().map { index, bar in
            chart.row(
                index, title: bar.title, fraction: min(bar.score, scoreMax) / scoreMax, label: bar.label,
                style: bar.isReached ? "bar" : "short")
        }
        // Between bars, which it crosses, and their labels, which stay readable.
        let line = "<line class=\"goal\" x1=\"\(goal)\" x2=\"\(goal)\" y1=\"0\" y2=\"\(chart.height - 18)\"/>"
        let scale = [(goal, "the goal"), (chart.x(1), "twice as good, or better")].map { x, text in
            "<text class=\"faint\" x=\"\(x)\" y=\"\(chart.height - 4)\" text-anchor=\"middle\">\(text)</text>"
        }
        return chart.svg(
            rows.map(\.bar) + [line] + rows.map(\.label) + scale, name: "How near each figure came to its goal")
    }
}

/// Throughput figures side by side, ceilings in a quieter colour.
enum RateChart {
    static func draw(_ summaries: [FigureSummary]) -> String {
        let chart = BarLayout(titles: summaries.map(\.figure.title))
        let most = summaries.map(\.median).max() ?? 0
        let rows = summaries.enumerated().map { index, summary in
            chart.row(
                index, title: summary.figure.title, fraction: most > 0 ? summary.median / most : 0,
                label: Quantity.text(summary.median, summary.figure.unit),
                style: summary.figure.id.hasPrefix("ceiling.") ? "other" : "bar")
        }
        return chart.svg(rows.map(\.bar) + rows.map(\.label), name: "Records per second")
    }
}

/// Horizontal bars, one under the other: title left, value behind the bar.
struct BarLayout {
    let width = 960
    let titleWidth: Int
    let labelWidth = 110
    let rowHeight = 24
    let height: Int

    init(titles: [String]) {
        height = titles.count * rowHeight + 20
        // Letters of the chart's size are some six and a half units wide. Longer titles would leave no room for bars.
        let longest = titles.map(\.count).max() ?? 0
        titleWidth = min(max(longest * 13 / 2 + 20, 200), 640)
    }

    /// The place of `fraction` (0 to 1) of the longest bar.
    func x(_ fraction: Double) -> Int {
        titleWidth + Int((Double(width - titleWidth - labelWidth) * fraction).rounded())
    }

    /// The bar with its title, and what it says, which goes on top of all else.
    func row(
        _ index: Int, title: String, fraction: Double, label: String, style: String = "bar"
    ) -> (bar: String, label: String) {
        let top = index * rowHeight
        let end = x(fraction)
        return (
            """
            <text x="\(titleWidth - 10)" y="\(top + 16)" text-anchor="end">\(HTMLRenderer.escape(title))</text>\
            <rect class="\(style)" x="\(titleWidth)" y="\(top + 5)" width="\(max(end - titleWidth, 1))" height="14"/>

            """,
            "<text class=\"label\" x=\"\(end + 6)\" y=\"\(top + 16)\">\(HTMLRenderer.escape(label))</text>\n"
        )
    }

    func svg(_ parts: [String], name: String) -> String {
        "<div class=\"wide\"><svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"\(name)\">"
            + "\(parts.joined())</svg></div>"
    }
}
