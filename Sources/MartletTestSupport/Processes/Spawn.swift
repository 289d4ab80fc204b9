internal import Foundation

/// `posix_spawn`, with all signals as they are by default.
enum Spawn {
    /// - Parameter environment: Of the child, whole; nil: this process's own.
    static func start(
        _ path: String, _ arguments: [String], environment: [String: String]? = nil, standardInput: Int32? = nil,
        standardOutput: Int32? = nil, standardError: Int32? = nil
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (given, target) in [(standardInput, 0), (standardOutput, 1), (standardError, 2)] as [(Int32?, Int32)] {
            if let given {
                posix_spawn_file_actions_adddup2(&actions, given, target)
            } else {
                posix_spawn_file_actions_addopen(&actions, target, "/dev/null", target == 0 ? O_RDONLY : O_WRONLY, 0)
            }
        }
        for descriptor in 3..<descriptorsEnd() { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let environment = environment ?? ProcessInfo.processInfo.environment
        let status = try withCStrings([path] + arguments) { arguments in
            try withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                var pid: pid_t = 0
                let error = posix_spawn(&pid, path, &actions, &attributes, arguments, environment)
                guard error == 0 else {
                    throw TestFailure("\(path) cannot be started: \(String(cString: strerror(error)))")
                }
                return pid
            }
        }
        return status
    }

    /// All descriptors that this process has are below it, and those that other threads open before the child begins.
    ///
    /// Sockets of tests that run beside this one would stay open in the child after those tests have closed them, and
    /// their peers would wait for an end that does not come. Not all of them are closed-on-exec. To make them so from here is
    /// no way out: Foundation's `Process` learns of a child's end by a socket that the child inherits; without it, it takes
    /// the child for dead at once, and waits for it with everybody else's children waiting behind.
    private static func descriptorsEnd() -> Int32 {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return (open.compactMap { Int32($0) }.max() ?? 2) + 256
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
    ) rethrows -> Result {
        let copies = strings.map { strdup($0) } + [nil]
        defer { copies.forEach { free($0) } }
        return try copies.withUnsafeBufferPointer { try body($0.baseAddress!) }
    }
}

/// Two ends of a stream that children inherit only when they are given one.
enum StreamPair {
    /// A pair of sockets: unlike a pipe it is closed-on-exec from the beginning, so that a child started by another
    /// thread at this moment does not get a copy.
    static func make() throws -> (near: Int32, far: Int32) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw TestFailure("no pair of sockets: \(String(cString: strerror(errno)))")
        }
        return (ends[0], ends[1])
    }
}
