/// Bytes on their way out: grows as needed and keeps its memory. One owner at a time.
package struct ByteSink: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer
    package private(set) var count = 0

    package init(capacity: Int = 4096) {
        memory = .allocate(byteCount: max(capacity, 64), alignment: 1)
    }

    deinit { memory.deallocate() }

    /// What has been appended. Valid until the next change.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    package mutating func removeAll() { count = 0 }

    /// Takes back everything past `count`, a value this sink had before.
    package mutating func truncate(to count: Int) {
        precondition(count <= self.count)
        self.count = count
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if memory.count - count < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(memory.count * 2, count + more), alignment: 1)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }

    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        reserve(1)
        memory[count] = byte
        count += 1
    }

    @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        // There is memory: init allocates some.
        (memory.baseAddress! + count).copyMemory(from: start, byteCount: bytes.count)
        count += bytes.count
    }

    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    package mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// In decimal digits.
    package mutating func append(_ number: Int64) {
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var used = 0
        var rest = number.magnitude
        repeat {
            digits[used] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            used += 1
        } while rest > 0
        if number < 0 { append(UInt8(ascii: "-")) }
        while used > 0 {
            used -= 1
            append(digits[used])
        }
    }
}
