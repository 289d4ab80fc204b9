/// How a metadata store is doing, for people and for metrics.
package struct StoreHealth: Sendable, Equatable {
    /// One server of the store, or the file of an embedded one.
    package struct Member: Sendable, Equatable {
        /// A URL or a path.
        package var name: String
        package var isReachable: Bool
        /// The others follow it. False for a member that cannot be reached.
        package var isLeader: Bool
        /// Of the server's software; empty when it is not known.
        package var version: String
        /// What the member's file takes on its disk, in bytes; nil when it is not known.
        package var sizeBytes: Int64?
        /// What of it holds data, in bytes; the rest is free for reuse. Nil when it is not known.
        package var usedBytes: Int64?
        /// What is wrong with it and what to do; empty when nothing is.
        package var troubles: [String]

        package init(
            name: String, isReachable: Bool, isLeader: Bool, version: String = "", sizeBytes: Int64? = nil,
            usedBytes: Int64? = nil, troubles: [String] = []
        ) {
            self.name = name
            self.isReachable = isReachable
            self.isLeader = isLeader
            self.version = version
            self.sizeBytes = sizeBytes
            self.usedBytes = usedBytes
            self.troubles = troubles
        }
    }

    /// "embedded" or "etcd".
    package var kind: String
    /// Reads and transactions are answered.
    package var isAvailable: Bool
    /// The newest revision known; nil when none is.
    package var revision: Revision?
    package var members: [Member]
    /// What is wrong with the store as a whole and what to do; empty when nothing is.
    package var troubles: [String]

    package init(
        kind: String, isAvailable: Bool, revision: Revision?, members: [Member], troubles: [String] = []
    ) {
        self.kind = kind
        self.isAvailable = isAvailable
        self.revision = revision
        self.members = members
        self.troubles = troubles
    }
}
