internal import MartletCore

/// A record that an application hands in; its bytes are lent.
struct OutgoingRecord {
    let key: UnsafeRawBufferPointer?
    let value: UnsafeRawBufferPointer?
    let headers: [RecordHeader]
    let timestamp: TimestampMs

    /// The most that a record's own framing takes, headers not counted: lengths, deltas and attributes.
    private static let overheadBytes = 36
    private static let headerOverheadBytes = 10

    /// What the record takes of the buffer memory.
    @inline(__always)
    var charge: Int {
        Self.charge(bytes: (key?.count ?? 0) + (value?.count ?? 0), headers: headers)
    }

    /// The same for a record whose key and value have so many bytes together.
    @inline(__always)
    static func charge(bytes: Int, headers: [RecordHeader]) -> Int {
        overheadBytes + bytes + (headers.isEmpty ? 0 : charge(headers: headers))
    }

    private static func charge(headers: [RecordHeader]) -> Int {
        headers.reduce(0) { $0 + headerOverheadBytes + $1.key.utf8.count + ($1.value?.count ?? 0) }
    }
}
