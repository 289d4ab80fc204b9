package import Logging
package import MartletCore
package import MartletMetadata
internal import Synchronization

/// The metadata of a cluster in etcd, which several brokers share. Any thread.
///
/// Revisions are etcd's own: they count the transactions of everybody who uses that etcd, so that a cluster's revisions
/// grow but have gaps. One key holds one record (``KeyLayout``). Reads are linearizable. Whatever fails is asked of the
/// next endpoint; errors name the endpoint and the remedy.
package final class EtcdStore: MetadataStore {
    /// etcd's default limit is 128 operations in a transaction; the rest is room for conditions.
    package let transactionKeysMax = 128 - MetadataTransaction.extraConditionsMax

    private struct State {
        var isClosed = false
        /// The newest image read: reading goes on from it.
        var image: ClusterImage?
        var feeds: [Int: Task<Void, Never>] = [:]
        var readers: [Int: MetadataFeed.Continuation] = [:]
        var feedsOpened = 0
        var session: EtcdSession?
    }

    private let options: EtcdOptions
    private let layout: KeyLayout
    private let client: EtcdClient
    /// Connections of the sessions' own: signs of life do not queue behind images.
    private let sessionClient: EtcdClient
    private let logger: Logger
    private let state = Mutex(State())

    private init(_ options: EtcdOptions, logger: Logger) throws(MetadataError) {
        try options.check()
        self.options = options
        self.logger = logger
        layout = KeyLayout(cluster: options.cluster)
        client = try EtcdClient(options, layout: layout)
        sessionClient = try EtcdClient(options, layout: layout)
    }

    /// Connects, and returns once a member has answered a read of the cluster's keys. Throws `.unavailable` when none
    /// does, `.refused` when what `options` say is wrong.
    package static func connect(options: EtcdOptions, logger: Logger) async throws(MetadataError) -> EtcdStore {
        let store = try EtcdStore(options, logger: logger)
        do {
            _ = try await store.client.revision(patience: .zero)
            return store
        } catch {
            await store.close()
            throw error
        }
    }

    package func close() async {
        let (feeds, readers, session) = state.withLock { state in
            state.isClosed = true
            defer {
                state.feeds = [:]
                state.readers = [:]
                state.session = nil
            }
            return (state.feeds, state.readers, state.session)
        }
        for reader in readers.values { reader.finish() }
        for feed in feeds.values {
            feed.cancel()
            await feed.value
        }
        await session?.close()
        await client.close()
        await sessionClient.close()
    }

    private func expectOpen() throws(MetadataError) {
        guard !state.withLock({ $0.isClosed }) else {
            throw MetadataError(.closed, "the metadata store is closed")
        }
    }

    // MARK: Reading

    package func image() async throws(MetadataError) -> ClusterImage {
        try expectOpen()
        let reader = ImageReader(client: client, layout: layout)
        let newest: ClusterImage
        if let former = state.withLock({ $0.image }) {
            newest = try await reader.image(since: former)
        } else {
            newest = try await reader.image()
        }
        state.withLock { state in
            if newest.revision > state.image?.revision ?? -1 { state.image = newest }
        }
        return newest
    }

    package func changes(after revision: Revision) async throws(MetadataError) -> MetadataFeed {
        try expectOpen()
        let newest = try await client.revision()
        guard revision <= newest else {
            throw MetadataError(.revisionCompacted, "revision \(revision) is ahead of etcd, which is at \(newest)")
        }
        let (feed, reader) = MetadataFeed.makeStream(bufferingPolicy: .bufferingOldest(EtcdFeed.depthMax))
        let runner = EtcdFeed(
            WatchMachine(layout: layout, revision: revision), client: client, reader: reader, logger: logger)
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            let id = state.feedsOpened
            state.feedsOpened += 1
            reader.onTermination = { [weak self] _ in self?.endFeed(id) }
            state.readers[id] = reader
            state.feeds[id] = Task { await runner.run() }
            return true
        }
        guard isOpen else { throw MetadataError(.closed, "the metadata store is closed") }
        return feed
    }

    /// Its reader is gone, or it has told its reader why it ends.
    private func endFeed(_ id: Int) {
        let feed = state.withLock { state in
            state.readers[id] = nil
            return state.feeds.removeValue(forKey: id)
        }
        feed?.cancel()
    }

    // MARK: Writing

    package func commit(_ transaction: MetadataTransaction) async throws(MetadataError) -> TransactionOutcome {
        try expectOpen()
        try transaction.check(keysMax: transactionKeysMax)
        let coding = TransactionCoding(
            layout: layout, transaction: transaction, mark: .random(),
            controllerLease: try await controllerLease(transaction))
        let response: TxnResponse
        do {
            response = try await client.change(EtcdMethods.transaction, coding.request)
        } catch {
            switch error {
            case .refused(let error): throw error
            case .unclear(let error): return try await readBack(coding, after: error)
            }
        }
        return try coding.outcome(response)
    }

    private func readBack(
        _ coding: TransactionCoding, after failure: MetadataError
    ) async throws(MetadataError) -> TransactionOutcome {
        do {
            if let outcome = try await ReadBack(client: client, coding: coding).outcome() { return outcome }
        } catch {
            throw MetadataError(
                .outcomeUnknown, "\(failure.message); what became of it cannot be read: \(error.message)")
        }
        throw MetadataError(.outcomeUnknown, "\(failure.message); the transaction may be committed yet")
    }

    /// What a controller's record goes with: the session; a lease that soon expires when there is none, so that no
    /// record stays behind for ever.
    private func controllerLease(_ transaction: MetadataTransaction) async throws(MetadataError) -> Int64 {
        let isElection = transaction.changes.contains { if case .put(.controller) = $0 { true } else { false } }
        guard isElection else { return 0 }
        if let lease = state.withLock({ $0.session })?.lease { return lease }
        return try await EtcdSession.orphanLease(client, options.sessionTimeout)
    }

    package func openSession(
        broker: BrokerID, startEpoch: StartEpoch
    ) async throws(MetadataError) -> any MetadataSession {
        try expectOpen()
        let former = state.withLock { state in
            defer { state.session = nil }
            return state.session
        }
        await former?.abandon()
        let session = try await EtcdSession.open(
            client: sessionClient, layout: layout, record: SessionRecord(broker: broker, startEpoch: startEpoch),
            timeout: options.sessionTimeout, logger: logger)
        let isOpen = state.withLock { state in
            if !state.isClosed { state.session = session }
            return !state.isClosed
        }
        guard isOpen else {
            await session.close()
            throw MetadataError(.closed, "the metadata store is closed")
        }
        return session
    }

    // MARK: Care

    package func health() async -> StoreHealth {
        await HealthReport(client: client).make()
    }

    /// etcd's history is one for all its keys: whoever else uses this etcd loses theirs before `revision`, too.
    package func compactHistory(before revision: Revision) async throws(MetadataError) {
        try expectOpen()
        do {
            _ = try await client.call(EtcdMethods.compact, CompactionRequest(revision: revision))
        } catch  where error.code == .revisionCompacted {
            // Somebody else has done so.
        }
    }
}
