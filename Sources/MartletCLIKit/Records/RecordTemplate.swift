internal import MartletCore

/// The `--format` of consume: text with `%` fields in it.
package struct RecordTemplate: Sendable {
    private enum Piece: Sendable, Hashable {
        case literal([UInt8])
        case topic, partition, offset, timestamp, time, key, value, headers, keySize, valueSize, percent
    }

    /// Why a format cannot be used; its description is a sentence without a full stop.
    package struct Problem: Error, Hashable, CustomStringConvertible {
        package var description: String
    }

    private var pieces: [Piece] = []
    private let topic: [UInt8]
    /// What stands for a null key or value.
    private let null: [UInt8]

    /// One value a line.
    package static let values = "%v\\n"

    package static let help = """
        %p partition, %o offset, %t timestamp in ms, %T the same as a date, %k key, %v value, %h headers, %n topic, \
        %K and %V sizes of key and value (-1: null), %% a percent sign; \\n \\t \\r \\0 \\\\ \\xHH
        """

    /// How `log inspect` prints records for people.
    package static let inspection = RecordTemplate(pieces: [
        .literal(Array("    ".utf8)), .offset, .literal(Array("  ".utf8)), .time, .literal(Array("  ".utf8)), .key,
        .literal(Array("  ".utf8)), .value, .literal(Array("  ".utf8)), .headers, .literal([0x0A]),
    ])

    private init(pieces: [Piece]) {
        self.pieces = pieces
        topic = []
        null = Array("null".utf8)
    }

    package init(_ format: String, topic: String, null: String = "") throws(Problem) {
        self.topic = Array(topic.utf8)
        self.null = Array(null.utf8)
        var bytes = Array(format.utf8)[...]
        var literal: [UInt8] = []
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"): literal.append(try Self.escape(&bytes))
            case UInt8(ascii: "%"):
                let piece = try Self.field(&bytes)
                guard piece != .percent else {
                    literal.append(byte)
                    continue
                }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = []
                pieces.append(piece)
            default: literal.append(byte)
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
    }

    private static func field(_ bytes: inout ArraySlice<UInt8>) throws(Problem) -> Piece {
        guard let letter = bytes.popFirst() else {
            throw Problem(description: "the format ends in the middle of a field")
        }
        switch letter {
        case UInt8(ascii: "p"): return .partition
        case UInt8(ascii: "o"): return .offset
        case UInt8(ascii: "t"): return .timestamp
        case UInt8(ascii: "T"): return .time
        case UInt8(ascii: "k"): return .key
        case UInt8(ascii: "v"): return .value
        case UInt8(ascii: "h"): return .headers
        case UInt8(ascii: "n"): return .topic
        case UInt8(ascii: "K"): return .keySize
        case UInt8(ascii: "V"): return .valueSize
        case UInt8(ascii: "%"): return .percent
        default:
            throw Problem(
                description: "there is no field %\(Character(Unicode.Scalar(letter))); the fields are \(help)")
        }
    }

    private static func escape(_ bytes: inout ArraySlice<UInt8>) throws(Problem) -> UInt8 {
        switch bytes.popFirst() {
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "0"): return 0x00
        case UInt8(ascii: "\\"): return UInt8(ascii: "\\")
        case UInt8(ascii: "x"):
            let digits = bytes.prefix(2)
            guard digits.count == 2, let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                throw Problem(description: "\\x needs two hexadecimal digits")
            }
            bytes = bytes.dropFirst(2)
            return byte
        case let byte:
            let shown = byte.map { "\\\(Character(Unicode.Scalar($0)))" } ?? "\\ at the end"
            throw Problem(description: "\(shown) is no escape; the format knows \\n \\t \\r \\0 \\\\ and \\xHH")
        }
    }

    package func append(_ record: RecordFields, to sink: inout ByteSink) {
        for piece in pieces {
            switch piece {
            case .literal(let bytes): sink.append(bytes)
            case .topic: sink.append(topic)
            case .partition: sink.append(Int64(record.partition))
            case .offset: sink.append(record.offset)
            case .timestamp: sink.append(record.timestamp)
            case .time: sink.append(text: RFC3339.text(record.timestamp))
            case .key: append(record.key, to: &sink)
            case .value: append(record.value, to: &sink)
            case .keySize: sink.append(Int64(record.key?.count ?? -1))
            case .valueSize: sink.append(Int64(record.value?.count ?? -1))
            case .headers: append(record.headers, to: &sink)
            case .percent: sink.append(UInt8(ascii: "%"))
            }
        }
    }

    @inline(__always)
    private func append(_ bytes: UnsafeRawBufferPointer?, to sink: inout ByteSink) {
        if let bytes { sink.append(bytes) } else { sink.append(null) }
    }

    /// `name=value,name=value`
    private func append(_ headers: [RecordHeader], to sink: inout ByteSink) {
        for (index, header) in headers.enumerated() {
            if index > 0 { sink.append(",") }
            sink.append(text: header.key)
            sink.append("=")
            sink.append(header.value ?? null)
        }
    }
}
