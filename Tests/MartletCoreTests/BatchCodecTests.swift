import Testing

@testable import MartletCore

@Suite("Batches")
struct BatchCodecTests {
    static let records = [
        PlainRecord(offset: 0, key: "k", value: "one"),
        PlainRecord(offset: 1, key: nil, value: nil),
        PlainRecord(offset: 2, timestamp: 1_699_999_999_000, key: "", value: ""),
        PlainRecord(
            offset: 3, timestamp: 1_700_000_500_000, key: "k", value: String(repeating: "a long value ", count: 2000),
            headers: [
                RecordHeader(key: "trace", value: "7"), RecordHeader(key: "", value: nil),
                RecordHeader(key: "trace", value: [] as [UInt8]),
            ]),
    ]

    @Test("records come back as they went in", arguments: [Compression.none, .lz4])
    func roundTrip(compression: Compression) throws {
        let batch = try makeBatch(Self.records, compression: compression)
        let header = try check(batch)
        #expect(header.compression == compression)
        #expect(header.recordCount == 4)
        #expect(header.lastOffset == 3)
        #expect(header.nextOffset == 4)
        #expect(header.baseTimestamp == 1_700_000_000_000)
        #expect(header.maxTimestamp == 1_700_000_500_000)
        #expect(header.sizeBytes == batch.count)
        #expect(header.leaderEpoch == -1)
        #expect(!header.hasProducer)
        #expect(try readRecords(batch) == Self.records)
    }

    @Test("what compression does not make smaller is kept as it is")
    func incompressible() throws {
        let batch = try makeBatch([PlainRecord(value: "x")], compression: .lz4)
        #expect(try check(batch).compression == .none)
    }

    @Test("the last sequence wraps from 2^31 - 1 to 0")
    func lastSequence() throws {
        func lastSequence(from base: Int32) throws -> Int32 {
            try check(
                try makeBatch(Self.records, producerID: 7, producerEpoch: 2, baseSequence: base)
            ).lastSequence
        }
        #expect(try lastSequence(from: 0) == 3)
        #expect(try lastSequence(from: .max - 3) == .max)
        #expect(try lastSequence(from: .max - 2) == 0)
        #expect(try lastSequence(from: .max) == 2)
        #expect(try check(try makeBatch(Self.records)).lastSequence == -1)
    }

    @Test("assigning an offset and an epoch leaves the CRC right and the batch's bytes alone")
    func assign() throws {
        var batch = try makeBatch(Self.records)
        let original = batch
        var header = [UInt8](repeating: 0, count: BatchHeader.byteCount)
        batch.withUnsafeBytes { bytes in
            header.withUnsafeMutableBytes { BatchCodec.assign(bytes, baseOffset: 1 << 40, leaderEpoch: 9, to: $0) }
        }
        #expect(batch == original)
        batch.replaceSubrange(0..<BatchHeader.byteCount, with: header)
        let assigned = try check(batch)
        #expect(assigned.baseOffset == 1 << 40)
        #expect(assigned.leaderEpoch == 9)
        #expect(try readRecords(batch).map(\.offset) == (0..<4).map { 1 << 40 + $0 })
    }

    @Test("under log-append time every record has the broker's time")
    func appendTime() throws {
        var batch = try makeBatch(Self.records, compression: .lz4)
        var header = [UInt8](repeating: 0, count: BatchHeader.byteCount)
        batch.withUnsafeBytes { bytes in
            header.withUnsafeMutableBytes {
                BatchCodec.assignAppendTime(bytes, baseOffset: 5, leaderEpoch: 0, timestamp: 42, to: $0)
            }
        }
        batch.replaceSubrange(0..<BatchHeader.byteCount, with: header)
        #expect(try check(batch).hasLogAppendTime)
        #expect(try check(batch).maxTimestamp == 42)
        #expect(try check(batch).baseTimestamp == 1_700_000_000_000)
        #expect(try readRecords(batch).map(\.timestamp) == [42, 42, 42, 42])
    }

    @Test("producer fields are changed in place")
    func setProducer() throws {
        var batch = try makeBatch(Self.records)
        batch.withUnsafeMutableBytes { BatchCodec.setProducer($0, id: 1 << 33, epoch: 4, baseSequence: 11) }
        let header = try check(batch)
        #expect(header.producerID == 1 << 33)
        #expect(header.producerEpoch == 4)
        #expect(header.baseSequence == 11)
        #expect(try readRecords(batch) == Self.records)
    }

    @Test("a batch goes from one codec to another and back with its records and fields")
    func recompress() throws {
        let plain = try makeBatch(Self.records, producerID: 3, producerEpoch: 1, baseSequence: 8)
        let packed = try plain.withUnsafeBytes { try BatchCodec.recompress($0, to: .lz4, unpackedLimit: 1 << 20) }
        #expect(packed.count < plain.count)
        #expect(try check(packed).compression == .lz4)
        #expect(try check(packed).baseSequence == 8)
        #expect(try readRecords(packed) == Self.records)
        let again = try packed.withUnsafeBytes { try BatchCodec.recompress($0, to: .none, unpackedLimit: 1 << 20) }
        #expect(again == plain)
    }

    @Test("a compactor's choice of records keeps their offsets and times", arguments: [Compression.none, .lz4])
    func filter(compression: Compression) throws {
        let batch = try makeBatch(Self.records, compression: compression)
        let header = try check(batch)
        func filtered(_ keep: [Bool], horizon: TimestampMs?) throws -> [UInt8] {
            try batch.withUnsafeBytes {
                try BatchCodec.filter(
                    $0, header: header, keep: keep, deleteHorizon: horizon, unpackedLimit: 1 << 20)
            }
        }
        let some = try filtered([false, true, false, true], horizon: nil)
        #expect(try readRecords(some) == [Self.records[1], Self.records[3]])
        #expect(try check(some).nextOffset == 4)
        #expect(try check(some).deleteHorizon == nil)
        let tombstone = try filtered([false, true, false, false], horizon: 1_800_000_000_000)
        #expect(try readRecords(tombstone) == [Self.records[1]])
        #expect(try check(tombstone).deleteHorizon == 1_800_000_000_000)
        #expect(try filtered([false, false, false, false], horizon: nil).count == BatchHeader.byteCount)
    }

    @Test("what unpacks to more than the limit is refused")
    func unpackedLimit() throws {
        let packed = try makeBatch(Self.records, compression: .lz4)
        #expect(throws: BatchError.tooLarge) { try readRecords(packed, unpackedLimit: 20_000) }
        #expect(throws: BatchError.tooLarge) {
            try packed.withUnsafeBytes { try BatchCodec.recompress($0, to: .none, unpackedLimit: 20_000) }
        }
    }

    @Test("each fault has its error")
    func faults() throws {
        let batch = try makeBatch(Self.records)
        #expect(throws: BatchError.short) { try check(Array(batch.dropLast())) }
        #expect(throws: BatchError.short) { try check(Array(batch.prefix(60))) }
        #expect(throws: BatchError.short) { try check([]) }
        #expect(throws: BatchError.badLength) { try check(batch, sizeLimit: batch.count - 1) }
        func changed(at index: Int, to byte: UInt8) -> [UInt8] {
            var copy = batch
            copy[index] = byte
            return copy
        }
        #expect(throws: BatchError.badMagic) { try check(changed(at: 16, to: 1)) }
        #expect(throws: BatchError.badAttributes) { try check(changed(at: 22, to: 0x05)) }
        #expect(throws: BatchError.badCount) { try check(changed(at: 60, to: 5)) }
        #expect(throws: BatchError.badCRC) { try check(changed(at: batch.count - 1, to: 0xff)) }
        #expect(throws: BatchError.unsupportedCompression) {
            try batch.withUnsafeBytes { try BatchCodec.recompress($0, to: .zstd, unpackedLimit: 1 << 20) }
        }
    }

    @Test("a record that lies about its size is found by the walk")
    func badRecord() throws {
        var batch = try makeBatch([PlainRecord(key: "key", value: "value")])
        batch[61] += 2
        batch.withUnsafeMutableBytes { BatchCodec.setProducer($0, id: -1, epoch: -1, baseSequence: -1) }
        #expect(try check(batch).recordCount == 1)
        #expect(throws: BatchError.badRecord) { try readRecords(batch) }
    }

    @Test("a block keeps its records when the batch is gone", arguments: [Compression.none, .lz4])
    func block(compression: Compression) throws {
        let batch = try makeBatch(Self.records, compression: compression)
        let block = try batch.withUnsafeBytes {
            try RecordBlock($0, header: BatchCodec.check($0, sizeLimit: 1 << 20), unpackedLimit: 1 << 20)
        }
        var found: [PlainRecord] = []
        try block.forEachRecord { found.append(PlainRecord($0)) }
        #expect(found == Self.records)
        var iterator = block.makeIterator()
        #expect(try iterator.next()?.offset == 0)
    }

    @Test("every error says something of its own")
    func texts() {
        #expect(Set(BatchError.allCases.map(\.description)).count == BatchError.allCases.count)
    }

    @Test("CRC-32C has the value of the standard's example")
    func crc() {
        let crc = Array("123456789".utf8).withUnsafeBytes { BatchCodec.crc32c($0) }
        #expect(crc == 0xe306_9283)
    }
}
