import MartletCore
import MartletMetadata
import Synchronization

/// One broker's view of the store that the brokers of a test share. Closing it closes the view; cutting it off makes
/// every call fail, as for a process that is gone or a broker without a network.
final class SharedStore: MetadataStore {
    private struct State {
        var isCut = false
        var session = TestSession()
    }

    private let store: EmbeddedStore
    private let state = Mutex(State())

    init(_ store: EmbeddedStore) {
        self.store = store
    }

    var transactionKeysMax: Int { 100 }

    func cut() {
        state.withLock { $0.isCut = true }
    }

    /// Whoever opens a session from now on gets this one.
    func giveSessions(_ session: TestSession) {
        state.withLock { $0.session = session }
    }

    private func reach() throws(MetadataError) {
        if state.withLock({ $0.isCut }) { throw MetadataError(.unavailable, "the store cannot be reached") }
    }

    func image() async throws(MetadataError) -> ClusterImage {
        try reach()
        return try await store.image()
    }

    func commit(_ transaction: MetadataTransaction) async throws(MetadataError) -> TransactionOutcome {
        try reach()
        return try await store.commit(transaction)
    }

    func changes(after revision: Revision) async throws(MetadataError) -> MetadataFeed {
        try reach()
        return try await store.changes(after: revision)
    }

    func openSession(
        broker: BrokerID, startEpoch: StartEpoch
    ) async throws(MetadataError) -> any MetadataSession {
        try reach()
        return state.withLock { $0.session }
    }

    func health() async -> StoreHealth { await store.health() }
    func compactHistory(before revision: Revision) async throws(MetadataError) {}
    func close() async {}
}

struct TestSession: MetadataSession {
    /// One whose end has come.
    static var over: TestSession { TestSession(deadline: .now) }
    /// One that was lost and opened anew, with the news of the time in between still on their way.
    static var openedAnew: TestSession { TestSession(deadline: .now + .seconds(3_600), registeredAt: .max) }

    var deadline: ContinuousClock.Instant?
    var registeredAt: Revision = 0

    func close() async {}
}
