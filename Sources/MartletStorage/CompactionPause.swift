/// After a failed compaction the next one waits, twice as long each time, from a minute to an hour. Pure.
struct CompactionPause {
    private static let first = Duration.seconds(60)
    private static let longest = Duration.seconds(3_600)

    private var length = Duration.zero
    private var end = Duration.zero

    func isOver(_ now: Duration) -> Bool { now >= end }

    mutating func failed(_ now: Duration) {
        length = length == .zero ? Self.first : min(length * 2, Self.longest)
        end = now + length
    }

    mutating func succeeded() {
        self = CompactionPause()
    }
}
