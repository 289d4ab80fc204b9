package import MartletCore

/// Dates and times as people and logs write them (RFC 3339).
package enum RFC3339 {
    private static let msPerDay: Int64 = 86_400_000
    /// From the year 0 to the year 9999.
    private static let sayable: ClosedRange<TimestampMs> = -62_167_219_200_000...253_402_300_799_999

    /// `2026-11-22T15:04:05.678Z`, in UTC; a plain number for times outside the years 0 to 9999.
    package static func text(_ timestamp: TimestampMs) -> String {
        guard sayable.contains(timestamp) else { return "\(timestamp)" }
        let days = timestamp.flooredQuotient(msPerDay)
        let ofDay = timestamp - days * msPerDay
        let (year, month, day) = civil(days: days)
        let seconds = ofDay / 1000
        return
            "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(seconds / 3600, 2)):"
            + "\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2)).\(padded(ofDay % 1000, 3))Z"
    }

    /// Reads a date with time and offset, `2026-11-22T15:04:05.678+01:00`, where `Z` stands for UTC and a space may
    /// stand for the T, or a date alone, which means its beginning in UTC. Nil for anything else.
    package static func timestamp(_ text: some StringProtocol) -> TimestampMs? {
        var scanner = Scanner(rest: Array(text.utf8)[...])
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), (1...12).contains(month), (1...monthLength(year, month)).contains(day)
        else { return nil }
        let midnight = days(year: year, month: month, day: day) * msPerDay
        if scanner.rest.isEmpty { return midnight }
        guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
            let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2), scanner.take(":"),
            let second = scanner.digits(2), hour < 24, minute < 60, second <= 60,
            let milliseconds = scanner.fraction(), let offset = scanner.offsetMinutes(), scanner.rest.isEmpty
        else { return nil }
        return midnight + ((hour * 60 + minute - offset) * 60 + second) * 1000 + milliseconds
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func digits(_ count: Int) -> Int64? {
            let field = rest.prefix(count)
            guard field.count == count, field.allSatisfy({ (48...57).contains($0) }) else { return nil }
            rest = rest.dropFirst(count)
            return field.reduce(0) { $0 * 10 + Int64($1 - 48) }
        }

        /// Milliseconds; further digits are cut off. 0 when there is no fraction, nil when it has no digits.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            let field = rest.prefix { (48...57).contains($0) }
            guard !field.isEmpty else { return nil }
            rest = rest.dropFirst(field.count)
            return (0..<3).reduce(Int64(0)) { value, index in
                value * 10 + (index < field.count ? Int64(field[field.startIndex + index] - 48) : 0)
            }
        }

        mutating func offsetMinutes() -> Int64? {
            if take("Z") || take("z") { return 0 }
            let isNegative = take("-")
            guard isNegative || take("+"), let hours = digits(2), take(":"), let minutes = digits(2), hours < 24,
                minutes < 60
            else { return nil }
            return (isNegative ? -1 : 1) * (hours * 60 + minutes)
        }
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
    }

    private static func monthLength(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Days since 1970-01-01 and back, over years that begin in March, so that leap days come last (H. Hinnant,
    // "chrono-compatible low-level date algorithms").

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year.flooredQuotient(400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
