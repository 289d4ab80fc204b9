import MartletCore

/// What the disk has damaged of a log, by the offset of the batch.
struct LogDamage {
    private struct Hole {
        var isKnown = false
        /// The batch can be told from others in spite of it, and so be replaced by another replica's.
        var isPlaceable: Bool
    }

    private var holes: [Offset: Hole] = [:]

    var offsets: [Offset] { holes.keys.sorted() }
    /// Something of the damage is known.
    var isKnown: Bool { holes.values.contains(where: \.isKnown) }
    var known: [Offset] { holes.filter(\.value.isKnown).keys.sorted() }

    func covers(_ offset: Offset) -> Bool { holes[offset] != nil }
    func isKnown(at offset: Offset) -> Bool { holes[offset]?.isKnown == true }
    func isPlaceable(_ offset: Offset) -> Bool { holes[offset]?.isPlaceable == true }
    /// Reads end before it.
    func firstKnown(after offset: Offset) -> Offset? { known.first { $0 > offset } }

    mutating func add(_ offset: Offset, isPlaceable: Bool) {
        holes[offset] = Hole(isPlaceable: isPlaceable)
    }

    /// All of it is looked for and found. What is new.
    mutating func find() -> [Offset] {
        let new = holes.filter { !$0.value.isKnown }.keys.sorted()
        for offset in new { holes[offset]?.isKnown = true }
        return new
    }

    mutating func makePlaceable(_ offset: Offset) { holes[offset]?.isPlaceable = true }
    mutating func repair(_ offset: Offset) { holes[offset] = nil }

    /// The log holds these offsets only.
    mutating func keep(in range: Range<Offset>) {
        holes = holes.filter { range.contains($0.key) }
    }

    /// What was known of it went with the process.
    mutating func forget() {
        for offset in holes.keys { holes[offset]?.isKnown = false }
    }
}
