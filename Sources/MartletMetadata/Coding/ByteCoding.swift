/// Builds big-endian bytes.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// A string or list of bytes behind its size (u32).
    mutating func write(_ value: String) {
        write(UInt32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func write(raw value: some Sequence<UInt8>) {
        bytes.append(contentsOf: value)
    }

    /// Elements behind their number (u32).
    mutating func write<Element>(_ values: some Collection<Element>, _ element: (inout ByteWriter, Element) -> Void) {
        write(UInt32(values.count))
        for value in values { element(&self, value) }
    }

    /// What `body` writes, behind its size in bytes (u32).
    mutating func writeSized(_ body: (inout ByteWriter) -> Void) {
        let start = bytes.count
        write(UInt32(0))
        body(&self)
        let size = UInt32(bytes.count - start - 4)
        withUnsafeBytes(of: size.bigEndian) { bytes.replaceSubrange(start..<start + 4, with: $0) }
    }
}

/// Bytes that do not decode, and why.
struct ByteCodingError: Error, Equatable {
    var reason: String
    /// A newer version wrote them.
    var isNewer = false
}

/// Reads big-endian bytes that may be anything: every length is checked against what remains before it is used.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.position = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - position }

    mutating func read<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(ByteCodingError) -> Value {
        let raw = try read(count: MemoryLayout<Value>.size)
        var value: Value = 0
        for byte in raw { value = (MemoryLayout<Value>.size > 1 ? value << 8 : 0) | Value(truncatingIfNeeded: byte) }
        return value
    }

    mutating func readBool() throws(ByteCodingError) -> Bool {
        switch try read(UInt8.self) {
        case 0: false
        case 1: true
        case let other: throw ByteCodingError(reason: "\(other) where 0 or 1 should be")
        }
    }

    mutating func readString() throws(ByteCodingError) -> String {
        let raw = try read(count: Int(read(UInt32.self)))
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw ByteCodingError(reason: "text that is not UTF-8")
        }
        return text
    }

    mutating func read(count: Int) throws(ByteCodingError) -> ArraySlice<UInt8> {
        guard count <= remaining else {
            throw ByteCodingError(reason: "\(count) bytes wanted at \(position - bytes.startIndex), \(remaining) left")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// Elements of at least one byte each behind their number.
    mutating func readList<Element>(
        _ element: (inout ByteReader) throws(ByteCodingError) -> Element
    ) throws(ByteCodingError) -> [Element] {
        let count = Int(try read(UInt32.self))
        guard count <= remaining else {
            throw ByteCodingError(reason: "\(count) elements announced, \(remaining) bytes left")
        }
        var values: [Element] = []
        for _ in 0..<count { values.append(try element(&self)) }
        return values
    }

    mutating func readSized() throws(ByteCodingError) -> ByteReader {
        ByteReader(try read(count: Int(read(UInt32.self))))
    }

    func expectEnd() throws(ByteCodingError) {
        guard remaining == 0 else { throw ByteCodingError(reason: "\(remaining) bytes too many") }
    }
}
