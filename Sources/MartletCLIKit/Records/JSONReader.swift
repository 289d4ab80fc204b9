/// Why a line is not the JSON that is wanted.
package struct JSONError: Error, Hashable, CustomStringConvertible {
    /// Completes "line 3, column 8: ".
    package var problem: String
    /// From 0, in bytes.
    package var position: Int

    package var description: String { "column \(position + 1): \(problem)" }
}

/// Reads one JSON value (RFC 8259) piece by piece, without building a tree. It borrows the text.
struct JSONReader {
    private let text: UnsafeRawBufferPointer
    private(set) var position = 0

    /// Deeper values are refused, so that skipping one needs bounded stack.
    static let depthMax = 64

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
    }

    func failure(_ problem: String) -> JSONError { JSONError(problem: problem, position: position) }

    /// The next byte that is no white space; nil at the end.
    mutating func peek() -> UInt8? {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    mutating func require(_ byte: UInt8) throws(JSONError) {
        guard take(byte) else { throw failure("expected '\(Character(Unicode.Scalar(byte)))'") }
    }

    mutating func requireEnd() throws(JSONError) {
        guard peek() == nil else { throw failure("there is something behind the object") }
    }

    mutating func takeNull() -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        return takeWord("null")
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard position + count <= text.count else { return false }
        for index in 0..<count where text[position + index] != word.utf8Start[index] { return false }
        position += count
        return true
    }

    // MARK: Objects and arrays

    /// Visits the members of an object: `body` is called with each name, and reads or skips its value.
    mutating func object(_ body: (inout JSONReader, _ name: String) throws(JSONError) -> Void) throws(JSONError) {
        try require(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try string()
            try require(UInt8(ascii: ":"))
            try body(&self, name)
        } while take(UInt8(ascii: ","))
        try require(UInt8(ascii: "}"))
    }

    mutating func array(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        try require(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return }
        repeat { try body(&self) } while take(UInt8(ascii: ","))
        try require(UInt8(ascii: "]"))
    }

    /// Passes over any value.
    mutating func skip(depth: Int = 0) throws(JSONError) {
        guard depth < Self.depthMax else { throw failure("values are nested deeper than \(Self.depthMax)") }
        switch peek() {
        case UInt8(ascii: "{"):
            try object { reader, _ throws(JSONError) in try reader.skip(depth: depth + 1) }
        case UInt8(ascii: "["):
            try array { reader throws(JSONError) in try reader.skip(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t") where takeWord("true"), UInt8(ascii: "f") where takeWord("false"),
            UInt8(ascii: "n") where takeWord("null"):
            break
        case let byte? where byte == UInt8(ascii: "-") || Self.digits.contains(byte): skipNumber()
        default: throw failure("expected a value")
        }
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private mutating func skipNumber() {
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                position += 1
            default: return
            }
        }
    }

    mutating func integer() throws(JSONError) -> Int64 {
        _ = peek()
        let start = position
        skipNumber()
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        guard let number = Int64(digits) else {
            position = start
            throw failure("expected a whole number")
        }
        return number
    }

    // MARK: Strings

    mutating func string() throws(JSONError) -> String {
        var sink = ByteSink(capacity: 64)
        try string(into: &sink)
        return String(decoding: sink.bytes, as: UTF8.self)
    }

    /// Appends the string's characters, as UTF-8.
    mutating func string(into sink: inout ByteSink) throws(JSONError) {
        try require(UInt8(ascii: "\""))
        var copied = position
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""):
                sink.append(UnsafeRawBufferPointer(rebasing: text[copied..<position]))
                position += 1
                return
            case UInt8(ascii: "\\"):
                sink.append(UnsafeRawBufferPointer(rebasing: text[copied..<position]))
                position += 1
                try escape(into: &sink)
                copied = position
            case ..<0x20: throw failure("a control character in a string must be escaped")
            case 0x80...:
                guard let length = UTF8Sequence.length(in: text, at: position) else {
                    throw failure("the string is not UTF-8; write bytes as key_base64 or value_base64")
                }
                position += length
            default: position += 1
            }
        }
        throw failure("the string does not end")
    }

    private mutating func escape(into sink: inout ByteSink) throws(JSONError) {
        guard position < text.count else { throw failure("the string does not end") }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): sink.append(byte)
        case UInt8(ascii: "b"): sink.append(UInt8(0x08))
        case UInt8(ascii: "f"): sink.append(UInt8(0x0C))
        case UInt8(ascii: "n"): sink.append(UInt8(0x0A))
        case UInt8(ascii: "r"): sink.append(UInt8(0x0D))
        case UInt8(ascii: "t"): sink.append(UInt8(0x09))
        case UInt8(ascii: "u"): try unicodeEscape(into: &sink)
        default: throw failure("'\\\(Character(Unicode.Scalar(byte)))' is no escape of JSON")
        }
    }

    private mutating func unicodeEscape(into sink: inout ByteSink) throws(JSONError) {
        var code = try fourHexDigits()
        if (0xD800..<0xDC00).contains(code), takeWord("\\u") {
            let low = try fourHexDigits()
            guard (0xDC00..<0xE000).contains(low) else { throw failure("half a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
        for byte in UTF8.encode(scalar) ?? .init() { sink.append(byte) }
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        guard position + 4 <= text.count else { throw failure("\\u needs four hexadecimal digits") }
        let digits = String(decoding: text[position..<(position + 4)], as: UTF8.self)
        guard digits.utf8.first != UInt8(ascii: "+"), let code = UInt32(digits, radix: 16) else {
            throw failure("\\u needs four hexadecimal digits")
        }
        position += 4
        return code
    }
}
