internal import MartletCore

/// What a log knows to be damaged, in the file `damage` beside it: no restart takes it for sound (RULES 17). There is no
/// file while nothing is.
struct DamageFile: Sendable, Equatable {
    static let formatVersion: UInt32 = 1
    private static let entryBytes = 8 + 4 + 8 + 8 + 4

    struct Entry: Sendable, Equatable {
        /// Base offset of the segment.
        var segment: Offset
        /// Where in it the damage begins.
        var position: UInt32
        /// Up to the next sound batch.
        var offsets: Range<Offset>
        /// For a person.
        var message: String
    }

    var entries: [Entry] = []

    /// Joins it with what it overlaps. False: all of it was known.
    mutating func add(_ new: Entry) -> Bool {
        let known = entries.filter { $0.segment == new.segment && $0.offsets.overlaps(new.offsets) }
        if known.contains(where: { $0.offsets.contains(new.offsets) }) { return false }
        var joined = new
        for part in known {
            joined.offsets =
                min(
                    joined.offsets.lowerBound, part.offsets.lowerBound)..<max(
                    joined.offsets.upperBound, part.offsets.upperBound)
            joined.position = min(joined.position, part.position)
        }
        entries.removeAll { known.contains($0) }
        entries.append(joined)
        return true
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(UInt32(entries.count))
        for entry in entries {
            writer.integer(entry.segment)
            writer.integer(entry.position)
            writer.integer(entry.offsets.lowerBound)
            writer.integer(entry.offsets.upperBound)
            writer.string(entry.message)
        }
        return writer.bytes
    }

    /// Nil for bytes that ``encoded()`` cannot have written.
    static func decode(_ bytes: [UInt8]) -> DamageFile? {
        var reader = ByteReader(bytes)
        guard let count = reader.count(entryBytes: entryBytes) else { return nil }
        var file = DamageFile()
        for _ in 0..<count {
            guard let segment = reader.integer(Offset.self), let position = reader.integer(UInt32.self),
                let lower = reader.integer(Offset.self), let upper = reader.integer(Offset.self),
                let message = reader.string(), 0 <= segment, segment <= lower, lower < upper
            else { return nil }
            file.entries.append(Entry(segment: segment, position: position, offsets: lower..<upper, message: message))
        }
        return reader.remaining == 0 ? file : nil
    }
}
