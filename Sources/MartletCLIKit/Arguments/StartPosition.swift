package import Martlet

/// Where consume begins: what `--from` may say.
package enum StartPosition: Sendable, Hashable {
    case beginning
    case end
    case offset(Offset)
    /// Milliseconds since 1970.
    case timestamp(TimestampMs)
    /// That long before now.
    case ago(Duration)

    package static let help =
        "beginning, end, an offset, @MS (milliseconds since 1970), a date (2026-11-22T15:00:00Z) or a time ago "
        + "(-15m; units ms s m h d)"

    /// Nil for text that says none of these.
    package init?(_ text: String) {
        switch text {
        case "beginning", "earliest", "start": self = .beginning
        case "end", "latest": self = .end
        default:
            if text.hasPrefix("@") {
                guard let timestamp = Self.number(text.dropFirst()) else { return nil }
                self = .timestamp(timestamp)
            } else if text.hasPrefix("-") {
                guard let duration = DurationText.parse(text.dropFirst()) else { return nil }
                self = .ago(duration)
            } else if let offset = Self.number(text) {
                self = .offset(offset)
            } else if let timestamp = RFC3339.timestamp(text) {
                self = .timestamp(timestamp)
            } else {
                return nil
            }
        }
    }

    /// Digits only: no signs.
    private static func number(_ text: some StringProtocol) -> Int64? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// What is asked of the broker. `now`: milliseconds since 1970.
    package func spec(now: TimestampMs) -> OffsetSpec {
        switch self {
        case .beginning: .earliest
        case .end: .latest
        case .offset(let offset): .offset(offset)
        case .timestamp(let timestamp): .timestamp(timestamp)
        case .ago(let duration): .timestamp(max(now - Int64(duration / .milliseconds(1)), 0))
        }
    }
}
