import Foundation

/// How many files and sockets this process may have open.
enum OpenFileLimit {
    static func raise(toAtLeast count: Int) throws {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw BenchError("the limit of open files cannot be read: \(String(cString: strerror(errno)))")
        }
        guard limit.rlim_cur < count else { return }
        guard limit.rlim_max >= count else {
            throw BenchError("\(count) open files are needed, \(limit.rlim_max) are allowed: raise `ulimit -n`")
        }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw BenchError("the limit of open files cannot be raised: \(String(cString: strerror(errno)))")
        }
    }
}
