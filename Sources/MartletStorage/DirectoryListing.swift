#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Reading directories. Not part of ``LogIO``: a listing changes nothing, and faults in it are those of `open`.
enum DirectoryListing {
    /// The names in `path` without `.` and `..`, sorted. Empty when the directory does not exist.
    static func names(_ path: String) throws(StorageError) -> [String] {
        guard let directory = opendir(path) else {
            let number = errno
            if number == ENOENT { return [] }
            throw StorageError(errno: number, cannot: "list \(path)")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                let number = errno
                if number != 0 { throw StorageError(errno: number, cannot: "list \(path)") }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The size of a file in bytes; nil when it does not exist.
    static func size(_ path: String) throws(StorageError) -> Int64? {
        var info = stat()
        guard stat(path, &info) == 0 else {
            let number = errno
            if number == ENOENT { return nil }
            throw StorageError(errno: number, cannot: "look at \(path)")
        }
        return Int64(info.st_size)
    }

    static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// Bytes that an ordinary user may still write to the file system of `path`; nil when that cannot be told.
    static func freeBytes(_ path: String) -> Int64? {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        return Int64(
            clamping: UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue)
    }
}
