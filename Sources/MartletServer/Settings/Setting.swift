internal import MartletBroker

/// One setting of the broker process: what it is called, what it takes, and what it is when nobody sets it.
///
/// The table of them (``SettingsTable``) is the single place that names, documents and bounds a setting; parsing, the
/// README's table and `martlet broker --settings` are made from it.
package struct Setting: Sendable {
    package enum Kind: Sendable {
        case text
        case hostPort
        case flag
        case integer(ClosedRange<Int64>)
        case choice([String])
        /// Takes what the topic setting of this name takes.
        case topicDefault(name: String)
    }

    package var name: String
    package var kind: Kind
    /// Nil: not set.
    package var defaultValue: String?
    package var documentation: String

    package init(_ name: String, _ kind: Kind, default defaultValue: String?, _ documentation: String) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.documentation = documentation
    }

    /// "MARTLET_LOG_RETENTION_MS" for "log.retention.ms".
    package var environmentName: String {
        "MARTLET_" + name.uppercased().replacing(".", with: "_")
    }

    /// What the setting takes, in words for an error.
    package var accepted: String {
        switch kind {
        case .text: "text"
        case .hostPort: "HOST:PORT"
        case .flag: "true or false"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let choices): choices.joined(separator: ", ")
        case .topicDefault(let name): TopicSettings.accepted(by: name)
        }
    }

    /// Is `value` one that the setting takes?
    package func accepts(_ value: String) -> Bool {
        switch kind {
        case .text: true
        case .topicDefault(let name): TopicSettings.accept(value, for: name)
        case .hostPort: HostPort(value) != nil
        case .flag: Bool(value) != nil
        case .integer(let range): Int64(value).map(range.contains) ?? false
        case .choice(let choices): choices.contains(value)
        }
    }
}

/// A setting that cannot be used, told so that a person can mend it.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
