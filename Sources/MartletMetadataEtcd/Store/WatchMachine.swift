internal import MartletMetadata

/// Makes updates of the responses of a watch, across any number of watches of the same keys. Pure.
struct WatchMachine: Sendable {
    enum Step: Sendable, Equatable {
        case updates([MetadataUpdate])
        /// The member has not seen what this feed has: it lags, or the store was rolled back.
        case behind(Revision)
        /// The watch is over; another one from the same revision goes on.
        case canceled(String)
    }

    private let layout: KeyLayout
    /// What the reader has, once it has taken all updates so far.
    private(set) var revision: Revision

    init(layout: KeyLayout, revision: Revision) {
        self.layout = layout
        self.revision = revision
    }

    /// What to ask for.
    var request: WatchCreateRequest {
        WatchCreateRequest(key: layout.prefix, rangeEnd: layout.end, startRevision: revision + 1)
    }

    /// Throws when the feed cannot go on.
    mutating func receive(_ response: WatchResponse) throws(MetadataError) -> Step {
        if response.compactRevision > 0 {
            throw MetadataError(
                .revisionCompacted,
                "etcd keeps no changes before revision \(response.compactRevision), the feed is at \(revision)")
        }
        if response.canceled { return .canceled(response.cancelReason) }
        if response.created, let header = response.header, header.revision < revision {
            return .behind(header.revision)
        }
        return .updates(try updates(response.events))
    }

    /// One update for each revision. etcd sends the events of one revision together.
    private mutating func updates(_ events: [Event]) throws(MetadataError) -> [MetadataUpdate] {
        var updates: [MetadataUpdate] = []
        for event in events {
            guard let pair = event.kv, pair.modRevision > revision else { continue }
            let change = try change(event, pair)
            if updates.last?.revision == pair.modRevision {
                updates[updates.count - 1].changes.append(change)
            } else {
                updates.append(MetadataUpdate(revision: pair.modRevision, changes: [change]))
            }
        }
        revision = updates.last?.revision ?? revision
        return updates
    }

    private func change(_ event: Event, _ pair: KeyValue) throws(MetadataError) -> MetadataChange {
        switch event.type {
        case 0: .put(try StoredValue(pair, layout: layout).record)
        case 1: .remove(try layout.metadataKey(pair.key))
        default: throw MetadataError(.newerFormat, "etcd tells of an event of the unknown type \(event.type)")
        }
    }
}
