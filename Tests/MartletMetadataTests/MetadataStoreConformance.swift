import HashTreeCollections
import MartletCore
import MartletMetadata
import Testing

/// What every ``MetadataStore`` must do, whatever stands behind it. Each check gets stores over empty state from
/// `makeStore`.
struct MetadataStoreConformance {
    var makeStore: () async throws -> any MetadataStore

    func checkAll() async throws {
        try await anEmptyStoreIsAtRevisionZeroOrAbove()
        try await commitsAreSeenAndNumbered()
        try await conditionsAreComparedWithTheKeysRevision()
        try await conflictsChangeNothing()
        try await conditionsAloneChangeNothing()
        try await aFullTransactionHasRoomForFences()
        try await impossibleTransactionsAreRefused()
        try await feedsDeliverEachUpdateOnceInOrder()
        try await feedsFromTheFutureAreRefused()
        try await aSessionsRecordGoesWithIt()
        try await aNewSessionOutlivesTheFormerOnesEnd()
        try await concurrentCountersLoseNothing()
        try await historyMayBeCompacted()
        try await healthIsToldOpenAndClosed()
        try await closingEndsFeedsAndCalls()
    }

    private func anEmptyStoreIsAtRevisionZeroOrAbove() async throws {
        let image = try await makeStore().image()
        #expect(image.revision >= 0)
        #expect(image.recordCount == 0)
    }

    private func commitsAreSeenAndNumbered() async throws {
        let store = try await makeStore()
        var expected = ClusterImage()
        var last = try await store.image().revision
        for record in TestRecords.ofEveryKind {
            var transaction = MetadataTransaction()
            transaction.put(record, ifRevision: expected.revision(of: record.key))
            guard case .committed(let revision) = try await store.commit(transaction) else {
                Issue.record("\(record.key) was not committed")
                return
            }
            #expect(revision > last)
            last = revision
            expected.apply(MetadataUpdate(revision: revision, changes: [.put(record)]))
            let image = try await store.image()
            #expect(image == expected)
            #expect(image.revision(of: record.key) == revision)
        }
    }

    private func conditionsAreComparedWithTheKeysRevision() async throws {
        let store = try await makeStore()
        let first = try await committed(store, put(TestRecords.topic("a", 1), 0))
        #expect(try await store.commit(put(TestRecords.topic("a", 2), 0)) == .conflict(.topic("a")))
        let other = try await committed(store, put(TestRecords.topic("b", 3), 0))
        #expect(try await store.commit(put(TestRecords.topic("a", 2), other)) == .conflict(.topic("a")))
        // Another key's change does not touch this one's revision.
        _ = try await committed(store, put(TestRecords.topic("a", 2), first))
        var removal = MetadataTransaction()
        removal.remove(.topic("b"), ifRevision: other)
        _ = try await committed(store, removal)
        #expect(try await store.image().topics.keys.sorted() == ["a"])
        #expect(try await store.image().topic(TestRecords.topicID(1)) == nil)
        #expect(try await store.image().topic(TestRecords.topicID(2))?.name == "a")
    }

    private func conflictsChangeNothing() async throws {
        let store = try await makeStore()
        _ = try await committed(store, put(TestRecords.topic("a", 1), 0))
        let before = try await store.image()
        var transaction = put(TestRecords.topic("b", 2), 0)
        transaction.put(.topic(TestRecords.topic("a", 3)), ifRevision: 0)
        #expect(try await store.commit(transaction) == .conflict(.topic("a")))
        #expect(try await store.image() == before)
    }

    private func conditionsAloneChangeNothing() async throws {
        let store = try await makeStore()
        let written = try await committed(store, put(TestRecords.topic("a", 1), 0))
        let before = try await store.image()
        var holds = MetadataTransaction()
        holds.expect(.topic("a"), at: written)
        holds.expect(.topic("b"), at: 0)
        #expect(try await committed(store, holds) <= before.revision)
        var fails = holds
        fails.expect(.controller, at: 7)
        #expect(try await store.commit(fails) == .conflict(.controller))
        #expect(try await store.image() == before)
    }

    private func aFullTransactionHasRoomForFences() async throws {
        let store = try await makeStore()
        var transaction = MetadataTransaction()
        for index in 0..<store.transactionKeysMax {
            transaction.put(.partition(TestRecords.partition(1, PartitionIndex(index))), ifRevision: 0)
        }
        for broker in 0..<MetadataTransaction.extraConditionsMax {
            transaction.expect(.broker(BrokerID(broker)), at: 0)
        }
        let revision = try await committed(store, transaction)
        let image = try await store.image()
        #expect(image.partitions.count == store.transactionKeysMax)
        #expect(image.partitions.values.allSatisfy { $0.revision == revision })
        // One change is one too many; and so is one condition.
        var larger = transaction
        larger.changes.append(.remove(.defaults))
        await expectRefused(larger, by: store)
        transaction.expect(.defaults, at: 0)
        await expectRefused(transaction, by: store)
    }

    private func historyMayBeCompacted() async throws {
        let store = try await makeStore()
        var revision: Revision = 0
        for number in 0..<5 { revision = try await committed(store, put(TestRecords.topic("t\(number)", number), 0)) }
        try await store.compactHistory(before: revision)
        // Twice is once.
        try await store.compactHistory(before: revision)
        #expect(try await store.image().topics.count == 5)
        _ = try await store.changes(after: revision)
    }

    private func healthIsToldOpenAndClosed() async throws {
        let store = try await makeStore()
        let revision = try await committed(store, put(TestRecords.topic("a", 1), 0))
        let health = await store.health()
        #expect(health.isAvailable)
        #expect(health.revision ?? 0 >= revision)
        #expect(health.troubles.isEmpty)
        #expect(health.members.contains { $0.isReachable && $0.isLeader && $0.sizeBytes ?? 0 > 0 })
        await store.close()
        #expect(await !store.health().isAvailable)
    }

    private func impossibleTransactionsAreRefused() async throws {
        let store = try await makeStore()
        var twice = MetadataTransaction()
        twice.changes = [.put(.topic(TestRecords.topic("a", 1))), .remove(.topic("a"))]
        await expectRefused(twice, by: store)
        var large = MetadataTransaction()
        large.changes = (0...store.transactionKeysMax).map { .remove(.broker(BrokerID($0))) }
        await expectRefused(large, by: store)
        large.changes.removeLast()
        _ = try await committed(store, large)
    }

    private func expectRefused(_ transaction: MetadataTransaction, by store: any MetadataStore) async {
        do {
            let outcome = try await store.commit(transaction)
            Issue.record("committed: \(outcome)")
        } catch {
            #expect(error.code == .invalidTransaction)
        }
    }

    private func feedsDeliverEachUpdateOnceInOrder() async throws {
        let store = try await makeStore()
        _ = try await committed(store, put(TestRecords.topic("before", 1), 0))
        var mirror = try await store.image()
        // One update is there already when the feed opens, the others come while it is open.
        _ = try await committed(store, put(TestRecords.topic("t0", 100), 0))
        var feed = try await store.changes(after: mirror.revision).makeAsyncIterator()
        for number in 1..<50 { _ = try await committed(store, put(TestRecords.topic("t\(number)", 100 + number), 0)) }
        let final = try await store.image()
        while mirror.revision < final.revision {
            let update = try #require(try await feed.next())
            #expect(update.revision > mirror.revision)
            mirror.apply(update)
        }
        #expect(mirror == final)
    }

    private func feedsFromTheFutureAreRefused() async throws {
        let store = try await makeStore()
        let revision = try await store.image().revision
        do {
            _ = try await store.changes(after: revision + 1_000)
            Issue.record("a feed from the future was opened")
        } catch {
            #expect(error.code == .revisionCompacted)
        }
    }

    private func aSessionsRecordGoesWithIt() async throws {
        let store = try await makeStore()
        let session = try await store.openSession(broker: 4, startEpoch: 2)
        #expect(try await store.image().sessions[4]?.startEpoch == 2)
        if let deadline = session.deadline { #expect(deadline > .now) }
        var election = MetadataTransaction()
        election.put(.controller(ControllerRecord(broker: 4, startEpoch: 2)), ifRevision: 0)
        _ = try await committed(store, election)
        await session.close()
        #expect(try await store.image().sessions[4] == nil)
        #expect(try await store.image().controller == nil)
        await session.close()
    }

    private func aNewSessionOutlivesTheFormerOnesEnd() async throws {
        let store = try await makeStore()
        let former = try await store.openSession(broker: 4, startEpoch: 2)
        let newer = try await store.openSession(broker: 4, startEpoch: 3)
        await former.close()
        #expect(try await store.image().sessions[4]?.startEpoch == 3)
        await newer.close()
        #expect(try await store.image().sessions.isEmpty)
    }

    private func concurrentCountersLoseNothing() async throws {
        let store = try await makeStore()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var done = 0
                    while done < 10 {
                        let counter = try await store.image().producerIDs
                        var transaction = MetadataTransaction()
                        transaction.put(
                            .producerIDs(ProducerIDCounter(next: (counter?.next ?? 0) + 1)),
                            ifRevision: counter?.revision ?? 0)
                        if case .committed = try await store.commit(transaction) { done += 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.image().producerIDs?.next == 40)
    }

    private func closingEndsFeedsAndCalls() async throws {
        let store = try await makeStore()
        var feed = try await store.changes(after: store.image().revision).makeAsyncIterator()
        await store.close()
        #expect(try await feed.next() == nil)
        do {
            _ = try await store.image()
            Issue.record("a closed store answered")
        } catch {
            #expect(error.code == .closed)
        }
    }

    private func put(_ topic: TopicRecord, _ revision: Revision) -> MetadataTransaction {
        var transaction = MetadataTransaction()
        transaction.put(.topic(topic), ifRevision: revision)
        return transaction
    }

    private func committed(_ store: any MetadataStore, _ transaction: MetadataTransaction) async throws -> Revision {
        let outcome = try await store.commit(transaction)
        guard case .committed(let revision) = outcome else {
            Issue.record("not committed: \(outcome)")
            return 0
        }
        return revision
    }
}
