extension [UInt8] {
    /// `withUnsafeBytes` that keeps the type of what the body throws.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let outcome: Swift.Result<Result, Failure> = withUnsafeBytes { bytes in
            do throws(Failure) {
                return .success(try body(bytes))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}

/// Writes the contents of checkpoints: integers big-endian, strings behind a 32-bit length.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init(reserving capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func string(_ value: String) {
        integer(UInt32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// Bytes as they are.
    mutating func append(_ content: [UInt8]) {
        bytes.append(contentsOf: content)
    }

    /// Bytes behind their number.
    mutating func block(_ content: [UInt8]) {
        integer(UInt32(content.count))
        append(content)
    }
}

/// Reads what ``ByteWriter`` wrote; every read is checked against what remains.
package struct ByteReader {
    private let bytes: [UInt8]
    private var next = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var remaining: Int { bytes.count - next }

    package mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value? {
        let size = MemoryLayout<Value>.size
        guard remaining >= size else { return nil }
        defer { next += size }
        return bytes.withUnsafeBytes { Value(bigEndian: $0.loadUnaligned(fromByteOffset: next, as: Value.self)) }
    }

    package mutating func string() -> String? {
        guard let count = integer(UInt32.self), remaining >= Int(count) else { return nil }
        defer { next += Int(count) }
        return String(decoding: bytes[next..<next + Int(count)], as: UTF8.self)
    }

    mutating func block() -> [UInt8]? {
        guard let count = integer(UInt32.self), Int(count) <= remaining else { return nil }
        defer { next += Int(count) }
        return Array(bytes[next..<next + Int(count)])
    }

    /// How many entries of at least `entryBytes` each follow: nil when they cannot all be there, so that a wrong count
    /// never makes anyone reserve memory for it.
    package mutating func count(entryBytes: Int) -> Int? {
        guard let count = integer(UInt32.self), Int(count) <= remaining / entryBytes else { return nil }
        return Int(count)
    }
}
