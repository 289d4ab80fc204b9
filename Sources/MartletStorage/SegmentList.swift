internal import MartletCore

/// A segment as the log's readers know it.
struct SegmentInfo {
    /// Unique within the process: a segment that compaction replaces gets another.
    let number: UInt64
    let baseOffset: Offset
    /// Bytes; of a segment with an open writer ask the handle.
    var endPosition: UInt32
    /// Nil while unknown: read from the time index when the segment is first opened.
    var maxTimestamp: TimestampMs?
    /// Trimmed, synced and never written again. Others belong to the writer or the sync stage.
    var isSealed: Bool
    /// Held open while it is written or waits to be sealed; sealed ones are opened through the file cache.
    var handle: Segment?

    var currentEnd: UInt32 { handle?.endPosition ?? endPosition }
}

/// A log's segments by base offset, the last one active.
struct SegmentList {
    private(set) var infos: [SegmentInfo] = []

    var last: SegmentInfo? { infos.last }
    var count: Int { infos.count }

    /// The place of the segment that would hold `offset`: the last whose base is at or below it, or else the first.
    func index(holding offset: Offset) -> Int? {
        guard !infos.isEmpty else { return nil }
        if let last = infos.last, last.baseOffset <= offset { return infos.count - 1 }
        var low = 0
        var high = infos.count
        while low < high {
            let middle = (low + high) / 2
            if infos[middle].baseOffset <= offset { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }

    /// The offset after the segment at `index`; nil for the last one.
    func nextBase(after index: Int) -> Offset? {
        index + 1 < infos.count ? infos[index + 1].baseOffset : nil
    }

    mutating func append(_ info: SegmentInfo) {
        precondition(infos.last.map { $0.baseOffset < info.baseOffset } ?? true, "segments rise")
        infos.append(info)
    }

    /// Changes the segment of that number, when it is still there.
    mutating func update(number: UInt64, _ body: (inout SegmentInfo) -> Void) {
        guard let index = infos.firstIndex(where: { $0.number == number }) else { return }
        body(&infos[index])
    }

    /// Takes the oldest `count` segments out.
    mutating func removeFirst(_ count: Int) {
        infos.removeFirst(count)
    }

    /// Takes the newest `count` segments out and returns them, oldest first.
    mutating func removeLast(_ count: Int) -> [SegmentInfo] {
        let removed = Array(infos.suffix(count))
        infos.removeLast(count)
        return removed
    }

    /// Puts `replacement` where the segments of these numbers stand, which are neighbours. False when they no longer
    /// are there: retention was faster.
    mutating func replace(_ numbers: [UInt64], with replacement: SegmentInfo?) -> Bool {
        guard let first = infos.firstIndex(where: { $0.number == numbers.first }),
            first + numbers.count <= infos.count,
            infos[first..<first + numbers.count].map(\.number) == numbers
        else { return false }
        infos.replaceSubrange(first..<first + numbers.count, with: replacement.map { [$0] } ?? [])
        return true
    }

    func base(ofNumber number: UInt64) -> Offset? {
        infos.last { $0.number == number }?.baseOffset
    }

    /// Takes the open handles out, noting where their segments end.
    mutating func dropHandles() -> [Segment] {
        var handles: [Segment] = []
        for index in infos.indices {
            guard let handle = infos[index].handle else { continue }
            infos[index].endPosition = handle.endPosition
            infos[index].handle = nil
            handles.append(handle)
        }
        return handles
    }

    var sizeBytes: Int64 {
        infos.reduce(0) { $0 + Int64($1.currentEnd) }
    }
}
