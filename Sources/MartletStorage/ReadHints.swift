internal import MartletCore

/// A batch boundary: `offset` is the first one at or after `position` of a segment.
struct LogMark {
    var offset: Offset
    /// The segment's unique number.
    var segment: UInt64
    var position: UInt32

    /// The log ends at `end` now, in a segment that had another number.
    func moved(from number: UInt64, to end: LogMark) -> LogMark {
        if offset > end.offset { return end }
        return segment == number ? LogMark(offset: offset, segment: end.segment, position: position) : self
    }
}

/// Where recent readers stopped, so that a reader that goes on from there needs no index lookup. A ring: a log with
/// more concurrent readers than places falls back to the index for some.
struct ReadHints {
    private var marks: InlineArray<8, LogMark> = InlineArray(repeating: LogMark(offset: -1, segment: 0, position: 0))
    private var next = 0

    func position(of offset: Offset, inSegment segment: UInt64) -> UInt32? {
        for index in marks.indices where marks[index].offset == offset && marks[index].segment == segment {
            return marks[index].position
        }
        return nil
    }

    /// A reader that was at `from` stopped at `mark`. Its old place, when it has one, is used again.
    mutating func move(from offset: Offset, to mark: LogMark) {
        for index in marks.indices where marks[index].offset == offset {
            marks[index] = mark
            return
        }
        marks[next] = mark
        next = (next + 1) % marks.count
    }
}
