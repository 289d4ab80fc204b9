/// The report as one page that needs nothing else: no scripts, no fonts, no pictures from elsewhere; light or dark as the
/// reader's system is.
package enum HTMLRenderer {
    package static func render(_ report: Report) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Martlet: benchmark</title>
        <style>\(style)</style>
        </head>
        <body>
        <main>
        <h1>Martlet: benchmark</h1>
        \(facts(report))
        \(warning(report))
        <h2>Against the ceiling, and against the goals</h2>
        \(comparisons(report.comparisons))
        \(notes(report.notes))
        \(charts(report))
        <h2>All figures</h2>
        \(figures(report.figures))
        \(failures(report.failures))
        </main>
        </body>
        </html>

        """
    }

    private static let style = """

        :root { color-scheme: light dark; --ink: #1b2430; --faint: #6a7684; --paper: #fbfaf7; --line: #d9dce1;
          --bar: #2f6f9f; --other: #b9c4cf; --good: #2e7d4f; --bad: #b23a2e; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --faint: #98a3b0; --paper: #14181d; --line: #2c333c;
          --bar: #6fb0dd; --other: #4a5663; --good: #6cc08f; --bad: #ea8177; } }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 64rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
        h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
        p.facts { color: var(--faint); margin: 0; } p.note { margin-top: .6rem; } p.warning { color: var(--bad); }
        .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { font-weight: 600; color: var(--faint); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums;
          white-space: nowrap; }
        td small { display: block; color: var(--faint); } .reached { color: var(--good); } .missed { color: var(--bad); }
        svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font-size: 12px; }
        svg .faint { fill: var(--faint); } svg .grid { stroke: var(--line); } svg .bar { fill: var(--bar); } svg .short { fill: var(--bad); }
        svg .other { fill: var(--other); } svg .goal { stroke: var(--ink); stroke-width: 2; }
        svg .label { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
        svg .curve { fill: none; stroke-width: 2; } svg .curve0 { stroke: var(--faint); } svg .curve1 { stroke: var(--bar); }
        svg .curve2 { stroke: var(--bad); } svg .curve3 { stroke: var(--good); }

        """

    /// Text that stands for itself in an element or an attribute.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    private static func facts(_ report: Report) -> String {
        let machine = report.machine
        let memory = Quantity.text(Double(machine.memoryBytes), .bytes)
        let lines = [
            "\(machine.processor), \(machine.cores) cores, \(memory), \(machine.kernel)",
            "\(report.command), started \(report.startedAt), took \(Quantity.text(report.durationSeconds, .seconds))",
        ]
        return lines.map { "<p class=\"facts\">\(escape($0))</p>" }.joined(separator: "\n")
    }

    private static func warning(_ report: Report) -> String {
        report.isReleaseBuild
            ? "" : "<p class=\"warning\">A debug build: these figures say nothing about speed.</p>"
    }

    private static func notes(_ notes: [String]) -> String {
        notes.map { "<p class=\"facts note\">\(escape($0))</p>" }.joined(separator: "\n")
    }

    private static func comparisons(_ results: [ComparisonResult]) -> String {
        let rows = results.map(row).joined(separator: "\n")
        return """
            <div class="wide"><table>
            <tr><th>what</th><th class="n">measured</th><th class="n">beside</th><th class="n">ratio</th>\
            <th class="n">goal</th><th></th></tr>
            \(rows)
            </table></div>
            """
    }

    private static func row(_ result: ComparisonResult) -> String {
        let text = ComparisonText(result)
        let beside = result.beside
            .map { "<small>\(escape("\($0.figure.title): \(Quantity.text($0.value, $0.figure.unit))"))</small>" }
            .joined()
        let numbers = [text.measured, text.reference, text.ratio, text.goal]
            .map { "<td class=\"n\">\(escape($0))</td>" }
            .joined()
        return "<tr><td>\(escape(text.title))\(beside)</td>\(numbers)"
            + "<td class=\"\(result.verdict.rawValue)\">\(escape(text.verdict))</td></tr>"
    }

    private static func charts(_ report: Report) -> String {
        var sections: [String] = []
        let ratios = report.comparisons.compactMap(RatioChart.Bar.init)
        if !ratios.isEmpty {
            sections.append("<h2>How near to the goal</h2>\n" + RatioChart.draw(ratios))
        }
        let rates = report.figures.filter { $0.figure.unit == .recordsPerSecond }
        if !rates.isEmpty {
            sections.append("<h2>Records per second</h2>\n" + RateChart.draw(rates))
        }
        if !report.latencyCurves.isEmpty {
            sections.append("<h2>Latency by percentile</h2>\n" + LatencyChart.draw(report.latencyCurves))
        }
        return sections.joined(separator: "\n")
    }

    private static func figures(_ summaries: [FigureSummary]) -> String {
        let rows = summaries.map { summary in
            let numbers = [summary.median, summary.least, summary.most]
                .map { "<td class=\"n\">\(escape(Quantity.text($0, summary.figure.unit)))</td>" }
                .joined()
            return
                "<tr><td>\(escape(summary.figure.title))</td>\(numbers)<td class=\"n\">\(summary.values.count)</td></tr>"
        }
        return """
            <div class="wide"><table>
            <tr><th>figure</th><th class="n">median</th><th class="n">least</th><th class="n">most</th>\
            <th class="n">rounds</th></tr>
            \(rows.joined(separator: "\n"))
            </table></div>
            """
    }

    private static func failures(_ failures: [ScenarioFailure]) -> String {
        guard !failures.isEmpty else { return "" }
        let items = failures.map { "<li>\(escape("\($0.scenario): \($0.reason)"))</li>" }.joined(separator: "\n")
        return "<h2>Not measured</h2>\n<ul>\n\(items)\n</ul>"
    }
}
