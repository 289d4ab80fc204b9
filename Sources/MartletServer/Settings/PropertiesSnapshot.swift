package import Configuration

/// A `name = value` file, the format of Kafka's `server.properties`: a line each, `#` or `!` begins a comment.
///
/// Values are text; whoever reads a setting parses it.
package struct PropertiesSnapshot: FileConfigSnapshot {
    package struct ParsingOptions: FileParsingOptions {
        /// Names that may stand in the file; others are refused, so that a misspelt setting is never silently ignored.
        package var isKnown: @Sendable (String) -> Bool

        package init(isKnown: @escaping @Sendable (String) -> Bool) {
            self.isKnown = isKnown
        }

        package static var `default`: ParsingOptions { ParsingOptions { _ in true } }
    }

    package let providerName: String
    package private(set) var values: [String: String] = [:]

    /// Throws ``SettingsError`` for a line that is not one of these, for an unknown name, and for a name that is set twice.
    package init(data: RawSpan, providerName: String, parsingOptions: ParsingOptions) throws {
        self.providerName = providerName
        let text = data.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        for (number, rawLine) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = rawLine.trimmingWhitespace()
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix("!") { continue }
            guard let equals = line.firstIndex(of: "=") else {
                throw SettingsError("line \(number + 1) is not \"name = value\": \(line)")
            }
            let name = String(line[..<equals].trimmingWhitespace())
            guard parsingOptions.isKnown(name) else {
                throw SettingsError("line \(number + 1): \(SettingsTable.unknownText(name))")
            }
            let value = String(line[line.index(after: equals)...].trimmingWhitespace())
            guard values.updateValue(value, forKey: name) == nil else {
                throw SettingsError("line \(number + 1) sets \(name) a second time: keep one of the two")
            }
        }
    }

    package func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        let name = key.components.joined(separator: ".")
        return LookupResult(
            encodedKey: name,
            value: values[name].map { ConfigValue(.string($0), isSecret: false) }
        )
    }

    package var description: String { "\(providerName)[\(values.count) values]" }
    package var debugDescription: String {
        "\(providerName)[\(values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))]"
    }
}

extension StringProtocol {
    fileprivate func trimmingWhitespace() -> SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[startIndex..<startIndex] }
        return self[first...last]
    }
}
