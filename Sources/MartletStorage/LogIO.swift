internal import CMartletLog

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The table of system calls that a store works through: the system's own, or a test's that injects faults.
///
/// @unchecked Sendable: the table is constant and its functions may be called on any thread (mlog_io.h).
package struct LogIO: @unchecked Sendable {
    let table: UnsafePointer<mlog_io>

    /// The real calls.
    package static var system: LogIO { LogIO(table: mlog_io_system()) }

    init(table: UnsafePointer<mlog_io>) {
        self.table = table
    }

    /// Wraps a `const mlog_io *` that outlives every store opened with it.
    package init(table: UnsafeRawPointer) {
        self.init(table: table.assumingMemoryBound(to: mlog_io.self))
    }

    // MARK: Directories and files; all block

    /// Creates `path` and syncs its parent. No error when it is there already.
    func createDirectory(_ path: String) throws(StorageError) {
        try check("create the directory \(path)") { mlog_directory_create(table, path, &$0) }
    }

    func syncDirectory(_ path: String) throws(StorageError) {
        try check("sync the directory \(path)") { mlog_directory_sync(table, path, &$0) }
    }

    /// Renames, then syncs the directory that holds `to`.
    func rename(_ from: String, to: String) throws(StorageError) {
        try check("rename \(from) to \(to)") { mlog_file_rename(table, from, to, &$0) }
    }

    /// Unlinks; missing is fine. With `sync` it is gone for good on return.
    func remove(_ path: String, sync: Bool) throws(StorageError) {
        try check("remove \(path)") { mlog_file_remove(table, path, sync, &$0) }
    }

    /// Removes an empty directory; missing is fine.
    func removeDirectory(_ path: String) throws(StorageError) {
        guard table.pointee.rmdir(table.pointee.context, path) != 0 else { return }
        let number = errno
        if number != ENOENT { throw StorageError(errno: number, cannot: "remove the directory \(path)") }
    }

    /// Takes the lock that makes this process the owner of `path`; held until the descriptor is closed.
    func lock(_ path: String) throws(StorageError) -> Int32 {
        var descriptor: Int32 = -1
        try check("lock \(path)") { mlog_directory_lock(table, path, &descriptor, &$0) }
        return descriptor
    }

    func close(_ descriptor: Int32) {
        _ = table.pointee.close(table.pointee.context, descriptor)
    }

    // MARK: Checkpoints

    /// Writes `content` atomically and durably (mlog_checkpoint_write).
    package func writeCheckpoint(_ path: String, version: UInt32, _ content: [UInt8]) throws(StorageError) {
        try check("write \(path)") { mlog_checkpoint_write(table, path, version, content, content.count, &$0) }
    }

    /// Reads a checkpoint whole; nil when there is none. A version above `newest` is refused as `newerFormat`.
    package func readCheckpoint(
        _ path: String, newest: UInt32, limitBytes: Int
    ) throws(StorageError) -> (version: UInt32, content: [UInt8])? {
        var version: UInt32 = 0
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        var error = mlog_error()
        let status = mlog_checkpoint_read(table, path, limitBytes, &version, &bytes, &count, &error)
        defer { if status == .MLOG_OK { mlog_checkpoint_free(bytes) } }
        if status == .MLOG_NOT_FOUND { return nil }
        if version > newest, status == .MLOG_OK || status == .MLOG_CORRUPT {
            throw StorageError(
                .newerFormat,
                "\(path) has format version \(version); this program reads up to \(newest). "
                    + "Use the version of Martlet that wrote it, or a later one."
            )
        }
        guard status == .MLOG_OK else { throw StorageError(status, error, cannot: "read \(path)") }
        return (version, Array(UnsafeBufferPointer(start: bytes, count: count)))
    }

    // MARK: Statuses

    /// Runs a call of the C core and throws what it reports. `action` is only evaluated on failure.
    func check(
        _ action: @autoclosure () -> String, _ body: (inout mlog_error) -> mlog_status
    ) throws(StorageError) {
        var error = mlog_error()
        let status = body(&error)
        if status != .MLOG_OK { throw StorageError(status, error, cannot: action()) }
    }
}
