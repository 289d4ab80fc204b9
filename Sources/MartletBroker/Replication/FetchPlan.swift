internal import MartletCore

/// Whom a follower's request is for.
enum FetchLane: CaseIterable {
    /// Partitions that get records.
    case busy
    /// Those that get none.
    case quiet
    /// Replicas that are not in sync and lack much: over a connection of their own.
    case behind
}

/// Which requests a fetcher may have under way: one of each lane, and a few more for what becomes ready meanwhile. A value
/// without clock or I/O.
struct FetchPlan {
    /// One request asks for at most so many partitions: a leader refuses more.
    static let partitionsMax = Limits.partitionsPerRequest
    /// Requests beyond one of each lane.
    static let sparesMax = 4

    private var busy = 0
    private var quiet = 0
    private var behind = 0

    private subscript(lane: FetchLane) -> Int {
        get {
            switch lane {
            case .busy: busy
            case .quiet: quiet
            case .behind: behind
            }
        }
        set {
            switch lane {
            case .busy: busy = newValue
            case .quiet: quiet = newValue
            case .behind: behind = newValue
            }
        }
    }

    /// - Parameter isLimited: those that are behind make room for others: one piece at a time.
    func mayAsk(_ lane: FetchLane, isLimited: Bool) -> Bool {
        if self[lane] == 0 { return true }
        if lane == .behind, isLimited { return false }
        return FetchLane.allCases.reduce(0) { $0 + max(0, self[$1] - 1) } < Self.sparesMax
    }

    func isUnderWay(_ lane: FetchLane) -> Bool { self[lane] > 0 }

    mutating func asked(_ lane: FetchLane) { self[lane] += 1 }

    mutating func answered(_ lane: FetchLane) { self[lane] -= 1 }
}
