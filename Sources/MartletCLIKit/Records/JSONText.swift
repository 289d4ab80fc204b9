extension ByteSink {
    /// `text` as a JSON string, quotes included.
    package mutating func append(json text: String) {
        var text = text
        text.withUTF8 { bytes in
            // A String is UTF-8 always.
            _ = appendIfText(json: UnsafeRawBufferPointer(bytes))
        }
    }

    /// `bytes` as a JSON string, quotes included. False, and nothing appended, when they are not UTF-8.
    package mutating func appendIfText(json bytes: UnsafeRawBufferPointer) -> Bool {
        let start = count
        append(UInt8(ascii: "\""))
        var at = 0
        var copied = 0
        while at < bytes.count {
            let byte = bytes[at]
            if byte >= 0x80 {
                guard let length = UTF8Sequence.length(in: bytes, at: at) else {
                    truncate(to: start)
                    return false
                }
                at += length
                continue
            }
            if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
                at += 1
                continue
            }
            append(UnsafeRawBufferPointer(rebasing: bytes[copied..<at]))
            appendEscaped(byte)
            at += 1
            copied = at
        }
        append(UnsafeRawBufferPointer(rebasing: bytes[copied..<at]))
        append(UInt8(ascii: "\""))
        return true
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case UInt8(ascii: "\n"): append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): append(UInt8(ascii: "t"))
        default:
            append("u00")
            append(Self.hexDigit(byte >> 4))
            append(Self.hexDigit(byte & 15))
        }
    }

    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 48 + value : 87 + value
    }
}

/// Which bytes are UTF-8 (RFC 3629, section 4).
enum UTF8Sequence {
    /// The length of the character of two to four bytes at `at`; nil when there is none.
    static func length(in bytes: UnsafeRawBufferPointer, at: Int) -> Int? {
        let length: Int
        // What the second byte may be: this is where overlong forms, surrogates and numbers past U+10FFFF are refused.
        let second: ClosedRange<UInt8>
        switch bytes[at] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard at + length <= bytes.count, second.contains(bytes[at + 1]) else { return nil }
        for index in (at + 2)..<max(at + length, at + 2) where bytes[index] & 0xC0 != 0x80 { return nil }
        return length
    }
}
