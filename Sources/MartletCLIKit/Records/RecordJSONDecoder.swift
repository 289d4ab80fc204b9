package import MartletCore

/// Reads the lines that ``RecordJSON`` writes. Keeps its memory from one line to the next.
package struct RecordJSONDecoder: ~Copyable {
    /// Keys and values of the current line, unescaped.
    private var scratch = ByteSink()
    private var keyRange: Range<Int>?
    private var valueRange: Range<Int>?
    package private(set) var headers: [RecordHeader] = []
    /// Milliseconds since 1970; nil when the line has none.
    package private(set) var timestamp: TimestampMs?
    /// Nil when the line has none.
    package private(set) var partition: PartitionIndex?

    package init() {}

    /// Nil: null, or none given. Valid until the next line is read.
    package var key: UnsafeRawBufferPointer? { bytes(keyRange) }
    package var value: UnsafeRawBufferPointer? { bytes(valueRange) }

    private func bytes(_ range: Range<Int>?) -> UnsafeRawBufferPointer? {
        range.map { UnsafeRawBufferPointer(rebasing: scratch.bytes[$0]) }
    }

    /// Reads one object. Members that a record does not have, and `topic` and `offset`, are passed over.
    package mutating func decode(_ line: UnsafeRawBufferPointer) throws(JSONError) {
        scratch.removeAll()
        (keyRange, valueRange, timestamp, partition) = (nil, nil, nil, nil)
        if !headers.isEmpty { headers = [] }
        var reader = JSONReader(line)
        guard reader.peek() == UInt8(ascii: "{") else { throw reader.failure("expected an object: {\"value\": ...}") }
        try reader.object { reader, name throws(JSONError) in try member(name, &reader) }
        try reader.requireEnd()
    }

    private mutating func member(_ name: String, _ reader: inout JSONReader) throws(JSONError) {
        switch name {
        case "key": keyRange = try text(&reader)
        case "key_base64": keyRange = try base64(&reader)
        case "value": valueRange = try text(&reader)
        case "value_base64": valueRange = try base64(&reader)
        case "timestamp": timestamp = reader.takeNull() ? nil : try reader.integer()
        case "partition":
            guard !reader.takeNull() else { return }
            guard let number = PartitionIndex(exactly: try reader.integer()) else {
                throw reader.failure("the partition is out of range")
            }
            partition = number
        case "headers":
            if !reader.takeNull() {
                try reader.array { reader throws(JSONError) in headers.append(try header(&reader)) }
            }
        default: try reader.skip()
        }
    }

    private mutating func text(_ reader: inout JSONReader) throws(JSONError) -> Range<Int>? {
        guard !reader.takeNull() else { return nil }
        guard reader.peek() == UInt8(ascii: "\"") else { throw reader.failure("expected a string or null") }
        let start = scratch.count
        try reader.string(into: &scratch)
        return start..<scratch.count
    }

    private mutating func base64(_ reader: inout JSONReader) throws(JSONError) -> Range<Int>? {
        guard !reader.takeNull() else { return nil }
        var encoded = ByteSink()
        try reader.string(into: &encoded)
        let start = scratch.count
        guard Base64.decode(encoded.bytes, to: &scratch) else { throw reader.failure("the string is not Base64") }
        return start..<scratch.count
    }

    private mutating func header(_ reader: inout JSONReader) throws(JSONError) -> RecordHeader {
        var key: String?
        var value: Range<Int>?
        try reader.object { reader, name throws(JSONError) in
            switch name {
            case "key": key = try reader.string()
            case "value": value = try text(&reader)
            case "value_base64": value = try base64(&reader)
            default: try reader.skip()
            }
        }
        guard let key else { throw reader.failure("the header has no key") }
        return RecordHeader(key: key, value: bytes(value).map { Array($0) })
    }
}
