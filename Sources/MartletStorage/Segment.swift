internal import CMartletLog
internal import MartletCore
internal import Synchronization

/// An open segment: wraps one `mlog_segment` and closes it with the last reference.
///
/// @unchecked Sendable: reading calls may run on any thread beside one writer (mlog_segment.h); the writer is whoever
/// holds the partition's writer lock while the segment is active, and the sync stage from the roll until it is sealed.
final class Segment: @unchecked Sendable {
    private let handle: OpaquePointer
    let baseOffset: Offset
    let directory: String

    private init(_ handle: OpaquePointer, directory: String) {
        self.handle = handle
        self.directory = directory
        baseOffset = mlog_segment_base_offset(handle)
    }

    deinit {
        mlog_segment_close(handle)
    }

    /// Files that one segment holds open: log, index, time index.
    static let descriptorsEach = 3

    // MARK: Opening

    static func create(_ io: LogIO, directory: String, baseOffset: Offset, suffix: String = "") throws(StorageError)
        -> Segment
    {
        try open(directory, baseOffset, "create the segment") {
            mlog_segment_create(io.table, directory, baseOffset, suffix, &$0, &$1)
        }
    }

    static func openSealed(_ io: LogIO, directory: String, baseOffset: Offset, end: UInt32) throws(StorageError)
        -> Segment
    {
        try open(directory, baseOffset, "open the segment") {
            mlog_segment_open(io.table, directory, baseOffset, .MLOG_SEGMENT_SEALED, end, &$0, &$1)
        }
    }

    static func openActive(_ io: LogIO, directory: String, baseOffset: Offset, end: UInt32) throws(StorageError)
        -> Segment
    {
        try open(directory, baseOffset, "open the segment") {
            mlog_segment_open(io.table, directory, baseOffset, .MLOG_SEGMENT_ACTIVE, end, &$0, &$1)
        }
    }

    static func openForRecovery(_ io: LogIO, directory: String, baseOffset: Offset) throws(StorageError) -> Segment {
        try open(directory, baseOffset, "open the segment") {
            mlog_segment_open_for_recovery(io.table, directory, baseOffset, &$0, &$1)
        }
    }

    /// A segment that was not closed in order, to read what lies below `position`, a batch boundary.
    static func openBelow(_ position: UInt32, _ io: LogIO, directory: String, baseOffset: Offset) throws(StorageError)
        -> Segment
    {
        let segment = try openForRecovery(io, directory: directory, baseOffset: baseOffset)
        try segment.call("look into") { mlog_segment_resume(segment.handle, position, &$0) }
        return segment
    }

    private static func open(
        _ directory: String, _ baseOffset: Offset, _ action: String,
        _ body: (inout OpaquePointer?, inout mlog_error) -> mlog_status
    ) throws(StorageError) -> Segment {
        var handle: OpaquePointer?
        var error = mlog_error()
        let status = body(&handle, &error)
        guard status == .MLOG_OK, let handle else {
            throw StorageError(status, error, cannot: "\(action) \(directory)/\(SegmentFiles.stem(baseOffset)).log")
        }
        return Segment(handle, directory: directory)
    }

    // MARK: Facts

    var endPosition: UInt32 { mlog_segment_end_position(handle) }
    /// -1 while empty or unknown.
    var maxTimestamp: TimestampMs { mlog_segment_max_timestamp(handle) }
    var descriptor: Int32 { mlog_segment_fd(handle) }
    /// The offset after the last batch; nil while unknown. The writer's.
    var nextOffset: Offset? {
        let next = mlog_segment_next_offset(handle)
        return next < 0 ? nil : next
    }
    var hasSoundIndex: Bool { mlog_segment_index_ok(handle) }
    var path: String { "\(directory)/\(SegmentFiles.stem(baseOffset)).log" }

    // MARK: Writing (the writer only)

    /// How an append ended, without the cost of an error value on the way that is taken millions of times.
    enum AppendOutcome {
        case done(position: UInt32)
        case full
        case failed(StorageError)
    }

    /// `header`: 61 bytes. Nothing is synced.
    func append(header: UnsafePointer<UInt8>, rest: UnsafeRawBufferPointer) -> AppendOutcome {
        var position: UInt32 = 0
        var error = mlog_error()
        let bytes = rest.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let status = mlog_segment_append(handle, header, bytes, rest.count, &position, &error)
        return outcome(status, position, error)
    }

    func append(batches: UnsafeRawBufferPointer) -> AppendOutcome {
        var position: UInt32 = 0
        var error = mlog_error()
        let bytes = batches.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let status = mlog_segment_append_batches(handle, bytes, batches.count, &position, &error)
        return outcome(status, position, error)
    }

    private func outcome(_ status: mlog_status, _ position: UInt32, _ error: mlog_error) -> AppendOutcome {
        switch status {
        case .MLOG_OK: .done(position: position)
        case .MLOG_SEGMENT_FULL: .full
        default: .failed(StorageError(status, error, cannot: "append to \(path)"))
        }
    }

    func sync() throws(StorageError) {
        try call("sync") { mlog_segment_sync(handle, &$0) }
    }

    func seal() throws(StorageError) {
        try call("seal") { mlog_segment_seal(handle, &$0) }
    }

    func flushIndex() throws(StorageError) {
        try call("write the index of") { mlog_segment_flush_index(handle, &$0) }
    }

    /// Durable on return.
    func truncate(to end: UInt32) throws(StorageError) {
        try call("cut") { mlog_segment_truncate(handle, end, &$0) }
    }

    /// Writes what lies from `position` on over itself, so that a later sync means something after one that failed.
    func rewrite(from position: UInt32) throws(StorageError) {
        try call("write anew") { mlog_segment_rewrite(handle, position, &$0) }
    }

    func rebuildIndex() throws(StorageError) {
        try call("rebuild the index of") { mlog_segment_rebuild_index(handle, &$0) }
    }

    /// False: another batch is there. Durable on return.
    func repair(at position: UInt32, with batch: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
        var error = mlog_error()
        let bytes = batch.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let status = mlog_segment_repair(handle, position, bytes, batch.count, &error)
        switch status {
        case .MLOG_OK: return true
        case .MLOG_NOT_FOUND: return false
        default: throw failure(status, error, "repair byte \(position) of")
        }
    }

    func startWriteback(from: UInt32, to: UInt32) {
        mlog_segment_start_writeback(handle, from, to)
    }

    /// Frees the memory that holds the range of the file, where it is written.
    func uncache(from: UInt32, to: UInt32) {
        mlog_segment_uncache(handle, from, to)
    }

    // MARK: Reading

    /// The batch that holds `offset`, or the first one after it. Nil: none below `limit`.
    func find(_ offset: Offset, below limit: UInt32) throws(StorageError) -> mlog_batch_location? {
        var location = mlog_batch_location()
        var error = mlog_error()
        let status = mlog_segment_find_offset(handle, offset, limit, &location, &error)
        switch status {
        case .MLOG_OK: return location
        case .MLOG_NOT_FOUND: return nil
        default: throw failure(status, error, "find offset \(offset) in")
        }
    }

    /// Where that batch begins.
    func findPosition(of offset: Offset, below limit: UInt32) throws(StorageError) -> UInt32? {
        try find(offset, below: limit)?.position
    }

    /// The end of what a read from `start` of at most `maxBytes` covers, and the offset after it. Nil: no batch there.
    func findEnd(
        from start: UInt32, maxBytes: UInt32, below limit: UInt32, upTo offsetLimit: Offset
    ) throws(StorageError) -> (position: UInt32, nextOffset: Offset)? {
        var end: UInt32 = 0
        var next: Offset = 0
        var error = mlog_error()
        let status = mlog_segment_find_end(handle, start, maxBytes, limit, offsetLimit, &end, &next, &error)
        switch status {
        case .MLOG_OK: return (end, next)
        case .MLOG_NOT_FOUND: return nil
        default: throw failure(status, error, "read at byte \(start) of")
        }
    }

    /// The first record at or after `timestamp`. Nil: none below `limit`.
    func find(
        timestamp: TimestampMs, below limit: UInt32
    ) throws(StorageError) -> (offset: Offset, timestamp: TimestampMs, epoch: LeaderEpoch)? {
        var found: (offset: Offset, timestamp: TimestampMs, epoch: LeaderEpoch) = (0, 0, 0)
        var error = mlog_error()
        let status = mlog_segment_find_timestamp(
            handle, timestamp, limit, &found.offset, &found.timestamp, &found.epoch, &error
        )
        switch status {
        case .MLOG_OK: return found
        case .MLOG_NOT_FOUND: return nil
        default: throw failure(status, error, "search by time in")
        }
    }

    /// Where the next whole batch may begin behind a damaged one, by trying every byte. Nil: none below `limit`.
    func findSound(
        after position: UInt32, below limit: UInt32, offsetAbove offset: Offset, epochMin: LeaderEpoch
    ) throws(StorageError) -> UInt32? {
        var found: UInt32 = 0
        var error = mlog_error()
        let status = mlog_segment_find_sound(handle, position, limit, offset, epochMin, &found, &error)
        switch status {
        case .MLOG_OK: return found
        case .MLOG_NOT_FOUND: return nil
        default: throw failure(status, error, "search behind byte \(position) of")
        }
    }

    /// Whether that much of the log can be read without the disk; true, too, where that cannot be told.
    func isCached(_ range: Range<UInt32>) -> Bool {
        mlog_segment_is_cached(handle, range.lowerBound, range.upperBound)
    }

    /// Reads into `buffer`; fewer bytes than it holds only at the end of the file.
    func read(at position: UInt32, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
        var count = 0
        let bytes = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        try call("read") { mlog_segment_read(handle, position, bytes, buffer.count, &count, &$0) }
        return count
    }

    /// Visits the batches in [`from`, `limit`) until `visit` returns false; `bytes` is the whole batch when
    /// `checkingCRC`, else null. Returns where the scan stopped.
    @discardableResult
    func scan(
        from: UInt32, below limit: UInt32, checkingCRC: Bool,
        _ visit: (mlog_batch_location, UnsafeRawBufferPointer?) -> Bool
    ) throws(StorageError) -> UInt32 {
        var stoppedAt: UInt32 = 0
        try withoutActuallyEscaping(visit) { (visit) throws(StorageError) in
            try call("scan") { error in
                BatchVisitor.withContext(visit) { context in
                    mlog_segment_scan(
                        handle, from, limit, checkingCRC, BatchVisitor.callback, context, &stoppedAt, &error
                    )
                }
            }
        }
        return stoppedAt
    }

    /// Checks the batches from `position` on, at least `atLeastBytes` of them or up to `limit`, and as far as `accept`
    /// takes them. Returns where it stopped: at the bad batch when it failed.
    func verify(
        from position: UInt32, below limit: UInt32, atLeastBytes: Int,
        _ accept: @escaping (mlog_batch_header) -> Bool = { _ in true }
    ) -> (stoppedAt: UInt32, failure: StorageError?) {
        var stoppedAt = position
        var error = mlog_error()
        let target = Int(position) + atLeastBytes
        let visit: (mlog_batch_location, UnsafeRawBufferPointer?) -> Bool = { location, _ in
            Int(location.position) < target && accept(location.header)
        }
        let status = BatchVisitor.withContext(visit) { context in
            mlog_segment_scan(handle, position, limit, true, BatchVisitor.callback, context, &stoppedAt, &error)
        }
        return (stoppedAt, status == .MLOG_OK ? nil : failure(status, error, "verify byte \(stoppedAt) of"))
    }

    /// Checks what lies from `position` on and builds the index over it anew. Cuts nothing.
    func recover(
        from position: UInt32, rules: mlog_recovery_rules,
        _ visit: (mlog_batch_location, UnsafeRawBufferPointer?) -> Bool
    ) throws(StorageError) -> mlog_recovery_result {
        var result = mlog_recovery_result()
        var rules = rules
        try withoutActuallyEscaping(visit) { (visit) throws(StorageError) in
            try call("recover") { error in
                BatchVisitor.withContext(visit) { context in
                    mlog_segment_recover(
                        handle, position, &rules, BatchVisitor.callback, context, &result, &error
                    )
                }
            }
        }
        return result
    }

    /// As ``recover(from:rules:_:)``, but changes nothing, and may run beside a writer.
    func examine(
        from position: UInt32, rules: mlog_recovery_rules,
        _ visit: (mlog_batch_location, UnsafeRawBufferPointer?) -> Bool
    ) throws(StorageError) -> mlog_recovery_result {
        var result = mlog_recovery_result()
        var rules = rules
        try withoutActuallyEscaping(visit) { (visit) throws(StorageError) in
            try call("examine") { error in
                BatchVisitor.withContext(visit) { context in
                    mlog_segment_examine(
                        handle, position, &rules, BatchVisitor.callback, context, &result, &error
                    )
                }
            }
        }
        return result
    }

    /// Whether the index is the one that ``rebuildIndex()`` would make. Reads the headers of a sealed segment.
    func matchesIndex() throws(StorageError) -> Bool {
        var error = mlog_error()
        let status = mlog_segment_check_index(handle, &error)
        switch status {
        case .MLOG_OK: return true
        case .MLOG_CORRUPT: return false
        default: throw failure(status, error, "check the index of")
        }
    }

    // MARK: Statuses

    private func call(_ action: @autoclosure () -> String, _ body: (inout mlog_error) -> mlog_status)
        throws(StorageError)
    {
        var error = mlog_error()
        let status = body(&error)
        if status != .MLOG_OK { throw failure(status, error, action()) }
    }

    private func failure(_ status: mlog_status, _ error: mlog_error, _ action: String) -> StorageError {
        StorageError(status, error, cannot: "\(action) \(path)")
    }
}

/// Carries a Swift closure through the C core's visitor.
private struct BatchVisitor {
    var visit: (mlog_batch_location, UnsafeRawBufferPointer?) -> Bool

    static func withContext<Result>(
        _ visit: @escaping (mlog_batch_location, UnsafeRawBufferPointer?) -> Bool,
        _ body: (UnsafeMutableRawPointer) -> Result
    ) -> Result {
        var visitor = BatchVisitor(visit: visit)
        return withUnsafeMutablePointer(to: &visitor) { body(UnsafeMutableRawPointer($0)) }
    }

    static let callback: mlog_batch_visitor = { context, location, bytes in
        guard let context, let location else { return false }
        let visitor = context.assumingMemoryBound(to: BatchVisitor.self)
        let count = Int(location.pointee.header.size_bytes)
        return visitor.pointee.visit(location.pointee, bytes.map { UnsafeRawBufferPointer(start: $0, count: count) })
    }
}
