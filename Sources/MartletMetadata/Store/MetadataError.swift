/// What a metadata store could not do.
package struct MetadataError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The store cannot be reached or has no room: nothing was changed, try again.
        case unavailable
        /// Whether the transaction was committed is not known: read the image before doing anything that depends on it.
        case outcomeUnknown
        /// The feed cannot start at, or go on from, the revision asked for: read the image anew.
        case revisionCompacted
        /// The transaction can never be committed: too many keys, or a key twice.
        case invalidTransaction
        /// What the store holds contradicts itself. Nothing is repaired silently.
        case corrupt
        /// The store was written by a newer version.
        case newerFormat
        case closed
    }

    package var code: Code
    /// For a person: which file or server, what was met, what to do.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
