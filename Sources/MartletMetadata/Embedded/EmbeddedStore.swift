internal import HashTreeCollections
package import Logging
package import MartletCore

/// The metadata of a single broker in a file of its data directory: a journal of transactions behind a snapshot, each
/// synced before it is answered. Whoever holds the data directory's lock owns it.
package actor EmbeddedStore: MetadataStore {
    /// What a store is opened for.
    package enum Purpose: Sendable {
        /// A broker runs on it. An empty store is made when there is none; a sealed one is refused.
        case serving
        /// Its content moves to another store, or has moved already. There must be one.
        case handingOver
    }

    private enum Condition {
        case open
        /// Its content has moved to this place: it is read, but never changed again.
        case sealed(String)
        case failed(MetadataError)
        case closed
    }

    package nonisolated let transactionKeysMax = 4_096

    private let executor = BlockingExecutor(label: "martlet.metadata")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let directory: String
    private let path: String
    private let system: JournalSystem
    private let logger: Logger
    /// The journal is rewritten as a snapshot when its transactions take more than this, and more than twice what the
    /// snapshot takes.
    private let compactionBytesMin: Int

    private var condition = Condition.open
    private var journal: JournalFile
    private var snapshotBytes: Int
    private var newest: ClusterImage
    private var feeds = ChangeFeeds()

    /// Opens the store in `directory`, or makes an empty one there. A torn last transaction, which was never answered,
    /// is cut; anything else that is wrong is refused, and so is a store that has moved (`.closed`). Blocks.
    package init(
        directory: String, for purpose: Purpose = .serving, system: JournalSystem = .real,
        compactionBytesMin: Int = 4 << 20, logger: Logger
    ) throws(MetadataError) {
        self.directory = directory
        self.path = directory + "/journal"
        self.system = system
        self.compactionBytesMin = compactionBytesMin
        self.logger = logger
        let path = self.path
        do {
            let bytes = try JournalFile.contents(of: path)
            if let bytes {
                let content = try Self.read(bytes, path: path, logger: logger)
                if let destination = content.sealedFor {
                    guard purpose == .handingOver else { throw Self.moved(path, destination) }
                    condition = .sealed(destination)
                }
                newest = content.image
                snapshotBytes = content.end - content.transactionBytes
                journal = try JournalFile.open(path, end: content.end, cut: content.tornBytes > 0, system: system)
                // Sessions end with the process that held them.
                if content.sealedFor == nil, let update = Self.endOfSessions(newest) {
                    try journal.append(JournalFormat.transactionFrame(update))
                    newest.apply(update)
                }
            } else {
                guard purpose == .serving else {
                    throw MetadataError(.unavailable, "there is no metadata of a single broker at \(path)")
                }
                try JournalFile.createDirectory(directory, system: system)
                newest = ClusterImage()
                let bytes = JournalFormat.fileHead() + JournalFormat.snapshotFrame(newest)
                snapshotBytes = bytes.count
                journal = try JournalFile.replace(path, in: directory, with: bytes, system: system)
            }
        } catch let failure as JournalFailure {
            throw MetadataError(.unavailable, "the metadata store cannot be opened: \(failure.message)")
        } catch let error as MetadataError {
            throw error
        } catch {
            throw MetadataError(.unavailable, "the metadata store cannot be opened: \(error)")
        }
    }

    private static func moved(_ path: String, _ destination: String) -> MetadataError {
        MetadataError(
            .closed,
            "the metadata at \(path) has moved to \(destination): start the broker with --etcd and --cluster")
    }

    private static func endOfSessions(_ image: ClusterImage) -> MetadataUpdate? {
        var changes = image.sessions.keys.map { MetadataChange.remove(.session($0)) }
        if image.controller != nil { changes.append(.remove(.controller)) }
        guard !changes.isEmpty else { return nil }
        return MetadataUpdate(revision: image.revision + 1, changes: changes)
    }

    private static func read(_ bytes: [UInt8], path: String, logger: Logger) throws(MetadataError) -> JournalContent {
        do {
            let content = try JournalFormat.read(bytes)
            if content.tornBytes > 0 {
                logger.warning(
                    "cut a torn transaction off the metadata journal; it was never answered",
                    metadata: ["path": "\(path)", "at": "\(content.end)", "bytes": "\(content.tornBytes)"])
            }
            return content
        } catch {
            throw MetadataError(error.code, "the metadata journal \(path) is not usable: \(error.message)")
        }
    }

    package func image() throws(MetadataError) -> ClusterImage {
        if !isSealed { try expectOpen() }
        return newest
    }

    package func commit(_ transaction: MetadataTransaction) throws(MetadataError) -> TransactionOutcome {
        try expectOpen()
        try transaction.check(keysMax: transactionKeysMax)
        for condition in transaction.conditions where newest.revision(of: condition.key) != condition.revision {
            return .conflict(condition.key)
        }
        guard !transaction.changes.isEmpty else { return .committed(newest.revision) }
        let update = MetadataUpdate(revision: newest.revision + 1, changes: transaction.changes)
        do {
            try journal.append(JournalFormat.transactionFrame(update))
        } catch {
            throw fail(error)
        }
        newest.apply(update)
        feeds.publish(update)
        compactIfWorthwhile()
        return .committed(update.revision)
    }

    package func changes(after revision: Revision) throws(MetadataError) -> MetadataFeed {
        try expectOpen()
        return try feeds.open(after: revision, newest: newest.revision) { id in
            Task { await self.endFeed(id) }
        }
    }

    package func openSession(
        broker: BrokerID, startEpoch: StartEpoch
    ) throws(MetadataError) -> any MetadataSession {
        let record = SessionRecord(broker: broker, startEpoch: startEpoch)
        var transaction = MetadataTransaction()
        transaction.changes = [.put(.session(record))]
        _ = try commit(transaction)
        return EmbeddedSession(store: self, record: record)
    }

    fileprivate func closeSession(_ record: SessionRecord) {
        var transaction = MetadataTransaction()
        guard let current = newest.sessions[record.broker], current.record == record else { return }
        transaction.remove(.session(record.broker), ifRevision: current.revision)
        if let controller = newest.controller, controller.broker == record.broker {
            transaction.remove(.controller, ifRevision: controller.revision)
        }
        // A store that fails here has said so already, and its sessions end with the process.
        _ = try? commit(transaction)
    }

    package func health() -> StoreHealth {
        var troubles: [String] = []
        if case .failed(let error) = condition { troubles.append(error.message) }
        let isOpen = if case .open = condition { true } else { false }
        let file = StoreHealth.Member(
            name: path, isReachable: isOpen, isLeader: isOpen, sizeBytes: Int64(journal.end),
            usedBytes: Int64(journal.end))
        return StoreHealth(
            kind: "embedded", isAvailable: isOpen, revision: newest.revision, members: [file], troubles: troubles)
    }

    /// The journal holds no history that anybody could ask for: it compacts itself.
    package func compactHistory(before revision: Revision) throws(MetadataError) {
        try expectOpen()
    }

    // MARK: Moving to a cluster

    package var isSealed: Bool {
        if case .sealed = condition { true } else { false }
    }

    /// The content has moved to `destination`: nothing is changed here any more, in this process or another. Durable on
    /// return. Sealing again does nothing.
    package func seal(for destination: String) throws(MetadataError) {
        if isSealed { return }
        try expectOpen()
        do {
            try journal.append(JournalFormat.sealFrame(destination, revision: newest.revision))
        } catch {
            throw fail(error)
        }
        condition = .sealed(destination)
        feeds.finish()
    }

    package func close() {
        if case .closed = condition { return }
        condition = .closed
        feeds.finish()
    }

    private func endFeed(_ id: Int) {
        feeds.remove(id)
    }

    private func expectOpen() throws(MetadataError) {
        switch condition {
        case .open: return
        case .sealed(let destination): throw Self.moved(path, destination)
        case .failed(let error): throw error
        case .closed: throw MetadataError(.closed, "the metadata store is closed")
        }
    }

    /// A full disk is answered and may be tried again. After anything else it is unknown what is on disk: the store
    /// refuses until a restart has read it back.
    private func fail(_ failure: JournalFailure) -> MetadataError {
        if failure.isRetriable {
            return MetadataError(.unavailable, "metadata could not be written: \(failure.message)")
        }
        let error = MetadataError(
            .outcomeUnknown, "the metadata journal failed and needs a restart of the broker: \(failure.message)")
        condition = .failed(error)
        logger.critical("the metadata journal failed", metadata: ["reason": "\(failure.message)"])
        return error
    }

    /// Rewrites the journal as one snapshot once its transactions outweigh it: each byte is rewritten a bounded number
    /// of times.
    private func compactIfWorthwhile() {
        guard journal.end - snapshotBytes > max(compactionBytesMin, 2 * snapshotBytes) else { return }
        do {
            let bytes = JournalFormat.fileHead() + JournalFormat.snapshotFrame(newest)
            journal = try JournalFile.replace(path, in: directory, with: bytes, system: system)
            snapshotBytes = bytes.count
        } catch {
            // Whether the new file has the name is unknown after a failed rename or directory sync: only a full disk,
            // met before that, goes on.
            if error.isRetriable {
                logger.warning("the metadata journal was not compacted", metadata: ["reason": "\(error.message)"])
            } else {
                _ = fail(error)
            }
        }
    }
}

/// Lasts as long as the process.
private struct EmbeddedSession: MetadataSession {
    let store: EmbeddedStore
    let record: SessionRecord

    var deadline: ContinuousClock.Instant? { nil }
    var registeredAt: Revision { 0 }

    func close() async {
        await store.closeSession(record)
    }
}
