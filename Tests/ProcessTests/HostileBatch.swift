import Foundation
import MartletCore
import MartletTestSupport

/// Record batches as a broken or malicious producer would make them.
enum HostileBatch {
    /// Ten records, as they should be.
    static func good() throws -> [UInt8] {
        try batch(values: (0..<10).map { [UInt8](repeating: UInt8($0), count: 100) }, compression: .none)
    }

    /// 40 MB in some hundred kilobytes, where a topic's default allows ten times 1 MiB.
    static func bomb() throws -> [UInt8] {
        try batch(values: (0..<40).map { _ in [UInt8](repeating: 0, count: 1_000_000) }, compression: .lz4)
    }

    private static func batch(values: [[UInt8]], compression: Compression) throws -> [UInt8] {
        var builder = try BatchBuilder(compression: compression, targetBytes: 1 << 26, sizeLimit: 1 << 26)
        let now = TimestampMs(Date().timeIntervalSince1970 * 1000)
        for value in values {
            let result = value.withUnsafeBytes { value in
                [UInt8("k".utf8.first!)].withUnsafeBytes { builder.append(timestamp: now, key: $0, value: value) }
            }
            guard case .appended = result else { throw TestFailure("the builder refused a record: \(result)") }
        }
        return Array(try builder.finish())
    }

    /// Offsets of header fields: FORMAT.md, "The record batch".
    enum Field: Int {
        case baseOffset = 0
        case length = 8
        case magic = 16
        case crc = 17
        case attributes = 21
        case lastOffsetDelta = 23
        case baseTimestamp = 27
        case maxTimestamp = 35
        case producerID = 43
        case baseSequence = 53
        case recordCount = 57
        case records = 61
    }

    /// The good batch with four bytes changed, its checksum right unless told otherwise.
    static func changed(_ field: Field, to value: UInt32, sealed: Bool = true) throws -> [UInt8] {
        var bytes = try good()
        store(value, at: field.rawValue, in: &bytes)
        if sealed { seal(&bytes) }
        return bytes
    }

    static func seal(_ bytes: inout [UInt8]) {
        let crc = bytes[Field.attributes.rawValue...].withUnsafeBytes { BatchCodec.crc32c($0) }
        store(crc, at: Field.crc.rawValue, in: &bytes)
    }

    private static func store(_ value: UInt32, at position: Int, in bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[position + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index)) }
    }
}
