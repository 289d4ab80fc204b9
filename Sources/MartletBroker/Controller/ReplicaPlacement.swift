internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// Chooses brokers for replicas: in different racks first, then where the fewest are. Counts what it chose, so that the
/// next choice is evened out with it.
struct ReplicaPlacement {
    private let brokers: [BrokerRecord]
    private var replicas: [BrokerID: Int]
    private var leaders: [BrokerID: Int]

    /// - Parameters:
    ///   - brokers: what may be chosen.
    ///   - replicas: how many each has, and `leaders`: how many of them are preferred leaders.
    init(brokers: [BrokerRecord], replicas: [BrokerID: Int] = [:], leaders: [BrokerID: Int] = [:]) {
        self.brokers = brokers.sorted { $0.id < $1.id }
        self.replicas = replicas
        self.leaders = leaders
    }

    /// Over the brokers of an image that are there to stay. O(partitions).
    init(over image: ClusterImage, needingSession: Bool) {
        var replicas: [BrokerID: Int] = [:]
        var leaders: [BrokerID: Int] = [:]
        for partition in image.partitions.values {
            for broker in partition.record.replicas { replicas[broker, default: 0] += 1 }
            if let first = partition.record.replicas.first { leaders[first, default: 0] += 1 }
        }
        let fit = Self.fitBrokers(image, needingSession: needingSession)
        self.init(brokers: fit, replicas: replicas, leaders: leaders)
    }

    /// Brokers that new replicas may go to: unfenced, neither stopping nor draining; with a session, where brokers
    /// come and go by sessions.
    static func fitBrokers(_ image: ClusterImage, needingSession: Bool) -> [BrokerRecord] {
        image.brokers.keys.sorted().compactMap { id in
            guard let standing = BrokerStanding(id, in: image), let record = image.brokers[id]?.record,
                standing.reluctance == .none, !standing.isOut, standing.isElectable || !needingSession
            else { return nil }
            return record
        }
    }

    var count: Int { brokers.count }

    /// Replicas for a new partition, the leader first. `factor` is at most ``count``.
    mutating func place(factor: Int) -> [BrokerID] {
        guard let leader = brokers.min(by: { (leaders[$0.id] ?? 0, $0.id) < (leaders[$1.id] ?? 0, $1.id) }) else {
            return []
        }
        leaders[leader.id, default: 0] += 1
        replicas[leader.id, default: 0] += 1
        var chosen = [leader.id]
        while chosen.count < factor, let next = addition(to: chosen) { chosen.append(next) }
        return chosen
    }

    /// One more broker for a partition that has these; nil: there is none that does not have it.
    mutating func addition(to present: [BrokerID]) -> BrokerID? {
        let racks = brokers.filter { present.contains($0.id) && !$0.rack.isEmpty }.map(\.rack)
        func cost(_ broker: BrokerRecord) -> (Int, Int, BrokerID) {
            (racks.filter { $0 == broker.rack }.count, replicas[broker.id] ?? 0, broker.id)
        }
        let free = brokers.filter { !present.contains($0.id) }
        guard let choice = free.min(by: { cost($0) < cost($1) }) else { return nil }
        replicas[choice.id, default: 0] += 1
        return choice.id
    }
}
