/// Base64 with padding (RFC 4648, section 4), over raw bytes.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// 255 for what is no digit.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    package static func encode(_ bytes: UnsafeRawBufferPointer, to sink: inout ByteSink) {
        var at = 0
        while at < bytes.count {
            let left = bytes.count - at
            let word =
                UInt32(bytes[at]) << 16 | (left > 1 ? UInt32(bytes[at + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[at + 2]) : 0)
            sink.append(alphabet[Int(word >> 18)])
            sink.append(alphabet[Int(word >> 12 & 63)])
            sink.append(left > 1 ? alphabet[Int(word >> 6 & 63)] : UInt8(ascii: "="))
            sink.append(left > 2 ? alphabet[Int(word & 63)] : UInt8(ascii: "="))
            at += 3
        }
    }

    /// Appends what `text` stands for. False, and nothing appended, when it is not Base64 with its padding.
    package static func decode(_ text: UnsafeRawBufferPointer, to sink: inout ByteSink) -> Bool {
        guard text.count % 4 == 0 else { return false }
        let start = sink.count
        var at = 0
        while at < text.count {
            let isLast = at + 4 == text.count
            let padding =
                !isLast || text[at + 3] != UInt8(ascii: "=") ? 0 : text[at + 2] == UInt8(ascii: "=") ? 2 : 1
            var word: UInt32 = 0
            for index in 0..<(4 - padding) {
                let value = values[Int(text[at + index])]
                guard value < 64 else {
                    sink.truncate(to: start)
                    return false
                }
                word |= UInt32(value) << (18 - 6 * UInt32(index))
            }
            sink.append(UInt8(truncatingIfNeeded: word >> 16))
            if padding < 2 { sink.append(UInt8(truncatingIfNeeded: word >> 8)) }
            if padding < 1 { sink.append(UInt8(truncatingIfNeeded: word)) }
            at += 4
        }
        return true
    }
}
