internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A file or standard input, read in pieces on a queue of its own: reading may block for as long as somebody types, or
/// until ``stop()``.
final class InputFile: Sendable {
    private let descriptor: Int32
    private let name: String
    private let queue = DispatchQueue(label: "martlet.input")
    private let stopping = Atomic(false)
    /// A pipe that becomes readable when the reading is to stop.
    private let wakeUp: (read: Int32, write: Int32)
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
        var ends: [Int32] = [-1, -1]
        let hasPipe = pipe(&ends) == 0
        wakeUp = (ends[0], ends[1])
        guard hasPipe else { throw Self.failure("read", name) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw Self.failure("read", name) }
        if info.st_mode & S_IFMT == S_IFDIR { throw .failed("cannot read \(name): it is a directory") }
        size = info.st_mode & S_IFMT == S_IFREG ? Int(info.st_size) : nil
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
        close(wakeUp.read)
        close(wakeUp.write)
    }

    private static func failure(_ action: String, _ name: String) -> CommandFailure {
        .failed("cannot \(action) \(name): \(String(cString: strerror(errno)))")
    }

    /// Ends a read that waits, and makes every later one find the end. Any thread.
    func stop() {
        stopping.store(true, ordering: .relaxed)
        systemWrite(wakeUp.write, [0])
    }

    /// The end is not the input's, but that of ``stop()``: what was read last may be half a line.
    var isStopped: Bool { stopping.load(ordering: .relaxed) }

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
            waitForInput()
            if isStopped { return .success(0) }
            let count = systemRead(descriptor, room)
            if count >= 0 { return .success(count) }
            guard errno == EINTR || errno == EAGAIN else { return .failure(Self.failure("read", name)) }
        }
    }

    /// Returns when there is something to read, an end or an error of it included, or the reading is to stop.
    private func waitForInput() {
        var watched = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp.read, events: Int16(POLLIN), revents: 0),
        ]
        systemPoll(&watched)
    }
}

private func systemRead(_ descriptor: Int32, _ room: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, room.baseAddress, room.count)
}

private func systemPoll(_ watched: inout [pollfd]) {
    _ = poll(&watched, nfds_t(watched.count), -1)
}

private func systemWrite(_ descriptor: Int32, _ bytes: [UInt8]) {
    _ = write(descriptor, bytes, bytes.count)
}
