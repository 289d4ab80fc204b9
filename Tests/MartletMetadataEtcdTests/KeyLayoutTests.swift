import MartletCore
import MartletMetadata
import Testing

@testable import MartletMetadataEtcd

@Suite("Keys and values in etcd")
struct KeyLayoutTests {
    private let layout = KeyLayout(cluster: "c")

    private func text(_ key: MetadataKey) -> String {
        String(decoding: layout.key(of: key), as: UTF8.self)
    }

    @Test("every kind of key lies where the layout says, inside the cluster's range, and is read back")
    func keys() throws {
        #expect(text(.cluster) == "/martlet/c/cluster")
        #expect(text(.topic("a.b-c_d")) == "/martlet/c/topics/a.b-c_d")
        let partition = TopicIDPartition(topicID: TestRecords.topicID(1), partition: 12)
        #expect(text(.partition(partition)) == "/martlet/c/partitions/0000000000005e1f0000000000000001/0000000012")
        for record in TestRecords.ofEveryKind {
            let key = layout.key(of: record.key)
            #expect(try layout.metadataKey(key) == record.key)
            #expect(layout.prefix.lexicographicallyPrecedes(key))
            #expect(key.lexicographicallyPrecedes(layout.end))
        }
        #expect(layout.end.lexicographicallyPrecedes(Array("/martlet/c0".utf8)) == false)
        #expect(layout.end.lexicographicallyPrecedes(Array("/martlet/cc/cluster".utf8)))
    }

    @Test(
        "what is not written exactly so is no key of ours",
        arguments: [
            "/martlet/c/", "/martlet/c/nonsense", "/martlet/d/cluster", "/martlet/c/brokers/01", "/martlet/c/brokers/",
            "/martlet/c/partitions/0000000000005e1f0000000000000001/12", "/martlet/c/deletions/zz",
        ])
    func strangers(key: String) {
        let error = #expect(throws: MetadataError.self) { try layout.metadataKey(Array(key.utf8)) }
        #expect(error?.code == .newerFormat)
    }

    @Test("values of every kind are read back, with the mark of their transaction", arguments: TestRecords.ofEveryKind)
    func values(record: MetadataRecord) throws {
        let value = StoredValue(mark: .random(), record: record)
        var pair = KeyValue(key: layout.key(of: record.key), value: value.bytes)
        #expect(try StoredValue(pair, layout: layout) == value)
        pair.value.removeLast()
        let error = #expect(throws: MetadataError.self) { try StoredValue(pair, layout: layout) }
        #expect(error?.code == .corrupt)
    }

    @Test("a value under another record's key is refused")
    func misplaced() {
        let value = StoredValue(mark: .random(), record: .topic(TestRecords.topic("a", 1)))
        let pair = KeyValue(key: layout.key(of: .topic("b")), value: value.bytes)
        let error = #expect(throws: MetadataError.self) { try StoredValue(pair, layout: layout) }
        #expect(error?.code == .corrupt)
    }
}
