internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A file or standard input, read in pieces on a queue of its own: reading may block for as long as somebody types.
final class InputFile: Sendable {
    private let descriptor: Int32
    private let name: String
    private let queue = DispatchQueue(label: "martlet.input")
    /// In bytes; nil for pipes and terminals.
    let size: Int?

    /// Nil or "-" is standard input.
    init(_ path: String?) throws(CommandFailure) {
        if let path, path != "-" {
            name = path
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            if descriptor < 0 { throw Self.failure("open", path) }
        } else {
            name = "standard input"
            descriptor = STDIN_FILENO
        }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw Self.failure("read", name) }
        if info.st_mode & S_IFMT == S_IFDIR { throw .failed("cannot read \(name): it is a directory") }
        size = info.st_mode & S_IFMT == S_IFREG ? Int(info.st_size) : nil
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    private static func failure(_ action: String, _ name: String) -> CommandFailure {
        .failed("cannot \(action) \(name): \(String(cString: strerror(errno)))")
    }

    /// Reads some bytes; 0 at the end. `room` must stay until this returns.
    func read(into room: UnsafeMutableRawBufferPointer) async throws(CommandFailure) -> Int {
        // The caller waits and leaves the memory alone meanwhile.
        nonisolated(unsafe) let room = room
        let result: Result<Int, CommandFailure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.readNow(into: room)) }
        }
        return try result.get()
    }

    private func readNow(into room: UnsafeMutableRawBufferPointer) -> Result<Int, CommandFailure> {
        while true {
            let count = systemRead(descriptor, room)
            if count >= 0 { return .success(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = systemPoll(&watched, -1)
            default: return .failure(Self.failure("read", name))
            }
        }
    }
}

private func systemRead(_ descriptor: Int32, _ room: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, room.baseAddress, room.count)
}
