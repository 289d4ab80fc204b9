extension Collection where Element == Double {
    /// The middle value; the mean of the middle two when their number is even; 0 when there is none. O(n log n).
    package var median: Double {
        let sorted = self.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

/// The samples of all rounds, by figure, in the order in which figures first came.
package struct SampleBook: Sendable {
    private var order: [Figure] = []
    private var values: [Figure: [Double]] = [:]

    package init() {}

    package mutating func add(_ sample: Sample) {
        if values[sample.figure] == nil { order.append(sample.figure) }
        values[sample.figure, default: []].append(sample.value)
    }

    /// Each figure over its rounds.
    package var summaries: [FigureSummary] {
        order.map { FigureSummary(figure: $0, values: values[$0] ?? []) }
    }
}
