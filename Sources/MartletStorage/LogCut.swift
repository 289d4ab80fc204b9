internal import MartletCore

/// A cut of the log's end that has begun: nobody reads behind it any more, and the files are still there. What the
/// disk says until it is finished (`entry`) leads a start after a crash back to the log as it was.
struct LogCut {
    /// The segment that is the log's last one afterwards.
    struct Last {
        /// As it was before the cut, its end included.
        var info: SegmentInfo
        /// It ends here.
        var position: UInt32
        /// Opened for writing.
        var segment: Segment?
    }

    /// The log's new end, or somewhat above it where offsets are missing before.
    var end: Offset
    /// Segments that go, oldest first.
    var removed: [SegmentInfo]
    /// Nil: all go.
    var last: Last?
    /// The log starts here anew: nothing of what it was counts any more.
    var newStart: Offset?
    var entry: OffsetsEntry

    func isUnfinished(_ name: String) -> StorageError {
        StorageError(.inUse, "\(name) is being cut to offset \(end), which is not finished; try again")
    }
}
