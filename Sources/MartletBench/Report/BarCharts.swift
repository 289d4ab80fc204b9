/// How far each judged figure came, on a scale where 1 is its goal.
enum RatioChart {
    struct Bar {
        var title: String
        /// 1 is the goal; above is better, whichever way the figure counts.
        var score: Double
        var label: String

        /// Nil when the row was not judged.
        init?(_ result: ComparisonResult) {
            guard let bound = result.comparison.bound else { return nil }
            guard let value = result.comparison.reference == nil ? result.measured : result.ratio, value > 0 else {
                return nil
            }
            let text = ComparisonText(result)
            title = text.title
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
        let chart = BarLayout(count: bars.count)
        let goal = chart.x(1 / scoreMax)
        let rows = bars.enumerated().map { index, bar in
            chart.row(index, title: bar.title, fraction: min(bar.score, scoreMax) / scoreMax, label: bar.label)
        }
        return chart.svg(
            rows.joined()
                + "<line class=\"goal\" x1=\"\(goal)\" x2=\"\(goal)\" y1=\"0\" y2=\"\(chart.height - 18)\"/>"
                + "<text class=\"faint\" x=\"\(goal)\" y=\"\(chart.height - 4)\" text-anchor=\"middle\">the goal</text>"
        )
    }
}

/// Throughput figures side by side, ceilings in a quieter colour.
enum RateChart {
    static func draw(_ summaries: [FigureSummary]) -> String {
        let chart = BarLayout(count: summaries.count)
        let most = summaries.map(\.median).max() ?? 0
        let rows = summaries.enumerated().map { index, summary in
            chart.row(
                index, title: summary.figure.title, fraction: most > 0 ? summary.median / most : 0,
                label: Quantity.text(summary.median, summary.figure.unit),
                style: summary.figure.id.hasPrefix("ceiling.") ? "other" : "bar")
        }
        return chart.svg(rows.joined())
    }
}

/// Horizontal bars, one under the other: title left, value behind the bar.
struct BarLayout {
    let width = 960
    let titleWidth = 440
    let labelWidth = 90
    let rowHeight = 24
    let height: Int

    init(count: Int) {
        height = count * rowHeight + 20
    }

    /// The place of `fraction` (0 to 1) of the longest bar.
    func x(_ fraction: Double) -> Int {
        titleWidth + Int((Double(width - titleWidth - labelWidth) * fraction).rounded())
    }

    func row(_ index: Int, title: String, fraction: Double, label: String, style: String = "bar") -> String {
        let top = index * rowHeight
        let end = x(fraction)
        return """
            <text x="\(titleWidth - 10)" y="\(top + 16)" text-anchor="end">\(HTMLRenderer.escape(title))</text>\
            <rect class="\(style)" x="\(titleWidth)" y="\(top + 5)" width="\(max(end - titleWidth, 1))" height="14"/>\
            <text x="\(end + 6)" y="\(top + 16)">\(HTMLRenderer.escape(label))</text>

            """
    }

    func svg(_ content: String) -> String {
        "<div class=\"wide\"><svg viewBox=\"0 0 \(width) \(height)\" role=\"img\">\(content)</svg></div>"
    }
}
