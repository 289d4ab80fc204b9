import MartletCore
import Testing

@testable import MartletMetadata

@Suite("Cluster image")
struct ClusterImageTests {
    @Test("records of every kind survive their bytes")
    func roundTrip() throws {
        for record in TestRecords.ofEveryKind {
            var writer = ByteWriter()
            RecordCoding.write(record, to: &writer)
            RecordCoding.write(record.key, to: &writer)
            var reader = ByteReader(writer.bytes[...])
            #expect(try RecordCoding.readRecord(&reader) == record)
            #expect(try RecordCoding.readKey(&reader) == record.key)
            #expect(reader.remaining == 0)
        }
    }

    @Test("a record cut at any byte is refused")
    func truncated() throws {
        for record in TestRecords.ofEveryKind {
            var writer = ByteWriter()
            RecordCoding.write(record, to: &writer)
            for end in writer.bytes.indices {
                var reader = ByteReader(writer.bytes[..<end])
                #expect(throws: ByteCodingError.self) { try RecordCoding.readRecord(&reader) }
            }
        }
    }

    @Test("a topic created again under its name is found by the new id only")
    func recreated() {
        var image = ClusterImage()
        image.apply(MetadataUpdate(revision: 1, changes: [.put(.topic(TestRecords.topic("a", 1)))]))
        let former = image
        image.apply(MetadataUpdate(revision: 2, changes: [.put(.topic(TestRecords.topic("a", 2)))]))
        #expect(image.topic(TestRecords.topicID(1)) == nil)
        #expect(image.topic(TestRecords.topicID(2))?.name == "a")
        #expect(former.topic(TestRecords.topicID(1))?.name == "a")
        image.apply(MetadataUpdate(revision: 3, changes: [.remove(.topic("a"))]))
        #expect(image.topicNames.isEmpty)
        #expect(image.revision(of: .topic("a")) == 0)
    }
}
