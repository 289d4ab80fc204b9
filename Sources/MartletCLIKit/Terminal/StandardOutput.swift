#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Standard output, gathered into large writes.
package struct StandardOutput: ~Copyable {
    /// What is printed, until it is written. Append to it, then call ``flushIfFull()``.
    package var sink: ByteSink
    private let descriptor: Int32
    /// Somebody watches: nothing is held back.
    package let isTerminal: Bool
    private let capacity: Int

    package init(descriptor: Int32 = STDOUT_FILENO, capacity: Int = 256 * 1024) {
        self.descriptor = descriptor
        self.capacity = capacity
        isTerminal = isatty(descriptor) == 1
        sink = ByteSink(capacity: capacity + 4096)
    }

    package mutating func write(_ text: String) throws(CommandFailure) {
        sink.append(text: text)
        try flushIfFull()
    }

    @inline(__always)
    package mutating func flushIfFull() throws(CommandFailure) {
        if sink.count >= capacity { try flush() }
    }

    /// Writes what was gathered.
    ///
    /// - Throws: ``CommandFailure/outputClosed`` when the reader is gone.
    package mutating func flush() throws(CommandFailure) {
        var rest = sink.bytes
        while rest.count > 0 {
            let written = systemWrite(descriptor, rest)
            if written >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: Self.waitUntilWritable(descriptor)
            case EPIPE: throw .outputClosed
            case let number: throw .failed("cannot write to standard output: \(String(cString: strerror(number)))")
            }
        }
        sink.removeAll()
    }

    /// Whoever gave us the descriptor may have set it to non-blocking.
    private static func waitUntilWritable(_ descriptor: Int32) {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = systemPoll(&poll, -1)
    }

    /// Writes `text` and nothing else, now.
    package static func print(_ text: String) throws(CommandFailure) {
        var output = StandardOutput()
        try output.write(text)
        try output.flush()
    }
}

/// Standard error: for people, unbuffered; failures to write are not told to anybody.
package enum StandardError {
    package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    package static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while rest.count > 0 {
                let written = systemWrite(STDERR_FILENO, rest)
                guard written > 0 || errno == EINTR else { return }
                if written > 0 { rest = UnsafeRawBufferPointer(rebasing: rest[written...]) }
            }
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

func systemPoll(_ descriptor: inout pollfd, _ timeoutMs: Int32) -> Int32 {
    poll(&descriptor, 1, timeoutMs)
}
