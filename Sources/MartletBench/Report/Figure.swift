/// What a figure's numbers mean.
package enum FigureUnit: String, Codable, Sendable {
    case recordsPerSecond
    case bytesPerSecond
    case nanosecondsPerRecord
    case nanosecondsPerKilobyte
    case microseconds
    case seconds
    case bytes
    /// Of processors: 0.05 is a twentieth of one.
    case cores
    case ratio
    case count
}

/// Something that is measured: the same name, title and unit in every round, table and report.
package struct Figure: Codable, Hashable, Sendable {
    /// "produce.os.100": stable, for programs that read the JSON.
    package var id: String
    /// For people.
    package var title: String
    package var unit: FigureUnit

    package init(_ id: String, _ title: String, _ unit: FigureUnit) {
        self.id = id
        self.title = title
        self.unit = unit
    }
}

/// One round's value of one figure.
package struct Sample: Codable, Hashable, Sendable {
    package var figure: Figure
    package var value: Double

    package init(_ figure: Figure, _ value: Double) {
        self.figure = figure
        self.value = value
    }
}

/// A figure over all rounds.
package struct FigureSummary: Codable, Hashable, Sendable {
    package var figure: Figure
    /// In the order of the rounds; at least one.
    package var values: [Double]
    package var median: Double
    package var least: Double
    package var most: Double

    package init(figure: Figure, values: [Double]) {
        precondition(!values.isEmpty, "a figure without values has no median")
        self.figure = figure
        self.values = values
        median = values.median
        least = values.min() ?? 0
        most = values.max() ?? 0
    }
}

/// A line in a chart: latency over percentile, say.
package struct Curve: Codable, Hashable, Sendable {
    package struct Point: Codable, Hashable, Sendable {
        package var x: Double
        package var y: Double

        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    package var title: String
    package var points: [Point]

    package init(title: String, points: [Point]) {
        self.title = title
        self.points = points
    }
}
