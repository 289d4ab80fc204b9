import MartletCore
import Testing

@testable import MartletMetadata

@Suite("Coding of metadata records")
struct RecordCodingTests {
    @Test("records of every kind come back as they were written", arguments: TestRecords.ofEveryKind)
    func roundTrip(record: MetadataRecord) throws {
        var writer = ByteWriter()
        RecordCoding.write(record, to: &writer)
        var reader = ByteReader(writer.bytes[...])
        #expect(try RecordCoding.readRecord(&reader) == record)
    }

    @Test("broker and partition records of version 1 are read, with defaults for what they lack")
    func versionOne() throws {
        for var record in TestRecords.ofEveryKind {
            // What versions 2 and 3 appended, in bytes.
            let appended: Int
            switch record {
            case .broker(var broker):
                appended = 2 + 8
                broker.isStopping = false
                broker.isDraining = false
                broker.runs = 0
                record = .broker(broker)
            case .partition(var partition):
                partition.targetReplicas = []
                partition.formerReplicas = []
                partition.lastUncleanEpoch = -1
                record = .partition(partition)
                appended = 4 + 4 + 4
            default: continue
            }
            var writer = ByteWriter()
            RecordCoding.write(record, to: &writer)
            var bytes = Array(writer.bytes.dropLast(appended))
            bytes[1] = 1
            let size = UInt32(bytes.count - 6).bigEndian
            withUnsafeBytes(of: size) { bytes.replaceSubrange(2..<6, with: $0) }
            var reader = ByteReader(bytes[...])
            #expect(try RecordCoding.readRecord(&reader) == record)
        }
    }
}
