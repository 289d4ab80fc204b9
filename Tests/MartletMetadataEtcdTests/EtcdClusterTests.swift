import HashTreeCollections
import Logging
import MartletCore
import MartletMetadata
import MartletTestSupport
import Testing

@testable import MartletMetadataEtcd

@Suite("An etcd cluster of three members", .serialized, .timeLimit(.minutes(2)))
struct EtcdClusterTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private func with(
        _ body: ([EtcdProcess], _ store: EtcdStore, _ options: EtcdOptions) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let members = try await EtcdProcess.start(EtcdProcess.Options.cluster(of: 3, in: directory.path))
        var options = EtcdOptions(endpoints: try members.map { try EtcdEndpoint($0.url) }, cluster: "c")
        options.callTimeout = .seconds(2)
        options.sessionTimeout = .seconds(20)
        let store = try await EtcdStore.connect(options: options, logger: logger)
        do {
            try await body(members, store, options)
        } catch {
            await end(members, store)
            throw error
        }
        await end(members, store)
    }

    private func end(_ members: [EtcdProcess], _ store: EtcdStore) async {
        for member in members { member.resume() }
        await store.close()
        for member in members { await member.kill() }
    }

    /// Writes `record`, which is not there yet, as often as it takes; returns the revision that wrote it.
    private func write(_ record: MetadataRecord, _ store: EtcdStore) async throws -> Revision {
        var transaction = MetadataTransaction()
        transaction.put(record, ifRevision: 0)
        while true {
            do throws(MetadataError) {
                switch try await store.commit(transaction) {
                case .committed(let revision): return revision
                // One whose answer was lost had been committed after all.
                case .conflict: return try await store.image().revision(of: record.key)
                }
            } catch {
                guard error.code == .unavailable || error.code == .outcomeUnknown else { throw error }
            }
        }
    }

    @Test("its leader is killed: transactions, the feed and the session go on")
    func leaderKilled() async throws {
        try await with { members, store, _ in
            let session = try await store.openSession(broker: 1, startEpoch: 3)
            var mirror = try await store.image()
            var feed = try await store.changes(after: mirror.revision).makeAsyncIterator()
            for number in 0..<5 { _ = try await write(.topic(TestRecords.topic("t\(number)", number)), store) }
            let health = await store.health()
            #expect(health.troubles.isEmpty)
            let leader = try #require(health.members.firstIndex { $0.isLeader })
            await members[leader].kill()
            let final = try await write(.producerIDs(ProducerIDCounter(next: 1)), store)
            while mirror.revision < final { mirror.apply(try #require(try await feed.next())) }
            #expect(mirror == (try await store.image()))
            #expect(mirror.sessions[1]?.startEpoch == 3)
            #expect(try #require(session.deadline) > .now)
            let after = await store.health()
            #expect(after.isAvailable)
            #expect(after.members.map(\.isReachable).filter { $0 }.count == 2)
        }
    }

    @Test("the member that serves the feed is suspended: another one takes over")
    func memberSuspended() async throws {
        try await with { members, store, options in
            var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
            let first = try await write(.topic(TestRecords.topic("t", 1)), store)
            #expect(try await feed.next()?.revision == first)
            // The first endpoint answered everything so far.
            members[0].suspend()
            var others = options
            others.endpoints.removeFirst()
            let other = try await EtcdStore.connect(options: others, logger: logger)
            let final = try await write(.defaults(DefaultSettings(settings: ["a": "b"])), other)
            await other.close()
            while let update = try await feed.next(), update.revision < final {}
            #expect(try await store.image().defaults?.settings == ["a": "b"])
        }
    }
}
