internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// Plans where replicas should be: evenly over brokers, in different racks, with as few moves as that takes. Pure.
struct ReassignmentPlanner {
    private let image: ClusterImage
    private let racks: [BrokerID: String]
    private let brokers: [BrokerID]
    /// Replicas by broker, of the topics that are planned and of the others.
    private var load: [BrokerID: Int] = [:]
    private var leaders: [BrokerID: Int] = [:]
    private var plan: [(topic: String, record: PartitionRecord, target: [BrokerID])] = []

    init(_ image: ClusterImage, _ request: ReassignmentRequest, needingSession: Bool) throws(BrokerError) {
        self.image = image
        let fit = ReplicaPlacement.fitBrokers(image, needingSession: needingSession).map(\.id)
        let wanted = request.brokers.isEmpty ? fit : request.brokers
        for broker in wanted where !fit.contains(broker) {
            throw BrokerError(
                .invalidReplicaAssignment, "broker \(broker) cannot take replicas: it is not alive, stops or drains")
        }
        brokers = wanted.sorted()
        racks = Dictionary(uniqueKeysWithValues: image.brokers.values.map { ($0.record.id, $0.rack) })
        try choose(request)
    }

    /// Moves that change something, by topic and partition. O(partitions x moves).
    mutating func moves() -> [ReassignmentMove] {
        for index in plan.indices { complete(index) }
        while let (index, from, to) = nextMove() { replace(from, by: to, in: index) }
        for index in plan.indices { evenOutLeader(index) }
        return plan.filter { $0.target != $0.record.finalReplicas }.map {
            ReassignmentMove(
                topic: $0.topic, partition: $0.record.id.partition, replicas: $0.record.replicas, target: $0.target)
        }
    }

    private mutating func choose(_ request: ReassignmentRequest) throws(BrokerError) {
        for name in request.topics where image.topics[name] == nil {
            throw BrokerError(.unknownTopicOrPartition, "there is no topic \(name)")
        }
        let chosen = Set(request.topics)
        for topic in image.topics.values.map(\.record).sorted(by: { $0.name < $1.name }) {
            let isPlanned = chosen.isEmpty || chosen.contains(topic.name)
            for index in 0..<topic.partitionCount {
                let id = TopicIDPartition(topicID: topic.id, partition: index)
                guard let record = image.partitions[id]?.record else { continue }
                guard isPlanned else {
                    count(record.finalReplicas, 1)
                    continue
                }
                let factor = request.replicationFactor.map(Int.init) ?? record.finalReplicas.count
                guard (1...brokers.count).contains(factor) else {
                    throw BrokerError(
                        .invalidReplicationFactor,
                        "\(topic.name)-\(index) cannot have \(factor) replicas on \(brokers.count) brokers")
                }
                // What is there and may stay, as many as are wanted.
                let kept = Array(record.finalReplicas.filter(brokers.contains).prefix(factor))
                plan.append((topic.name, record, kept + Array(repeating: -1, count: factor - kept.count)))
                count(kept, 1)
            }
        }
    }

    private mutating func count(_ replicas: [BrokerID], _ change: Int) {
        for broker in replicas { load[broker, default: 0] += change }
        if let first = replicas.first { leaders[first, default: 0] += change }
    }

    // MARK: Replicas

    /// Fills the places of a partition that nobody has kept.
    private mutating func complete(_ index: Int) {
        for place in plan[index].target.indices where plan[index].target[place] == -1 {
            let present = plan[index].target.filter { $0 != -1 }
            guard
                let best = brokers.filter({ !present.contains($0) }).min(by: {
                    (crowding($0, present), load[$0] ?? 0, $0) < (crowding($1, present), load[$1] ?? 0, $1)
                })
            else { continue }
            plan[index].target[place] = best
            load[best, default: 0] += 1
            if place == 0 { leaders[best, default: 0] += 1 }
        }
    }

    /// How many of these brokers are in the same rack.
    private func crowding(_ broker: BrokerID, _ others: [BrokerID]) -> Int {
        guard let rack = racks[broker], !rack.isEmpty else { return 0 }
        return others.filter { $0 != broker && racks[$0] == rack }.count
    }

    /// From a broker with more to one with at least two fewer, racks getting no worse; nil: all is even.
    private func nextMove() -> (index: Int, from: BrokerID, to: BrokerID)? {
        let byLoad = brokers.sorted { (load[$0] ?? 0, $0) < (load[$1] ?? 0, $1) }
        for from in byLoad.reversed() {
            for to in byLoad where (load[from] ?? 0) - (load[to] ?? 0) >= 2 {
                let found = plan.indices.first { index in
                    let target = plan[index].target
                    guard target.contains(from), !target.contains(to) else { return false }
                    let rest = target.filter { $0 != from }
                    return crowding(to, rest) <= crowding(from, rest)
                }
                if let found { return (found, from, to) }
            }
        }
        return nil
    }

    private mutating func replace(_ from: BrokerID, by to: BrokerID, in index: Int) {
        guard let place = plan[index].target.firstIndex(of: from) else { return }
        plan[index].target[place] = to
        load[from, default: 0] -= 1
        load[to, default: 0] += 1
        guard place == 0 else { return }
        leaders[from, default: 0] -= 1
        leaders[to, default: 0] += 1
    }

    // MARK: Leaders

    /// Prefers a replica that is preferred by fewer partitions: nothing is copied for that.
    private mutating func evenOutLeader(_ index: Int) {
        guard let first = plan[index].target.first,
            let place = plan[index].target.indices.min(by: { rank(index, $0) < rank(index, $1) }), place != 0
        else { return }
        let other = plan[index].target[place]
        guard (leaders[first] ?? 0) - (leaders[other] ?? 0) >= 2 else { return }
        plan[index].target.swapAt(0, place)
        leaders[first, default: 0] -= 1
        leaders[other, default: 0] += 1
    }

    private func rank(_ index: Int, _ place: Int) -> (Int, Int) { (leaders[plan[index].target[place]] ?? 0, place) }
}
