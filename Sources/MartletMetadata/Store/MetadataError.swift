/// What a metadata store could not do.
package struct MetadataError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The store cannot be reached or has no room: nothing was changed, try again.
        case unavailable
        /// The store refuses this client, or cannot be what is meant: an address, a user, a right or a file is wrong.
        /// Nothing was changed; trying again helps once a person has mended it.
        case refused
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

    /// The same may succeed later, without anybody mending it.
    package var mayPass: Bool {
        switch code {
        case .unavailable, .outcomeUnknown: true
        case .refused, .revisionCompacted, .invalidTransaction, .corrupt, .newerFormat, .closed: false
        }
    }

    package var description: String { message }
}
