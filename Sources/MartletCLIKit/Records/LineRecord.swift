#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A line of text as key and value.
package struct LineRecord {
    package var key: UnsafeRawBufferPointer?
    package var value: UnsafeRawBufferPointer?
}

/// Takes lines apart as produce's `--key-separator` and `--null` say.
package struct LineParser: Sendable {
    private let separator: [UInt8]?
    private let null: [UInt8]?

    /// An empty separator is none.
    package init(separator: String? = nil, null: String? = nil) {
        self.separator = separator.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        self.null = null.map { Array($0.utf8) }
    }

    /// The key is what stands before the first separator; a line without one is a value without a key. A key or value
    /// that equals the null text is null.
    @inline(__always)
    package func parse(_ line: UnsafeRawBufferPointer) -> LineRecord {
        guard separator != nil || null != nil else { return LineRecord(key: nil, value: line) }
        return parseFields(line)
    }

    private func parseFields(_ line: UnsafeRawBufferPointer) -> LineRecord {
        var record = LineRecord(key: nil, value: line)
        if let separator, let at = Self.find(separator, in: line) {
            record.key = UnsafeRawBufferPointer(rebasing: line[..<at])
            record.value = UnsafeRawBufferPointer(rebasing: line[(at + separator.count)...])
        }
        if let null {
            if let key = record.key, key.elementsEqual(null) { record.key = nil }
            if let value = record.value, value.elementsEqual(null) { record.value = nil }
        }
        return record
    }

    private static func find(_ needle: [UInt8], in line: UnsafeRawBufferPointer) -> Int? {
        guard let start = line.baseAddress else { return nil }
        var at = 0
        while at + needle.count <= line.count {
            guard let found = memchr(start + at, Int32(needle[0]), line.count - needle.count - at + 1) else {
                return nil
            }
            at = UnsafeRawPointer(found) - start
            if memcmp(start + at, needle, needle.count) == 0 { return at }
            at += 1
        }
        return nil
    }
}
