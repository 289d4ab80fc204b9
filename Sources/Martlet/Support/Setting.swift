/// Checks settings, once, when a client is made. Failures are ``MartletError/Code/invalidArgument`` and name the
/// setting, its value and its limits.
enum Setting {
    static func require(_ condition: Bool, _ name: String, _ complaint: String) throws(MartletError) {
        guard condition else { throw MartletError(.invalidArgument, "setting \(name) \(complaint)") }
    }

    static func check(_ name: String, _ value: Duration, within range: ClosedRange<Duration>) throws(MartletError) {
        try require(
            range.contains(value), name,
            "is \(value.text); it must lie between \(range.lowerBound.text) and \(range.upperBound.text)")
    }

    static func check(_ name: String, _ value: Int, within range: ClosedRange<Int>) throws(MartletError) {
        try require(
            range.contains(value), name, "is \(value); it must lie between \(range.lowerBound) and \(range.upperBound)")
    }

    static func check(_ name: String, bytes: Int, within range: ClosedRange<Int>) throws(MartletError) {
        try require(
            range.contains(bytes), name,
            "has \(bytes) bytes; it must have \(range.lowerBound) to \(range.upperBound)")
    }
}
