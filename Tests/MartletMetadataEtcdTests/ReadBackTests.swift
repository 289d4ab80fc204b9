import MartletCore
import MartletMetadata
import Testing

@testable import MartletMetadataEtcd

/// What became of a transaction whose answer was lost.
@Suite("Reading back a transaction on etcd", .serialized)
struct ReadBackTests {
    private struct Scene {
        let store: EtcdStore
        let client: EtcdClient
        let layout: KeyLayout

        func coding(_ transaction: MetadataTransaction) -> TransactionCoding {
            TransactionCoding(layout: layout, transaction: transaction, mark: .random(), controllerLease: 0)
        }

        func send(_ coding: TransactionCoding) async throws -> TransactionOutcome {
            try coding.outcome(try await client.change(EtcdMethods.transaction, coding.request))
        }

        func readBack(_ coding: TransactionCoding) async throws -> TransactionOutcome? {
            try await ReadBack(client: client, coding: coding).outcome()
        }
    }

    private func with(_ body: (Scene) async throws -> Void) async throws {
        try await EtcdFixture.with { fixture in
            let options = try fixture.options()
            let layout = KeyLayout(cluster: options.cluster)
            let client = try EtcdClient(options, layout: layout)
            try await body(Scene(store: try await fixture.store(options), client: client, layout: layout))
            await client.close()
        }
    }

    private func raise(_ epoch: LeaderEpoch, ifRevision revision: Revision) -> MetadataTransaction {
        var transaction = MetadataTransaction()
        transaction.put(.partition(TestRecords.partition(1, 0, epoch: epoch)), ifRevision: revision)
        return transaction
    }

    @Test("one that was committed is found, also when others have written the key since")
    func committed() async throws {
        try await with { scene in
            let first = try await scene.store.put(.partition(TestRecords.partition(1, 0)))
            let ours = scene.coding(raise(2, ifRevision: first))
            let outcome = try await scene.send(ours)
            #expect(try await scene.readBack(ours) == outcome)
            for epoch in 3...5 as ClosedRange<LeaderEpoch> {
                try await scene.store.put(.partition(TestRecords.partition(1, 0, epoch: epoch)))
            }
            #expect(try await scene.readBack(ours) == outcome)
        }
    }

    @Test("one that came too late is a conflict, though the same was written")
    func conflict() async throws {
        try await with { scene in
            let first = try await scene.store.put(.partition(TestRecords.partition(1, 0)))
            let ours = scene.coding(raise(2, ifRevision: first))
            _ = try await scene.store.commit(raise(2, ifRevision: first))
            let key = MetadataKey.partition(TestRecords.partition(1, 0).id)
            #expect(try await scene.readBack(ours) == .conflict(key))
            #expect(try await scene.send(ours) == .conflict(key))
        }
    }

    @Test("one that may yet be committed is not called failed")
    func unknown() async throws {
        try await with { scene in
            let first = try await scene.store.put(.partition(TestRecords.partition(1, 0)))
            let ours = scene.coding(raise(2, ifRevision: first))
            #expect(try await scene.readBack(ours) == nil)
            let outcome = try await scene.send(ours)
            #expect(try await scene.readBack(ours) == outcome)
        }
    }

    @Test("where the history is compacted, nothing is claimed")
    func compacted() async throws {
        try await with { scene in
            let first = try await scene.store.put(.partition(TestRecords.partition(1, 0)))
            let ours = scene.coding(raise(2, ifRevision: first))
            _ = try await scene.send(ours)
            var last: Revision = 0
            for epoch in 3...5 as ClosedRange<LeaderEpoch> {
                last = try await scene.store.put(.partition(TestRecords.partition(1, 0, epoch: epoch)))
            }
            try await scene.store.compactHistory(before: last)
            #expect(try await scene.readBack(ours) == nil)
        }
    }
}
