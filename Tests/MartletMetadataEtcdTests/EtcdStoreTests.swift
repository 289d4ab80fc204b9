import HashTreeCollections
import MartletCore
import MartletMetadata
import MartletTestSupport
import TestSeeds
import Testing

@testable import MartletMetadataEtcd

@Suite("Metadata store on etcd", .serialized)
struct EtcdStoreTests {
    @Test("it does what every metadata store must do")
    func conformance() async throws {
        try await EtcdFixture.with { fixture in
            try await MetadataStoreConformance { try await fixture.store() }.checkAll()
        }
    }

    @Test("two stores of one cluster see the same, two clusters on one etcd nothing of each other")
    func clusters() async throws {
        try await EtcdFixture.with { fixture in
            let one = try await fixture.store(fixture.options(cluster: "a"))
            let two = try await fixture.store(fixture.options(cluster: "a"))
            // A name that begins like the other one.
            let other = try await fixture.store(fixture.options(cluster: "a.b"))
            var feed = try await two.changes(after: two.image().revision).makeAsyncIterator()
            let revision = try await one.put(.topic(TestRecords.topic("t", 1)))
            try await other.put(.topic(TestRecords.topic("u", 2)))
            let last = try await one.put(.topic(TestRecords.topic("v", 3)))
            #expect(try await two.image().topics.keys.sorted() == ["t", "v"])
            #expect(try await other.image().topics.keys.sorted() == ["u"])
            #expect(try await feed.next()?.revision == revision)
            #expect(try await feed.next()?.revision == last)
        }
    }

    @Test("an image is read in pages of one revision, and goes on from what has changed")
    func pages() async throws {
        try await EtcdFixture.with { fixture in
            let options = try fixture.options()
            let store = try await fixture.store(options)
            let layout = KeyLayout(cluster: options.cluster)
            let client = try EtcdClient(options, layout: layout)
            for number in 0..<25 { try await store.put(.topic(TestRecords.topic("t\(number)", number))) }
            let reader = ImageReader(client: client, layout: layout, pageKeys: 4)
            let first = try await reader.image()
            #expect(first.topics.count == 25)
            #expect(first == (try await store.image()))
            // One new, one changed, one gone; then everything at once.
            try await store.put(.topic(TestRecords.topic("new", 90)))
            try await store.put(.topic(TestRecords.topic("t3", 3, partitions: 9)))
            let second = try await reader.image(since: first)
            #expect(second.topics.count == 26)
            #expect(second.topics["t3"]?.partitionCount == 9)
            var removal = MetadataTransaction()
            removal.changes = [.remove(.topic("t7")), .put(.topic(TestRecords.topic("t8b", 8)))]
            _ = try await store.commit(removal)
            for number in 10..<20 {
                try await store.put(.topic(TestRecords.topic("t\(number)", number, partitions: 2)))
            }
            let third = try await reader.image(since: second)
            #expect(third == (try await reader.image()))
            #expect(third == (try await store.image()))
            #expect(third.topics["t7"] == nil)
            await client.close()
        }
    }

    @Test("a random history is the same by image, by feed and by model", arguments: 1...3 as ClosedRange<UInt64>)
    func randomHistory(seed: UInt64) async throws {
        try await EtcdFixture.with { fixture in
            var generator = SeededGenerator(seed: seed)
            let store = try await fixture.store()
            var expected = try await store.image()
            var mirror = expected
            var feed = try await store.changes(after: mirror.revision).makeAsyncIterator()
            for step in 0..<150 {
                var transaction = MetadataTransaction()
                var keys: Set<MetadataKey> = []
                for _ in 0..<Int.random(in: 1...5, using: &generator) {
                    let record = TestRecords.random(using: &generator)
                    guard keys.insert(record.key).inserted else { continue }
                    if Bool.random(using: &generator), expected.revision(of: record.key) > 0 {
                        transaction.remove(record.key, ifRevision: expected.revision(of: record.key))
                    } else {
                        transaction.put(record, ifRevision: expected.revision(of: record.key))
                    }
                }
                guard case .committed(let revision) = try await store.commit(transaction) else {
                    Issue.record("seed \(seed), step \(step): a conflict without another writer")
                    return
                }
                expected.apply(MetadataUpdate(revision: revision, changes: transaction.changes))
                if step % 10 == 0 { #expect(try await store.image() == expected, "seed \(seed), step \(step)") }
            }
            while mirror.revision < expected.revision { mirror.apply(try #require(try await feed.next())) }
            #expect(mirror == expected, "seed \(seed)")
        }
    }

    @Test("a former run's session ends when the next one's begins, and its controller with it")
    func sessions() async throws {
        try await EtcdFixture.with { fixture in
            let options = try fixture.options()
            let former = try await fixture.store(options)
            let next = try await fixture.store(options)
            let old = try await former.openSession(broker: 1, startEpoch: 1)
            try await former.put(.controller(ControllerRecord(broker: 1, startEpoch: 1)))
            let new = try await next.openSession(broker: 1, startEpoch: 2)
            let image = try await next.image()
            #expect(image.sessions[1]?.startEpoch == 2)
            #expect(image.controller == nil)
            await old.close()
            #expect(try await next.image().sessions[1]?.startEpoch == 2)
            #expect(try #require(new.deadline) > .now)
        }
    }

    @Test("keys that this version does not know are refused, and so are values that are not what their key says")
    func unknownKeys() async throws {
        try await EtcdFixture.with { fixture in
            let store = try await fixture.store(fixture.options(cluster: "a"))
            try await fixture.etcd.control("put", "/martlet/a/topics/x", "nonsense")
            #expect(try await metadataError { _ = try await store.image() }.code == .corrupt)
            try await fixture.etcd.control("put", "/martlet/a/topics/x", "\u{2}0123456789abcdef")
            let error = try await metadataError { _ = try await store.image() }
            #expect(error.code == .newerFormat)
            #expect(error.message.contains("/martlet/a/topics/x"))
        }
    }

    @Test("10,000 partitions are written in transactions of 100 and read back whole")
    func tenThousandPartitions() async throws {
        try await EtcdFixture.with { fixture in
            let options = try fixture.options()
            let store = try await fixture.store(options)
            for batch in 0..<100 {
                var transaction = MetadataTransaction()
                for index in 0..<100 {
                    transaction.put(
                        .partition(TestRecords.partition(batch, PartitionIndex(index))), ifRevision: 0)
                }
                _ = try await store.commit(transaction)
            }
            let image = try await fixture.store(options).image()
            #expect(image.partitions.count == 10_000)
            let one = TestRecords.partition(37, 42, epoch: 9)
            try await store.put(.partition(one))
            let next = try await store.image()
            #expect(next.partitions[one.id]?.record == one)
            #expect(next.partitions.count == 10_000)
        }
    }
}
