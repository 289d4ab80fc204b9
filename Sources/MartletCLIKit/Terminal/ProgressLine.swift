/// One line on standard error that is written over while long work goes on. Silent unless standard error is a terminal.
struct ProgressLine: ~Copyable {
    private let isShown: Bool
    private let started = ContinuousClock.now
    private var shownAt: ContinuousClock.Instant
    private var isOnScreen = false

    /// `isWanted`: false where the line would get in the way, as when records are printed to the same terminal.
    init(isWanted: Bool = true) {
        isShown = isWanted && StandardError.isTerminal
        shownAt = started
    }

    var elapsed: Duration { ContinuousClock.now - started }

    /// Shows how much was done, unless it was shown less than a fifth of a second ago. `part`: of the whole, 0 to 1,
    /// when that is known.
    mutating func update(records: Int, bytes: Int, part: Double? = nil) {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now - shownAt >= .milliseconds(200) else { return }
        shownAt = now
        isOnScreen = true
        let figures = HumanText.throughput(records: records, bytes: bytes, in: now - started)
        let percent = part.map { " (\(Int(min($0, 1) * 100)) %)" } ?? ""
        StandardError.write("\r\u{1B}[K\(figures)\(percent)")
    }

    /// Takes the line off the screen.
    mutating func clear() {
        guard isOnScreen else { return }
        isOnScreen = false
        StandardError.write("\r\u{1B}[K")
    }
}
