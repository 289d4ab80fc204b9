/// The open feeds of an embedded store, and the recent updates that let a feed start at an older revision.
struct ChangeFeeds {
    /// A feed whose reader is this many updates behind ends; the reader starts again from an image.
    private let feedDepthMax: Int
    private let recentMax: Int
    /// Consecutive revisions, oldest first.
    private var recent: [MetadataUpdate] = []
    private var feeds: [Int: MetadataFeed.Continuation] = [:]
    private var nextID = 0

    init(recentMax: Int = 1_024, feedDepthMax: Int = 65_536) {
        self.recentMax = recentMax
        self.feedDepthMax = feedDepthMax
    }

    /// A feed of what follows `revision`, `newest` being the store's. `onEnd` gets the feed's id when its reader is
    /// gone.
    mutating func open(
        after revision: Revision, newest: Revision, onEnd: @escaping @Sendable (Int) -> Void
    ) throws(MetadataError) -> MetadataFeed {
        let missed = Int(newest - revision)
        guard missed >= 0 else {
            throw MetadataError(.revisionCompacted, "revision \(revision) is ahead of the store, which is at \(newest)")
        }
        guard missed <= recent.count else {
            throw MetadataError(.revisionCompacted, "what follows revision \(revision) is no longer kept")
        }
        let (feed, continuation) = MetadataFeed.makeStream(bufferingPolicy: .bufferingOldest(feedDepthMax))
        let id = nextID
        nextID += 1
        feeds[id] = continuation
        continuation.onTermination = { _ in onEnd(id) }
        for update in recent.suffix(missed) { continuation.yield(update) }
        return feed
    }

    mutating func publish(_ update: MetadataUpdate) {
        recent.append(update)
        // Trimmed by halves: dropping one at a time would move the whole array at each transaction.
        if recent.count > 2 * recentMax { recent.removeFirst(recent.count - recentMax) }
        for (id, feed) in feeds {
            guard case .dropped = feed.yield(update) else { continue }
            feed.finish(throwing: MetadataError(.revisionCompacted, "the feed's reader is too far behind"))
            feeds[id] = nil
        }
    }

    mutating func remove(_ id: Int) {
        feeds[id] = nil
    }

    mutating func finish() {
        for feed in feeds.values { feed.finish() }
        feeds = [:]
    }
}
