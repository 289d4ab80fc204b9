import MartletCLIKit
import MartletCore

/// Text as a command sees it: bytes in a buffer.
func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try Array(text.utf8).withUnsafeBytes { try body($0) }
}

func withBytes<Result>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes { try body($0) }
}

/// What `body` appends, as text.
func printed(_ body: (inout ByteSink) -> Void) -> String {
    var sink = ByteSink()
    body(&sink)
    return String(decoding: sink.bytes, as: UTF8.self)
}

/// A record whose bytes live as long as the call.
func withRecord<Result>(
    key: [UInt8]?, value: [UInt8]?, headers: [RecordHeader] = [], offset: Offset = 7,
    timestamp: TimestampMs = 1_700_000_000_123,
    _ body: (RecordFields) throws -> Result
) rethrows -> Result {
    try (key ?? []).withUnsafeBytes { keyBytes in
        try (value ?? []).withUnsafeBytes { valueBytes in
            try body(
                RecordFields(
                    partition: 2, offset: offset, timestamp: timestamp, key: key == nil ? nil : keyBytes,
                    value: value == nil ? nil : valueBytes, headers: headers))
        }
    }
}
