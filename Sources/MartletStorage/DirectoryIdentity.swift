package import MartletCore

/// Whose data a directory holds (RULES 3), in its file `meta`.
package struct DirectoryIdentity: Sendable, Equatable {
    /// The layout of the whole directory. A directory of a newer one is refused.
    static let formatVersion: UInt32 = 3

    /// Sixteen random bytes, made with the directory: a copy restored from elsewhere is told apart by it.
    package let directoryID: TopicID
    /// Nil until the broker has joined a cluster.
    package var clusterID: String?
    package var brokerID: BrokerID?
    /// The last revision of the metadata store that the broker has seen.
    package var storeRevision: Int64
    /// How many runs of the broker this directory knows to have registered, or to have been about to. A copy of it does
    /// not know of those that came later.
    package var runs: Int64
    /// Where its logs are; nil until a run has written that down.
    var place: DirectoryPlace?

    init(
        directoryID: TopicID, clusterID: String? = nil, brokerID: BrokerID? = nil, storeRevision: Int64 = 0,
        runs: Int64 = 0, place: DirectoryPlace? = nil
    ) {
        self.directoryID = directoryID
        self.clusterID = clusterID
        self.brokerID = brokerID
        self.storeRevision = storeRevision
        self.runs = runs
        self.place = place
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(directoryID.high)
        writer.integer(directoryID.low)
        writer.string(clusterID ?? "")
        writer.integer(brokerID ?? -1)
        writer.integer(storeRevision)
        writer.integer(runs)
        writer.integer(place?.inode ?? 0)
        writer.integer(place?.birth ?? 0)
        return writer.bytes
    }

    /// Nil for bytes that no version wrote.
    init?(encoded bytes: [UInt8], version: UInt32) {
        var reader = ByteReader(bytes)
        guard let high = reader.integer(UInt64.self), let low = reader.integer(UInt64.self),
            let cluster = reader.string(), let broker = reader.integer(BrokerID.self),
            let revision = reader.integer(Int64.self), let runs = version < 2 ? 0 : reader.integer(Int64.self),
            let inode = version < 3 ? 0 : reader.integer(UInt64.self),
            let birth = version < 3 ? 0 : reader.integer(Int64.self),
            reader.remaining == 0
        else { return nil }
        directoryID = TopicID(high: high, low: low)
        clusterID = cluster.isEmpty ? nil : cluster
        brokerID = broker < 0 ? nil : broker
        storeRevision = revision
        self.runs = runs
        place = inode == 0 ? nil : DirectoryPlace(inode: inode, birth: birth)
    }
}
