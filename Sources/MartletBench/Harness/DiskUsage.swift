import Foundation

/// What files really take on disk.
package enum DiskUsage {
    /// The blocks allocated to everything under `path`, directories included, in bytes. Preallocated space counts, holes do not.
    package static func allocatedBytes(under path: String) throws -> Int {
        guard let walk = FileManager.default.enumerator(atPath: path) else {
            throw BenchError("\(path) cannot be read")
        }
        var bytes = try blocks(path)
        for case let name as String in walk { bytes += try blocks("\(path)/\(name)") }
        return bytes
    }

    /// Nothing for a file that was removed in the meantime: the broker may be at work.
    private static func blocks(_ path: String) throws -> Int {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return 0 }
            throw BenchError("\(path) cannot be looked at: \(String(cString: strerror(errno)))")
        }
        return Int(status.st_blocks) * 512
    }
}
