internal import MartletCore

/// The offset below which a partition's records are kept by every replica that is in sync, and consumers see them. It
/// never goes back while one broker leads.
struct HighWatermark {
    private(set) var value: Offset
    /// Where the leader's epoch begins. Until the high watermark is there, nobody can say what the latest offset is
    /// (RULES 15).
    let epochStart: Offset

    init(atEpochStart epochStart: Offset, value: Offset) {
        precondition(value <= epochStart, "a high watermark of \(value) in a log that ends at \(epochStart)")
        self.epochStart = epochStart
        self.value = value
    }

    var isKnown: Bool { value >= epochStart }

    /// Moves up to the least durable offset of the in-sync replicas, of which a single broker's log is the only one.
    /// True when that is news.
    mutating func advance(toLeastDurable offset: Offset) -> Bool {
        guard offset > value else { return false }
        value = offset
        return true
    }
}
