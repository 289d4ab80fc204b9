#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Cuts what is read in pieces into lines. A line is a view into the buffer, valid until the next ``room()``.
package struct LineBuffer: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer
    /// Unread lines lie in `start ..< end`; no newline in `start ..< searched`.
    private var start = 0
    private var searched = 0
    private var end = 0
    /// Longer lines are refused, in bytes.
    private let lineLimit: Int

    package init(capacity: Int = 1 << 20, lineLimit: Int = 64 << 20) {
        memory = .allocate(byteCount: capacity, alignment: 1)
        self.lineLimit = lineLimit
    }

    deinit { memory.deallocate() }

    /// The next whole line, without its newline; nil when more has to be read.
    @inline(__always)
    package mutating func next() -> UnsafeRawBufferPointer? {
        guard end > searched, let base = memory.baseAddress else { return nil }
        guard let found = memchr(base + searched, 0x0A, end - searched) else {
            searched = end
            return nil
        }
        let newline = UnsafeRawPointer(found) - UnsafeRawPointer(base)
        let line = UnsafeRawBufferPointer(rebasing: memory[start..<newline])
        start = newline + 1
        searched = start
        return line
    }

    /// What is left at the end of the input: the last line, when no newline ends it.
    package mutating func last() -> UnsafeRawBufferPointer? {
        guard end > start else { return nil }
        defer { start = end }
        return UnsafeRawBufferPointer(rebasing: memory[start..<end])
    }

    /// Where to read the next piece to; say with ``filled(_:)`` how much it was. Nil when a line is longer than the
    /// limit.
    package mutating func room() -> UnsafeMutableRawBufferPointer? {
        let unread = end - start
        guard unread < lineLimit else { return nil }
        if start > 0, let base = memory.baseAddress {
            memmove(base, base + start, unread)
            (start, searched, end) = (0, searched - start, unread)
        }
        if end == memory.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: memory.count * 2, alignment: 1)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<end]))
            memory.deallocate()
            memory = larger
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[end...])
    }

    package mutating func filled(_ count: Int) {
        precondition(count >= 0 && count <= memory.count - end)
        end += count
    }
}
