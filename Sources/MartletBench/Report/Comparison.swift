/// How far a figure must go.
package enum Bound: Codable, Hashable, Sendable {
    /// Reached at this value and above.
    case atLeast(Double)
    /// Reached at this value and below.
    case atMost(Double)

    package func isReached(by value: Double) -> Bool {
        switch self {
        case .atLeast(let least): value >= least
        case .atMost(let most): value <= most
        }
    }
}

/// A row of the table: a figure beside what it is compared with, and how far it should come.
package struct Comparison: Codable, Hashable, Sendable {
    /// What was done, in a person's words.
    package var title: String
    package var measured: Figure
    /// The ceiling, as a rule. Nil: the bound is on the figure itself, in its own unit.
    package var reference: Figure?
    /// On measured / reference when there is a reference, else on measured. Nil: shown, not judged.
    package var bound: Bound?
    /// Figures printed under the row.
    package var beside: [Figure]

    package init(
        _ title: String, _ measured: Figure, against reference: Figure? = nil, _ bound: Bound? = nil,
        beside: [Figure] = []
    ) {
        self.title = title
        self.measured = measured
        self.reference = reference
        self.bound = bound
        self.beside = beside
    }
}

package enum Verdict: String, Codable, Sendable {
    case reached
    case missed
    /// There is no goal for this row.
    case notJudged
    /// A figure that the row needs is missing.
    case notMeasured
}

/// A row as it came out: medians over the rounds.
package struct ComparisonResult: Codable, Hashable, Sendable {
    package var comparison: Comparison
    package var measured: Double?
    package var reference: Double?
    /// measured / reference; nil when either is missing or the reference is 0.
    package var ratio: Double?
    package var beside: [Sample]
    package var verdict: Verdict

    package init(_ comparison: Comparison, medians: [Figure: Double]) {
        self.comparison = comparison
        measured = medians[comparison.measured]
        reference = comparison.reference.flatMap { medians[$0] }
        beside = comparison.beside.compactMap { figure in medians[figure].map { Sample(figure, $0) } }
        if let measured, let reference, reference > 0 { ratio = measured / reference }
        let judged = comparison.reference == nil ? measured : ratio
        switch (judged, comparison.bound) {
        case (nil, _): verdict = .notMeasured
        case (.some, nil): verdict = .notJudged
        case (let value?, let bound?): verdict = bound.isReached(by: value) ? .reached : .missed
        }
    }
}
