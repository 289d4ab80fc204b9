@testable import MartletCore

/// A record as tests write and compare it.
struct PlainRecord: Equatable {
    var offset: Offset = 0
    var timestamp: TimestampMs = 1_700_000_000_000
    var key: String?
    var value: String?
    var headers: [RecordHeader] = []
}

extension PlainRecord {
    init(_ view: borrowing RecordView) {
        offset = view.offset
        timestamp = view.timestamp
        key = view.key.map { String(decoding: $0, as: UTF8.self) }
        value = view.value.map { String(decoding: $0, as: UTF8.self) }
        headers = view.headers.map { RecordHeader(key: $0.name, value: $0.value.map(Array.init)) }
    }
}

extension Optional<String> {
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer?) -> Result) -> Result {
        guard let self else { return body(nil) }
        return Array(self.utf8).withUnsafeBytes(body)
    }
}

extension BatchBuilder {
    mutating func append(_ record: PlainRecord) -> AppendResult {
        record.key.withBytes { key in
            record.value.withBytes { value in
                append(timestamp: record.timestamp, key: key, value: value, headers: record.headers)
            }
        }
    }
}

/// One batch with these records.
func makeBatch(
    _ records: [PlainRecord], compression: Compression = .none, producerID: ProducerID = -1,
    producerEpoch: ProducerEpoch = -1, baseSequence: Int32 = -1
) throws -> [UInt8] {
    var builder = try BatchBuilder(compression: compression, targetBytes: 1 << 20, sizeLimit: 1 << 20)
    for record in records { precondition(builder.append(record) == .appended) }
    return Array(
        try builder.finish(producerID: producerID, producerEpoch: producerEpoch, baseSequence: baseSequence))
}

func check(_ batch: [UInt8], sizeLimit: Int = 1 << 20) throws(BatchError) -> BatchHeader {
    // Typed throws do not pass through the closure of an array.
    let result = batch.withUnsafeBytes { bytes in
        Result { () throws(BatchError) in try BatchCodec.check(bytes, sizeLimit: sizeLimit) }
    }
    return try result.get()
}

func readRecords(_ batch: [UInt8], unpackedLimit: Int = 1 << 20) throws -> [PlainRecord] {
    try batch.withUnsafeBytes { bytes in
        let header = try BatchCodec.check(bytes, sizeLimit: 1 << 20)
        var buffer = UnpackBuffer()
        let records = try buffer.records(of: bytes, header: header, limit: unpackedLimit)
        var iterator = RecordIterator(header: header, records: records)
        var found: [PlainRecord] = []
        try iterator.forEach { found.append(PlainRecord($0)) }
        return found
    }
}
