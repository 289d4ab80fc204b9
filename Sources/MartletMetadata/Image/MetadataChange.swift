/// One record written or removed.
package enum MetadataChange: Sendable, Equatable {
    case put(MetadataRecord)
    case remove(MetadataKey)

    package var key: MetadataKey {
        switch self {
        case .put(let record): record.key
        case .remove(let key): key
        }
    }
}

/// What one transaction changed (or several, where a feed had to catch up): applied whole or not at all.
package struct MetadataUpdate: Sendable, Equatable {
    /// The image's revision once this is applied.
    package var revision: Revision
    package var changes: [MetadataChange]

    package init(revision: Revision, changes: [MetadataChange]) {
        self.revision = revision
        self.changes = changes
    }
}
