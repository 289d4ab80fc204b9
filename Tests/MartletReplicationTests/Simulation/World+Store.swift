import HashTreeCollections
import MartletCore
import MartletMetadata
import SimulationKit

@testable import MartletBroker

// The metadata store: transactions on their way there and back, feeds, sessions, outages.
extension World {
    /// Changes the store, and looks whether that was allowed.
    @discardableResult
    func apply(_ transaction: MetadataTransaction, by writer: Writer) throws -> ModelStore.Outcome {
        let before = store.image
        let outcome = store.commit(transaction)
        if case .committed = outcome { try storeChanged(transaction, by: writer, before: before) }
        return outcome
    }

    private func storeChanged(
        _ transaction: MetadataTransaction, by writer: Writer, before: ClusterImage
    ) throws {
        try controllerChecks.committed(transaction, by: writer, before: before, self)
        for change in transaction.changes {
            switch change {
            case .put(.partition(let record)): try checks[Int(record.id.partition)].recordChanged(record, self)
            case .put(.controller(let record)): limit(record)
            default: continue
            }
        }
    }

    /// A controller's record goes with its run's session, and soon when that has none any more.
    private func limit(_ record: ControllerRecord) {
        guard sessionEnds[PartitionLeader(broker: record.broker, startEpoch: record.startEpoch)] == nil else { return }
        let revision = store.image.revision
        after(1_000) { [self] in
            guard store.image.controller?.revision == revision else { return }
            var transaction = MetadataTransaction()
            transaction.changes = [.remove(.controller)]
            try apply(transaction, by: .store)
        }
    }

    func reachesStore(_ broker: SimulatedBroker) -> Bool {
        now >= storeIsDownUntil && !cuts.contains(Link(from: broker.id, to: Link.store))
    }

    // MARK: Transactions

    /// A transaction's way to the store and back: late when `isSlow`. Its answer may be lost, and it may be committed
    /// long after that.
    func commit(
        from broker: SimulatedBroker, _ transaction: MetadataTransaction, by writer: Writer, isSlow: Bool = false,
        _ done: @escaping (StoreAnswer) throws -> Void
    ) {
        guard reachesStore(broker), !fault(60) else { return lose(transaction, of: broker, by: writer, done) }
        let run = broker.run
        after(isSlow || fault(50) ? roll(100...2_000) : delay()) { [self] in
            guard now >= storeIsDownUntil else {
                if broker.run == run { lose(transaction, of: broker, by: writer, done) }
                return
            }
            let outcome = try apply(transaction, by: writer)
            // Whoever has started since did not ask.
            guard broker.run == run else { return }
            after(delay(), on: broker) {
                switch outcome {
                case .committed(let revision): try done(.committed(revision))
                case .conflict: try done(.conflict)
                }
            }
        }
    }

    /// Nobody hears what became of it: nothing, or what was wanted, some time later.
    private func lose(
        _ transaction: MetadataTransaction, of broker: SimulatedBroker, by writer: Writer,
        _ done: @escaping (StoreAnswer) throws -> Void
    ) {
        counts[.unknownOutcomes] += 1
        // What is wrong with the connection keeps the feed back, too.
        if fault(500) { stallFeed(of: broker) }
        after(reachesStore(broker) ? roll(100...1_000) : 1_000, on: broker) { try done(.unknown) }
        guard fault(500) else { return }
        after(roll(1...2_500)) { [self] in
            if now >= storeIsDownUntil { try apply(transaction, by: writer) }
        }
    }

    /// A linearizable read, tried until it is answered.
    func readStore(_ broker: SimulatedBroker, _ done: @escaping (ClusterImage) throws -> Void) {
        after(delay(), on: broker) { [self] in
            guard reachesStore(broker) else { return after(200, on: broker) { [self] in readStore(broker, done) } }
            let image = store.image
            after(delay(), on: broker) { try done(image) }
        }
    }

    // MARK: Feeds

    /// What has been committed, in order, each broker in its own time; now and then everything anew.
    func feed(_ broker: SimulatedBroker) throws {
        guard reachesStore(broker), now >= broker.feedStallsUntil else { return }
        if fault(4) { return stallFeed(of: broker) }
        if fault(2) {
            counts[.feedGaps] += 1
            return try load(broker)
        }
        let run = broker.run
        while broker.run == run, broker.seen < store.history.count {
            let update = store.history[broker.seen].update
            broker.seen += 1
            broker.image.apply(update)
            try tellController(broker, .updated(broker.image, update))
            for change in update.changes {
                guard case .put(.partition(let record)) = change else { continue }
                try reconcile(broker.replicas[Int(record.id.partition)])
            }
            if fault(100) { break }
        }
    }

    private func stallFeed(of broker: SimulatedBroker) {
        counts[.feedStalls] += 1
        broker.feedStallsUntil = now + roll(100...2_500)
    }

    /// Takes up the newest image.
    func load(_ broker: SimulatedBroker) throws {
        broker.image = store.image
        broker.seen = store.history.count
        try tellController(broker, .imageLoaded(broker.image))
        for replica in broker.replicas { try reconcile(replica) }
    }

    // MARK: Sessions

    /// Renews the session of this run, if it still has one.
    func keepAlive(_ broker: SimulatedBroker) {
        guard reachesStore(broker), broker.startEpoch > 0 else { return }
        let run = broker.currentRun
        let sent = broker.clock(at: now)
        after(roll(1...10), on: broker) { [self] in
            guard sessionEnds[run] != nil else { return }
            sessionEnds[run] = now + Self.sessionMs
            broker.sessionDeadline = max(broker.sessionDeadline, sent + Self.sessionMs)
        }
    }

    /// Puts the session record, under a session of its own.
    func openSession(_ broker: SimulatedBroker, _ done: @escaping () throws -> Void) {
        let run = broker.currentRun
        let sent = broker.clock(at: now)
        after(delay(), on: broker) { [self] in
            guard reachesStore(broker) else { return after(200, on: broker) { [self] in openSession(broker, done) } }
            try endSession(of: run)
            var transaction = MetadataTransaction()
            transaction.changes = [.put(.session(SessionRecord(broker: run.broker, startEpoch: run.startEpoch)))]
            try apply(transaction, by: .store)
            sessionEnds[run] = now + Self.sessionMs
            broker.sessionDeadline = sent + Self.sessionMs
            try done()
        }
    }

    func endDueSessions() throws {
        // Without its majority the store ends nothing, and gives everybody a full session afterwards.
        guard now >= storeIsDownUntil else { return }
        for run in sessionEnds.keys.sorted(by: { ($0.broker, $0.startEpoch) < ($1.broker, $1.startEpoch) }) {
            if let end = sessionEnds[run], end < now { try endSession(of: run) }
        }
    }

    /// The session of a run is over, and what was written under it goes: a controller's record too.
    func endSession(of run: PartitionLeader) throws {
        guard sessionEnds.removeValue(forKey: run) != nil else { return }
        trace("the session of \(run) ends")
        controllerChecks.sessionEnded(run, at: now)
        store.endSession(of: run)
    }
}
