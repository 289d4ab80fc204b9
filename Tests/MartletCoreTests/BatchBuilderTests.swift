import Testing

@testable import MartletCore

@Suite("The batch builder")
struct BatchBuilderTests {
    @Test("a batch is full at its target, and takes one larger record while it is empty")
    func full() throws {
        var builder = try BatchBuilder(compression: .none, targetBytes: 200, sizeLimit: 1000)
        let large = PlainRecord(value: String(repeating: "x", count: 500))
        #expect(builder.append(large) == .appended)
        #expect(builder.append(PlainRecord()) == .full)
        #expect(builder.recordCount == 1)
        builder.reset()
        #expect(builder.recordCount == 0)
        #expect(builder.sizeBytes == BatchHeader.byteCount)
        #expect(builder.append(PlainRecord()) == .appended)
        #expect(builder.append(large) == .full)
    }

    @Test("a batch is never larger than the limit, to the byte")
    func limit() throws {
        let record = PlainRecord(value: String(repeating: "x", count: 100))
        let size = try makeBatch([record]).count
        var exact = try BatchBuilder(compression: .none, targetBytes: 10_000, sizeLimit: size)
        #expect(exact.append(record) == .appended)
        #expect(try exact.finish().count == size)
        #expect(exact.append(record) == .full)
        var small = try BatchBuilder(compression: .none, targetBytes: 10_000, sizeLimit: size - 1)
        #expect(small.append(record) == .recordTooLarge)
        #expect(small.recordCount == 0)
    }

    @Test("a record has at most 1,024 headers")
    func headers() throws {
        var builder = try BatchBuilder(compression: .none, targetBytes: 1 << 20, sizeLimit: 1 << 20)
        let header = RecordHeader(key: "h", value: "v")
        #expect(builder.append(PlainRecord(headers: Array(repeating: header, count: 1025))) == .tooManyHeaders)
        let most = PlainRecord(headers: Array(repeating: header, count: 1024))
        #expect(builder.append(most) == .appended)
        #expect(try readRecords(Array(try builder.finish())) == [most])
    }

    @Test("a builder is used for one batch after the other", arguments: [Compression.none, .lz4])
    func reuse(compression: Compression) throws {
        var builder = try BatchBuilder(compression: compression, targetBytes: 1 << 20, sizeLimit: 1 << 20)
        for length in [10, 100_000, 3000] {
            let record = PlainRecord(timestamp: TimestampMs(length), value: String(repeating: "y", count: length))
            #expect(builder.append(record) == .appended)
            #expect(try readRecords(Array(try builder.finish())) == [record])
            builder.reset()
        }
    }

    @Test("a timestamp too far from the base begins another batch")
    func farTimestamps() throws {
        var builder = try BatchBuilder(compression: .none, targetBytes: 1 << 20, sizeLimit: 1 << 20)
        #expect(builder.append(PlainRecord(timestamp: -1)) == .appended)
        #expect(builder.append(PlainRecord(timestamp: .max)) == .full)
        #expect(builder.append(PlainRecord(timestamp: .max - 1)) == .appended)
        #expect(try readRecords(Array(try builder.finish())).map(\.timestamp) == [-1, .max - 1])
    }

    @Test("codecs that cannot be written are refused", arguments: [Compression.gzip, .snappy, .zstd])
    func unsupported(compression: Compression) {
        #expect(throws: BatchError.unsupportedCompression) {
            _ = try BatchBuilder(compression: compression, targetBytes: 100, sizeLimit: 100)
        }
    }
}
