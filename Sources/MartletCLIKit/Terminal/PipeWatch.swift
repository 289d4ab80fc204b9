internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Notices that the reader of our output is gone, also while there is nothing to write: `martlet consume t | head -1`
/// must end though no further record comes.
enum PipeWatch {
    /// Calls `closed`, on a thread of its own, once nobody can read `descriptor` any more. Watches until the process
    /// ends; does nothing for files and terminals.
    static func start(_ descriptor: Int32 = STDOUT_FILENO, closed: @escaping @Sendable () -> Void) {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { return }
        let kind = info.st_mode & S_IFMT
        guard kind == S_IFIFO || kind == S_IFSOCK else { return }
        DispatchQueue(label: "martlet.pipe-watch").async {
            while true {
                var watched = pollfd(fd: descriptor, events: 0, revents: 0)
                let count = systemPoll(&watched, -1)
                if count > 0 { return closed() }
                if count < 0 && errno != EINTR { return }
            }
        }
    }
}
