import Logging
import MartletCore
import MartletMetadata
import MartletStorage
import Synchronization
import Testing

@testable import MartletBroker

@Suite("Following the metadata")
struct MetadataFeedTests {
    @Test(
        "a feed that ends in any way is followed by another, and nobody waits for ever",
        arguments: [MetadataError.Code.revisionCompacted, .unavailable, .corrupt])
    func interruptedFeed(code: MetadataError.Code) async throws {
        let directory = try TemporaryDirectory()
        var options = LogStoreOptions(logger: BrokerHarness.quiet)
        options.reserveBytes = 4_096
        let store = try LogStore(directory: directory.path, options: options)
        let metadata = InterruptedStore(
            try EmbeddedStore(directory: directory.path + "/metadata", logger: BrokerHarness.quiet))
        let broker = Broker(settings: BrokerSettings(), store: store, metadata: metadata, logger: BrokerHarness.quiet)
        try await broker.start(host: "127.0.0.1", port: 7_400)
        _ = try await broker.createTopics([NewTopic(name: "before", partitions: 1)])[0].get()
        metadata.interrupt(MetadataError(code, "interrupted by the test"), refusals: 2)
        // Each returns once it is applied on this broker, whether a feed or an image brought it.
        for name in ["while", "after"] {
            let topic = try await broker.createTopics([NewTopic(name: name, partitions: 1)])[0].get()
            _ = try broker.table.replica(topic, 0)
        }
        #expect(metadata.feedsOpened >= 2)
        await broker.stop()
    }
}

/// A store whose feeds break when a test says so.
private final class InterruptedStore: MetadataStore {
    private struct State {
        var readers: [MetadataFeed.Continuation] = []
        var refusals = 0
        var failure = MetadataError(.unavailable, "")
        var feedsOpened = 0
    }

    private let store: EmbeddedStore
    private let state = Mutex(State())

    init(_ store: EmbeddedStore) {
        self.store = store
    }

    var feedsOpened: Int { state.withLock { $0.feedsOpened } }

    /// Ends all feeds with `failure`, and refuses so many new ones.
    func interrupt(_ failure: MetadataError, refusals: Int) {
        let readers = state.withLock { state in
            state.refusals = refusals
            state.failure = failure
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.finish(throwing: failure) }
    }

    func changes(after revision: Revision) async throws(MetadataError) -> MetadataFeed {
        let refusal = state.withLock { state -> MetadataError? in
            guard state.refusals > 0 else { return nil }
            state.refusals -= 1
            return state.failure
        }
        if let refusal { throw refusal }
        let inner = try await store.changes(after: revision)
        let (feed, reader) = MetadataFeed.makeStream()
        let forwarding = Task {
            for try await update in inner { reader.yield(update) }
            reader.finish()
        }
        reader.onTermination = { _ in forwarding.cancel() }
        state.withLock { state in
            state.readers.append(reader)
            state.feedsOpened += 1
        }
        return feed
    }

    var transactionKeysMax: Int { store.transactionKeysMax }
    func image() async throws(MetadataError) -> ClusterImage { try await store.image() }
    func health() async -> StoreHealth { await store.health() }
    func close() async { await store.close() }

    func commit(_ transaction: MetadataTransaction) async throws(MetadataError) -> TransactionOutcome {
        try await store.commit(transaction)
    }

    func openSession(
        broker: BrokerID, startEpoch: StartEpoch
    ) async throws(MetadataError) -> any MetadataSession {
        try await store.openSession(broker: broker, startEpoch: startEpoch)
    }

    func compactHistory(before revision: Revision) async throws(MetadataError) {
        try await store.compactHistory(before: revision)
    }
}
