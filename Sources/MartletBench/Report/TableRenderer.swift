/// The report for a terminal: aligned columns, plain text.
package enum TableRenderer {
    package static func render(_ report: Report) -> String {
        var lines = [heading(report), ""]
        if !report.isReleaseBuild {
            lines += ["A debug build: these figures say nothing about speed. Build with `-c release`.", ""]
        }
        if !report.comparisons.isEmpty {
            lines += align(comparisonRows(report.comparisons)) + [""]
        }
        if !report.notes.isEmpty { lines += report.notes + [""] }
        if !report.figures.isEmpty {
            lines.append("All figures: median (least to most over the rounds)")
            lines += align(report.figures.map(figureRow))
        }
        lines += report.failures.map { "could not be measured: \($0.scenario): \($0.reason)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func heading(_ report: Report) -> String {
        let machine = report.machine
        let memory = Quantity.text(Double(machine.memoryBytes), .bytes)
        return "\(machine.processor), \(machine.cores) cores, \(memory), \(machine.kernel); "
            + "\(report.command), \(Quantity.text(report.durationSeconds, .seconds))"
    }

    private static func comparisonRows(_ results: [ComparisonResult]) -> [[String]] {
        var rows = [["what", "measured", "beside", "ratio", "goal", ""]]
        for result in results {
            rows.append(ComparisonText(result).cells)
            for sample in result.beside {
                rows.append(["    \(sample.figure.title)", Quantity.text(sample.value, sample.figure.unit)])
            }
        }
        return rows
    }

    private static func figureRow(_ summary: FigureSummary) -> [String] {
        func text(_ value: Double) -> String { Quantity.text(value, summary.figure.unit) }
        let range = summary.values.count > 1 ? "(\(text(summary.least)) to \(text(summary.most)))" : ""
        return ["  \(summary.figure.title)", text(summary.median), range]
    }

    /// Two blanks between columns, the first aligned left, nothing after the last.
    static func align(_ rows: [[String]]) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

/// A row's words, shared by the table and the page.
struct ComparisonText {
    var title: String
    var measured: String
    var reference: String
    var ratio: String
    var goal: String
    var verdict: String

    init(_ result: ComparisonResult) {
        let unit = result.comparison.measured.unit
        title = result.comparison.title
        measured = result.measured.map { Quantity.text($0, unit) } ?? "-"
        reference = result.reference.map { Quantity.text($0, unit) } ?? ""
        ratio = result.ratio.map { Quantity.ratio($0, judgedBy: result.comparison.bound) } ?? ""
        goal =
            result.comparison.bound.map {
                Quantity.bound($0, unit: unit, isRatio: result.comparison.reference != nil)
            } ?? ""
        verdict =
            switch result.verdict {
            case .reached: "reached"
            case .missed: "MISSED"
            case .notJudged: ""
            case .notMeasured: "not measured"
            }
    }

    var cells: [String] { [title, measured, reference, ratio, goal, verdict] }
}
