internal import CMartletProcess

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the operating system allows this process and what it uses of it.
enum SystemLimits {
    /// Raises the limit of open files to what the system allows, and returns it.
    static func raiseOpenFiles() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// Freed memory that the process keeps for the next requests, in each of the allocator's heaps, of which an event
    /// loop has one: 64 batches of the default size.
    static let keptMemoryBytes: UInt32 = 16 << 20

    /// Makes the allocator keep ``keptMemoryBytes``. Without it a fifth of the broker's processor time went into memory for
    /// requests that the system had just taken back, with 16 producers on one partition. Once, before event loops are made.
    static func keepFreedMemory() {
        _ = mlog_process_keep_freed_memory(keptMemoryBytes)
    }

    /// Files, sockets and pipes that this process has open. Walks the process's table: for scrapes, not for hot paths.
    static func openFiles() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Without ".", ".." and the directory's own descriptor.
        return max(0, count - 3)
    }

    /// What the network knows this machine as; "localhost" when it has no name.
    static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0, name[0] != 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Where a directory is, whatever this process's own is; as given when the system does not tell.
    static func absolutePath(_ path: String) -> String {
        guard let absolute = realpath(path, nil) else { return path }
        defer { free(absolute) }
        return String(cString: absolute)
    }

    /// Bytes that an unprivileged process may still write to the file system that holds `path`; 0 when that cannot be told.
    static func freeBytes(at path: String) -> UInt64 {
        var statistics = statvfs()
        guard statvfs(path, &statistics) == 0 else { return 0 }
        return UInt64(statistics.f_bavail) * UInt64(statistics.f_frsize)
    }
}
