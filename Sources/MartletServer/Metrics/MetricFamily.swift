/// One metric with its samples, as Prometheus understands it. Names follow its conventions: base units, `_total` on counters.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package struct Sample: Sendable {
        /// "", or what a histogram appends: "_bucket", "_sum", "_count".
        package var suffix: String
        package var labels: [(name: String, value: String)]
        package var value: Double

        package init(suffix: String = "", labels: [(name: String, value: String)] = [], value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    package var name: String
    package var help: String
    package var kind: Kind
    package var samples: [Sample]

    package init(_ name: String, _ kind: Kind, _ help: String, samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    package init(_ name: String, _ kind: Kind, _ help: String, value: some BinaryInteger) {
        self.init(name, kind, help, samples: [Sample(value: Double(value))])
    }
}

extension MetricFamily {
    /// The text exposition format, version 0.0.4.
    package static func text(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            text +=
                "# HELP \(family.name) \(escape(family.help, quotes: false))\n# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                let labels = sample.labels.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }.joined(
                    separator: ",")
                text +=
                    family.name + sample.suffix + (labels.isEmpty ? "" : "{\(labels)}") + " \(number(sample.value))\n"
            }
        }
        return text
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? escaped.replacing("\"", with: "\\\"") : escaped
    }

    /// Whole numbers without a fraction: counters stay readable.
    private static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        return Int64(exactly: value).map(String.init) ?? String(value)
    }
}
