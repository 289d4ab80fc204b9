package import MartletCore

/// Holds the only mutable facts of a cluster. Narrow on purpose: what decides is written against images and
/// transactions, and does not know whether a file or an etcd stands behind.
///
/// Any task may call it. Implementations pass `MetadataStoreConformance` in the tests.
package protocol MetadataStore: Sendable {
    /// The most keys that one transaction may change. It may compare ``MetadataTransaction/extraConditionsMax`` more.
    var transactionKeysMax: Int { get }

    /// The newest image. Linearizable: it holds every transaction that was committed before the call.
    func image() async throws(MetadataError) -> ClusterImage

    /// Commits `transaction` whole, or not at all when one of its conditions does not hold. What is committed is
    /// durable on return.
    ///
    /// A ``ControllerRecord`` goes with the session that is open when it is written, as the session's own record does.
    ///
    /// After `.outcomeUnknown` it may be committed now or later; the caller reads the image and compares revisions. A
    /// key found as it was says nothing: only once another transaction has changed a key that this one compares can it
    /// no longer be committed.
    func commit(_ transaction: MetadataTransaction) async throws(MetadataError) -> TransactionOutcome

    /// Every transaction after `revision`, each once, in order, as they are committed. A feed outlives failures of the
    /// store. One that cannot go on ends with an error, `.revisionCompacted` mostly: its reader falls back on
    /// ``image()``. When the store is closed the feed ends without one. A reader that ends its loop ends the feed.
    func changes(after revision: Revision) async throws(MetadataError) -> MetadataFeed

    /// Says that `broker` runs, at `startEpoch`: puts its session record, which goes when the session ends. A former
    /// session of the same broker ends.
    func openSession(broker: BrokerID, startEpoch: StartEpoch) async throws(MetadataError) -> any MetadataSession

    /// How the store is doing. Answers whatever state it is in.
    func health() async -> StoreHealth

    /// Lets the store forget what was overwritten before `revision`; feeds after an older one may end with
    /// `.revisionCompacted`. A store that keeps no history has nothing to do.
    func compactHistory(before revision: Revision) async throws(MetadataError)

    /// Ends all feeds and sessions.
    func close() async
}

/// Updates in the order of their revisions. Throws ``MetadataError`` only.
package typealias MetadataFeed = AsyncThrowingStream<MetadataUpdate, any Error>

/// The life sign of one run of a broker.
package protocol MetadataSession: Sendable {
    /// Until when the session certainly lasts, counted from the sending of the last proof of life. Nil: as long as the
    /// process.
    var deadline: ContinuousClock.Instant? { get }

    /// The revision that put the session's record where it is: an image from before it may be from before the session
    /// was lost, and tell nothing of what became of the broker's partitions in between. 0 when it cannot be lost.
    var registeredAt: Revision { get }

    /// Ends the session; its record goes at once.
    func close() async
}

/// Changes, and what must be true for them to be made.
package struct MetadataTransaction: Sendable, Equatable {
    package struct Condition: Sendable, Hashable {
        package var key: MetadataKey
        /// The revision at which the key must have been written last; 0: it must not be there.
        package var revision: Revision

        package init(key: MetadataKey, revision: Revision) {
            self.key = key
            self.revision = revision
        }
    }

    /// Room for what fences and guards a transaction beside the keys that it changes.
    package static let extraConditionsMax = 28

    package var conditions: [Condition] = []
    /// At most one change a key.
    package var changes: [MetadataChange] = []

    package init() {}

    /// Wants `key` to have been written last at `revision`, without changing it.
    package mutating func expect(_ key: MetadataKey, at revision: Revision) {
        conditions.append(Condition(key: key, revision: revision))
    }

    /// Writes `record`, provided that its key was last written at `revision` (0: is not there).
    package mutating func put(_ record: MetadataRecord, ifRevision revision: Revision) {
        conditions.append(Condition(key: record.key, revision: revision))
        changes.append(.put(record))
    }

    /// Removes `key`, provided that it was last written at `revision`.
    package mutating func remove(_ key: MetadataKey, ifRevision revision: Revision) {
        conditions.append(Condition(key: key, revision: revision))
        changes.append(.remove(key))
    }
}

package enum TransactionOutcome: Sendable, Equatable {
    /// Durable, as this revision.
    case committed(Revision)
    /// Nothing was changed: this key was not as the transaction wanted it.
    case conflict(MetadataKey)
}

extension MetadataTransaction {
    /// Refuses what no store could commit.
    package func check(keysMax: Int) throws(MetadataError) {
        let conditionsMax = keysMax + Self.extraConditionsMax
        guard changes.count <= keysMax, conditions.count <= conditionsMax else {
            throw MetadataError(
                .invalidTransaction,
                "a transaction of \(changes.count) changes and \(conditions.count) conditions; at most \(keysMax) and "
                    + "\(conditionsMax)")
        }
        var seen: Set<MetadataKey> = []
        for change in changes where !seen.insert(change.key).inserted {
            throw MetadataError(.invalidTransaction, "a transaction changes the \(change.key) twice")
        }
    }
}
