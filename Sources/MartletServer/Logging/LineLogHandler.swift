package import Logging

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A log line a person can read and a program can split: time, level, part, sentence, then `name=value` facts.
///
///     2026-11-22T14:03:01.123Z INFO  broker: listening address=127.0.0.1:7400
///
/// A line is one `write` on standard error, so lines of several threads never mix.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String

    package init(label: String, level: Logger.Level) {
        self.label = label
        self.logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var facts = metadata
        if let provided = metadataProvider?.get() { facts.merge(provided) { $1 } }
        if let given = event.metadata { facts.merge(given) { $1 } }
        let line = Self.line(
            time: Self.now(), level: event.level, label: label, message: event.message.description,
            facts: facts.map { ($0.key, $0.value.description) }.sorted { $0.0 < $1.0 }
        )
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        // Nothing can be done about a standard error that takes no bytes.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    static func line(
        time: (seconds: Int, milliseconds: Int), level: Logger.Level, label: String, message: String,
        facts: [(String, String)]
    ) -> String {
        var line = "\(timestamp(time)) \(level.rawValue.uppercased().padding(to: 7)) \(label): "
        line += message.contains("\n") ? message.replacing("\n", with: "\\n") : message
        for (name, value) in facts { line += " \(name)=\(quoted(value))" }
        return line
    }

    /// As it is when it is one plain word, else in quotes with `"` and line ends escaped.
    private static func quoted(_ value: String) -> String {
        let plain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7f }
        if plain { return value }
        return "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
            + "\""
    }

    private static func now() -> (seconds: Int, milliseconds: Int) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec / 1_000_000)
    }

    private static func timestamp(_ time: (seconds: Int, milliseconds: Int)) -> String {
        var seconds = time.seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: some BinaryInteger) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let milliseconds = String(time.milliseconds + 1000).dropFirst()
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(milliseconds)Z"
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
