/// The machine that the figures are of.
package struct Machine: Codable, Hashable, Sendable {
    package var processor: String
    package var cores: Int
    package var memoryBytes: Int
    package var kernel: String

    package init(processor: String, cores: Int, memoryBytes: Int, kernel: String) {
        self.processor = processor
        self.cores = cores
        self.memoryBytes = memoryBytes
        self.kernel = kernel
    }
}

/// A scenario that could not be measured, and why.
package struct ScenarioFailure: Codable, Hashable, Sendable {
    package var scenario: String
    package var reason: String

    package init(scenario: String, reason: String) {
        self.scenario = scenario
        self.reason = reason
    }
}

/// All that one run of the benchmark found; what `--json` prints and the other renderers draw.
package struct Report: Codable, Hashable, Sendable {
    /// The command that makes these figures again.
    package var command: String
    /// RFC 3339, UTC.
    package var startedAt: String
    package var durationSeconds: Double
    package var isReleaseBuild: Bool
    package var machine: Machine
    package var comparisons: [ComparisonResult]
    package var figures: [FigureSummary]
    /// Latency in microseconds over percentile.
    package var latencyCurves: [Curve]
    /// How figures were measured, where one has to know.
    package var notes: [String]
    package var failures: [ScenarioFailure]

    /// Nothing failed and no goal was missed.
    package var isGood: Bool {
        failures.isEmpty && comparisons.allSatisfy { $0.verdict == .reached || $0.verdict == .notJudged }
    }
}

extension Report {
    package init(
        command: String, startedAt: String, durationSeconds: Double, isReleaseBuild: Bool, machine: Machine,
        findings: Findings, comparisons: [Comparison]
    ) {
        let summaries = findings.samples.summaries
        let medians = Dictionary(uniqueKeysWithValues: summaries.map { ($0.figure, $0.median) })
        self.init(
            command: command, startedAt: startedAt, durationSeconds: durationSeconds, isReleaseBuild: isReleaseBuild,
            machine: machine, comparisons: comparisons.map { ComparisonResult($0, medians: medians) },
            figures: summaries, latencyCurves: findings.curves, notes: findings.notes, failures: findings.failures)
    }
}

/// What the scenarios brought home.
package struct Findings: Sendable {
    package var samples = SampleBook()
    /// One per title: a later round's curve takes the place of an earlier one.
    package private(set) var curves: [Curve] = []
    /// Each once.
    package private(set) var notes: [String] = []
    package var failures: [ScenarioFailure] = []

    package init() {}

    package mutating func add(note: String) {
        if !notes.contains(note) { notes.append(note) }
    }

    package mutating func add(_ curve: Curve) {
        if let index = curves.firstIndex(where: { $0.title == curve.title }) {
            curves[index] = curve
        } else {
            curves.append(curve)
        }
    }
}
