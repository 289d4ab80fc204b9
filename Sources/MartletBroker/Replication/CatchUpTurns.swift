/// Whose records a follower that may copy little asks for next. Most turns are for the partition that is nearest to being
/// in sync again; every fourth is for the one that has waited longest, so that one that never gets there holds up nobody.
/// A value without clock or I/O.
struct CatchUpTurns {
    static let cycle = 4
    /// One piece is for so many partitions at most: those behind the first get what it leaves.
    static let partitionsMax = 32

    /// How a partition that is behind stands.
    struct Candidate {
        /// Records that its replicas in sync have more.
        var missing: Int64
        /// When it got some last.
        var lastNews: Duration
    }

    private var turn = 0

    /// Places in `candidates`, in the order in which they are to be served; the rest in theirs, which is that of who
    /// waited.
    mutating func next(_ candidates: [Candidate]) -> [Int] {
        turn += 1
        let isForLongest = turn % Self.cycle == 0
        let first = candidates.indices.min { left, right in
            isForLongest
                ? candidates[left].lastNews < candidates[right].lastNews
                : candidates[left].missing < candidates[right].missing
        }
        guard let first else { return [] }
        return [first] + candidates.indices.lazy.filter { $0 != first }.prefix(Self.partitionsMax - 1)
    }
}
