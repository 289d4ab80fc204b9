/// Figures for people.
package enum HumanText {
    /// `1,234,567`
    package static func count(_ number: some BinaryInteger) -> String {
        var digits = Array("\(number.magnitude)")
        var at = digits.count - 3
        while at > 0 {
            digits.insert(",", at: at)
            at -= 3
        }
        return (number < 0 ? "-" : "") + String(digits)
    }

    /// `512 B`, `1.5 KiB`, `93.1 GiB`
    package static func bytes(_ number: some BinaryInteger) -> String {
        bytes(Double(number))
    }

    package static func bytes(_ number: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = number
        var unit = 0
        while value >= 1023.95, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(Int64(value)) B" : "\(oneDecimal(value)) \(units[unit])"
    }

    /// `850 ms`, `12.3 s`, `4 m 05 s`, `3 h 07 m`, `2 d 03 h`
    package static func duration(_ duration: Duration) -> String {
        let milliseconds = Int64(duration / .milliseconds(1))
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<1: return "\(milliseconds) ms"
        case ..<60: return "\(oneDecimal(Double(milliseconds) / 1000)) s"
        case ..<3600: return "\(seconds / 60) m \(twoDigits(seconds % 60)) s"
        case ..<86_400: return "\(seconds / 3600) h \(twoDigits(seconds / 60 % 60)) m"
        default: return "\(seconds / 86_400) d \(twoDigits(seconds / 3600 % 24)) h"
        }
    }

    /// `1 record`, `3 records`
    package static func plural(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(count(number)) \(noun)\(number == 1 ? "" : noun.hasSuffix("ch") ? "es" : "s")"
    }

    /// `1,000,000 records (95.4 MiB) in 1.2 s: 833,333 records/s, 79.5 MiB/s`
    package static func throughput(records: Int, bytes: Int, in time: Duration) -> String {
        let seconds = max(time / .seconds(1), 0.001)
        return "\(plural(records, "record")) (\(self.bytes(bytes))) in \(duration(time)): "
            + "\(count(Int(Double(records) / seconds))) records/s, \(self.bytes(Double(bytes) / seconds))/s"
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
