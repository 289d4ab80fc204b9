/// Which requests a fetcher may have under way: one for busy partitions, one for quiet ones, and a few more for what
/// becomes ready meanwhile. A value without clock or I/O.
struct FetchPlan {
    /// One request asks for at most so many partitions.
    static let partitionsMax = 5_000
    /// Requests beyond one of each kind.
    static let sparesMax = 4

    private var busy = 0
    private var quiet = 0

    func mayAsk(isQuiet: Bool) -> Bool {
        if (isQuiet ? quiet : busy) == 0 { return true }
        return max(0, busy - 1) + max(0, quiet - 1) < Self.sparesMax
    }

    mutating func asked(isQuiet: Bool) {
        if isQuiet { quiet += 1 } else { busy += 1 }
    }

    mutating func answered(isQuiet: Bool) {
        if isQuiet { quiet -= 1 } else { busy -= 1 }
    }
}
