import Foundation
import Testing

@testable import MartletBench

@Suite("Renderers")
struct RendererTests {
    @Test("the table's columns are aligned and no line ends in blanks")
    func table() throws {
        let lines = TableRenderer.render(.example).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.last != " " })
        let head = try #require(lines.first { $0.hasPrefix("what") })
        let row = try #require(lines.first { $0.hasPrefix("produce <fast>") })
        for (title, cell) in [("measured", "5.00 M/s"), ("beside", "8.00 M/s"), ("ratio", "0.63 x")] {
            let titleAt = try #require(head.firstRange(of: title)).lowerBound
            let cellAt = try #require(row.firstRange(of: cell)).lowerBound
            #expect(head.distance(from: head.startIndex, to: titleAt) == row.distance(from: row.startIndex, to: cellAt))
        }
        #expect(row.hasSuffix("reached"))
        #expect(lines.contains { $0.hasPrefix("consume") && $0.hasSuffix("MISSED") })
        #expect(lines.contains { $0.hasPrefix("latency") && $0.hasSuffix("not measured") })
        #expect(lines.contains("could not be measured: start: no broker & no \"luck\""))
    }

    @Test("the table of a debug build says that its figures mean nothing")
    func debugBuild() {
        var report = Report.example
        #expect(!TableRenderer.render(report).contains("debug build"))
        report.isReleaseBuild = false
        #expect(TableRenderer.render(report).contains("debug build"))
        #expect(HTMLRenderer.render(report).contains("debug build"))
    }

    @Test("the JSON reads back as the report that it was made of")
    func json() throws {
        let text = try JSONRenderer.render(.example)
        #expect(try JSONDecoder().decode(Report.self, from: Data(text.utf8)) == .example)
    }

    @Test("the page needs nothing from elsewhere")
    func selfContained() {
        let page = HTMLRenderer.render(.example)
        for foreign in ["http://", "https://", "src=", "href=", "@import", "url(", "<script"] {
            #expect(!page.contains(foreign), "the page holds \(foreign)")
        }
    }

    @Test("what people wrote is escaped on the page")
    func escaped() {
        let page = HTMLRenderer.render(.example)
        #expect(page.contains("produce &lt;fast&gt;"))
        #expect(!page.contains("<fast>"))
        #expect(page.contains("no broker &amp; no &quot;luck&quot;"))
    }

    @Test("the page is well-formed and has a chart for ratios, rates and latencies")
    func wellFormed() throws {
        let page = HTMLRenderer.render(.example)
        let body = try #require(page.firstRange(of: "<main>")).lowerBound
        let end = try #require(page.firstRange(of: "</main>")).upperBound
        let parser = XMLProbe(String(page[body..<end]))
        #expect(parser.isWellFormed)
        #expect(parser.elements["svg"] == 3)
        #expect(parser.elements["polyline"] == 1)
        #expect(parser.elements["rect"] == 4)
    }

    @Test("how figures were measured stands once under the comparisons, in the table, on the page and in the JSON")
    func notes() throws {
        let report = Report.example
        #expect(report.notes == ["read <on> a loop"])
        #expect(TableRenderer.render(report).contains("\nread <on> a loop\n"))
        #expect(HTMLRenderer.render(report).contains("read &lt;on&gt; a loop"))
        #expect(try JSONRenderer.render(report).contains("read <on> a loop"))
    }

    @Test("on the page a figure that missed its goal is told from those that reached it, and no title is cut off")
    func ratioChart() {
        let page = HTMLRenderer.render(.example)
        #expect(page.components(separatedBy: "<rect class=\"short\"").count == 2)
        let titles = GoalTable.comparisons.map(\.title)
        let longest = titles.map(\.count).max() ?? .max
        #expect(Double(longest) * 6.5 < Double(BarLayout(titles: titles).titleWidth))
    }

    @Test(
        "a ratio that missed its bound by little does not look as if it had reached it",
        arguments: [
            (0.497, Bound.atLeast(0.5), "0.497 x"), (0.49996, .atLeast(0.5), "0.5000 x"),
            (0.5, .atLeast(0.5), "0.50 x"),
            (2.004, .atMost(2), "2.004 x"), (0.46, .atLeast(0.5), "0.46 x"), (0.497, nil, "0.50 x"),
        ] as [(Double, Bound?, String)])
    func nearMiss(value: Double, bound: Bound?, text: String) {
        #expect(Quantity.ratio(value, judgedBy: bound) == text)
    }

    @Test("a report is good only if nothing failed, was missed or was left out")
    func isGood() {
        var report = Report.example
        #expect(!report.isGood)
        report.failures = []
        #expect(!report.isGood)
        report.comparisons.removeAll { $0.verdict == .missed }
        #expect(!report.isGood)
        report.comparisons.removeAll { $0.verdict == .notMeasured }
        #expect(report.isGood)
    }
}

extension Report {
    /// A row that reached its goal, one that missed it, one that is missing, and a failure.
    static var example: Report {
        let product = Figure("produce", "produce", .recordsPerSecond)
        let ceiling = Figure("ceiling.produce", "ceiling: produce", .recordsPerSecond)
        let memory = Figure("memory", "memory", .bytes)
        let latency = Figure("latency", "latency", .microseconds)
        var findings = Findings()
        for sample in [
            Sample(product, 4e6), Sample(ceiling, 7e6), Sample(product, 6e6), Sample(ceiling, 9e6), Sample(memory, 5e7),
        ] {
            findings.samples.add(sample)
        }
        findings.add(
            Curve(title: "end to end", points: [.init(x: 0, y: 20), .init(x: 90, y: 60), .init(x: 99, y: 900)]))
        for _ in 0..<2 { findings.add(note: "read <on> a loop") }
        findings.failures.append(ScenarioFailure(scenario: "start", reason: "no broker & no \"luck\""))
        return Report(
            command: "martlet-bench all", startedAt: "2026-01-02T03:04:05Z", durationSeconds: 61, isReleaseBuild: true,
            machine: Machine(processor: "A processor", cores: 2, memoryBytes: 24_000_000_000, kernel: "Linux"),
            findings: findings,
            comparisons: [
                Comparison("produce <fast>", product, against: ceiling, .atLeast(0.5), beside: [memory]),
                Comparison("consume", memory, .atMost(30e6)), Comparison("latency", latency, .atMost(5)),
            ])
    }
}

/// Counts the elements of an XML text.
private final class XMLProbe {
    private(set) var elements: [String: Int] = [:]
    private(set) var isWellFormed = true

    /// A reader of its own: the platform's XML parser is not part of Foundation everywhere.
    init(_ text: String) {
        var open: [Substring] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else {
                isWellFormed = false
                return
            }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                if open.popLast() != tag.dropFirst() { isWellFormed = false }
                continue
            }
            let name = tag.prefix { $0 != " " && $0 != "/" }
            elements[String(name), default: 0] += 1
            if !tag.hasSuffix("/") { open.append(name) }
        }
        if !open.isEmpty { isWellFormed = false }
    }
}
