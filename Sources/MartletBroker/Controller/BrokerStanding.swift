internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// What the metadata says a broker is good for.
struct BrokerStanding: Sendable, Equatable {
    /// How much a broker would rather not lead.
    enum Reluctance: Int, Sendable, Comparable {
        case none
        case draining
        case stopping

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Its latest run.
    var run: PartitionLeader
    /// It may be given leadership: it is not fenced, and this run has a session.
    var isElectable: Bool
    /// It is in no in-sync set that can do without it: it is fenced, or is being fenced as dead.
    var isOut: Bool
    /// This run has a session and will lift its fence by itself.
    var isComing: Bool
    var reluctance: Reluctance

    /// The standing of a broker that is registered. `isDying`: somebody is about to fence it.
    init?(_ id: BrokerID, in image: ClusterImage, isDying: Bool = false) {
        guard let record = image.brokers[id]?.record else { return nil }
        let hasSession = image.sessions[id]?.startEpoch == record.startEpoch
        run = PartitionLeader(broker: id, startEpoch: record.startEpoch)
        isOut = record.isFenced || isDying
        isElectable = hasSession && !isOut
        isComing = hasSession && record.isFenced && !isDying
        reluctance = record.isStopping ? .stopping : record.isDraining ? .draining : .none
    }
}

extension ClusterImage {
    /// The standings of all brokers, from the metadata alone.
    var standings: [BrokerID: BrokerStanding] {
        var standings: [BrokerID: BrokerStanding] = [:]
        for id in brokers.keys { standings[id] = BrokerStanding(id, in: self) }
        return standings
    }
}
