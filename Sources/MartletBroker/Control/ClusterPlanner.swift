internal import HashTreeCollections
internal import MartletCore
internal import MartletMetadata

/// Works out what an operator's orders write to the metadata store: a pure function of an image and the order.
/// Whichever broker gets an order writes it; the controller sees to the rest.
struct ClusterPlanner {
    let image: ClusterImage
    let settings: BrokerSettings

    /// Limits and rates of the cluster, beside topic settings in the same record.
    static let throttleName = "replication.throttle.bytes.per.second"
    private static let throttleMax: Int64 = 1 << 40

    /// What the cluster says of it, which goes before what a broker was started with: 0 is no limit, nil nothing.
    static func throttle(_ image: ClusterImage) -> Int64? {
        image.defaults?.settings[throttleName].flatMap { Int64($0) }
    }

    // MARK: Brokers

    /// Refused while anything is left of the broker.
    func remove(_ id: BrokerID) throws(BrokerError) -> MetadataTransaction {
        let broker = try broker(id)
        guard image.sessions[id] == nil else {
            throw BrokerError(.invalidRequest, "broker \(id) is running; stop it before it is removed")
        }
        let held = image.partitions.values.filter {
            $0.replicas.contains(id) || $0.targetReplicas.contains(id) || $0.inSyncReplicas.contains(id)
        }.count
        guard held == 0 else {
            throw BrokerError(
                .invalidRequest,
                "broker \(id) still has, or is being given, replicas of \(held) "
                    + (held == 1 ? "partition" : "partitions")
                    + ": drain it (`martlet cluster drain`), or call off what moves to it (`martlet cluster reassign cancel`)"
            )
        }
        var transaction = MetadataTransaction()
        transaction.remove(.broker(id), ifRevision: broker.revision)
        transaction.expect(.session(id), at: 0)
        // Nobody is left who would say that the files are gone.
        for deletion in image.deletions.values.sorted(by: { $0.record.id < $1.record.id })
        where deletion.pending.contains(id) {
            var record = deletion.record
            record.pending.removeAll { $0 == id }
            if record.pending.isEmpty {
                transaction.remove(.deletion(record.id), ifRevision: deletion.revision)
            } else {
                transaction.put(.deletion(record), ifRevision: deletion.revision)
            }
        }
        return transaction
    }

    func drain(_ id: BrokerID, _ isDraining: Bool) throws(BrokerError) -> MetadataTransaction {
        let broker = try broker(id)
        var record = broker.record
        record.isDraining = isDraining
        var transaction = MetadataTransaction()
        if record != broker.record { transaction.put(.broker(record), ifRevision: broker.revision) }
        return transaction
    }

    private func broker(_ id: BrokerID) throws(BrokerError) -> Versioned<BrokerRecord> {
        guard let broker = image.brokers[id] else {
            let known = image.brokers.keys.sorted().map(String.init).joined(separator: ", ")
            throw BrokerError(.brokerIDNotRegistered, "there is no broker \(id); there are \(known)")
        }
        return broker
    }

    // MARK: Replicas

    func reassign(_ move: ReassignmentMove) throws(BrokerError) -> (PartitionRecord, Revision)? {
        let (topic, partition) = try partition(move.topic, move.partition)
        let name = "\(move.topic)-\(move.partition)"
        guard !move.target.isEmpty, Set(move.target).count == move.target.count else {
            throw BrokerError(.invalidReplicaAssignment, "\(name) needs replicas on different brokers: \(move.target)")
        }
        for id in move.target {
            let standing = try BrokerStanding(broker(id).record.id, in: image)
            guard partition.replicas.contains(id) || standing?.isElectable == true else {
                throw BrokerError(
                    .invalidReplicaAssignment, "\(name) cannot move to broker \(id): it is not alive")
            }
        }
        let rules = ElectionRules(
            topic.settings, defaults: TopicPlanner.defaults(image, settings), replicas: move.target.count)
        guard rules.minInSyncReplicas <= move.target.count else {
            throw BrokerError(
                .invalidReplicaAssignment,
                "\(name) cannot have \(move.target.count) replicas: min.insync.replicas is \(rules.minInSyncReplicas)")
        }
        if partition.record.finalReplicas == move.target { return nil }
        return (partition.record.moving(to: move.target), partition.revision)
    }

    /// The record as it was before the move; nil: nothing moves.
    func cancel(_ topic: String, _ index: PartitionIndex) throws(BrokerError) -> (PartitionRecord, Revision)? {
        let partition = try partition(topic, index).1
        var record = partition.record
        guard !record.targetReplicas.isEmpty else { return nil }
        record.replicas = record.formerReplicas
        record.targetReplicas = []
        record.formerReplicas = []
        record.inSyncReplicas.removeAll { !record.replicas.contains($0) }
        guard !record.inSyncReplicas.isEmpty else {
            throw BrokerError(
                .invalidRequest,
                "the move of \(topic)-\(index) cannot be called off: none of its former replicas "
                    + "\(record.replicas) is in sync any more")
        }
        record.fenceRemoved(since: partition.record)
        return (record, partition.revision)
    }

    func partition(
        _ name: String, _ index: PartitionIndex
    ) throws(BrokerError) -> (TopicRecord, Versioned<PartitionRecord>) {
        guard let topic = image.topics[name]?.record else {
            throw BrokerError(.unknownTopicOrPartition, "there is no topic \(name)")
        }
        guard index >= 0, index < topic.partitionCount,
            let partition = image.partitions[TopicIDPartition(topicID: topic.id, partition: index)]
        else {
            throw BrokerError(
                .unknownTopicOrPartition, "topic \(name) has \(topic.partitionCount) partitions and no \(index)")
        }
        return (topic, partition)
    }

    // MARK: Leaders

    /// Throws ELECTION_NOT_NEEDED where the leader is the one that is wanted.
    func elect(
        _ kind: ElectionKind, _ partition: TopicPartition, choice: BrokerID?
    ) throws(BrokerError) -> (PartitionRecord, Revision) {
        let (topic, versioned) = try self.partition(partition.topic, partition.partition)
        let record = versioned.record
        let rules = ElectionRules(
            topic.settings, defaults: TopicPlanner.defaults(image, settings), replicas: record.finalReplicas.count)
        let plan = PartitionPlan(standings: image.standings, rules: rules)
        switch kind {
        case .preferred:
            if let new = plan.preferred(record) { return (new, versioned.revision) }
            let first = record.replicas.first ?? -1
            guard record.leader?.broker != first else {
                throw BrokerError(.electionNotNeeded, "\(partition) is led by its preferred replica, broker \(first)")
            }
            throw BrokerError(
                .preferredLeaderNotAvailable,
                "\(partition): the preferred replica, broker \(first), is not in sync or not fit to lead")
        case .unclean:
            return (try electUncleanly(record, plan, partition, choice), versioned.revision)
        }
    }

    private func electUncleanly(
        _ record: PartitionRecord, _ plan: PartitionPlan, _ partition: TopicPartition, _ choice: BrokerID?
    ) throws(BrokerError) -> PartitionRecord {
        if let member = record.inSyncReplicas.first(where: { plan.standings[$0]?.isElectable == true }) {
            throw BrokerError(
                .electionNotNeeded, "\(partition): broker \(member) is in sync and alive; nothing has to be lost")
        }
        let live = record.replicas.filter { plan.standings[$0]?.isElectable == true }
        guard let broker = choice ?? live.first, live.contains(broker), let run = plan.standings[broker]?.run else {
            throw BrokerError(
                .eligibleLeadersNotAvailable,
                "\(partition): of its replicas \(record.replicas) these are alive: \(live)"
                    + (choice.map { "; broker \($0) is not" } ?? ""))
        }
        var new = record
        plan.leadUncleanly(run, &new)
        return new
    }

    // MARK: Defaults

    func alterDefaults(set: [String: String], reset: [String]) throws(BrokerError) -> MetadataTransaction {
        var values = image.defaults?.settings ?? [:]
        for name in reset {
            try checkName(name)
            values[name] = nil
        }
        for (name, value) in set {
            try checkName(name)
            if name == Self.throttleName { try checkThrottle(value) }
            values[name] = value
        }
        let defaults = settings.topicDefaults.merging(values.filter { $0.key != Self.throttleName }) { _, new in new }
        let parsed = try TopicSettings([:], defaults: defaults, producerExpiration: settings.producerExpiration)
        if defaults[TopicSettings.minInSyncReplicasName] != nil {
            try checkTopics(minInSyncReplicas: parsed.minInSyncReplicas)
        }
        return transaction(defaults: values)
    }

    private func checkName(_ name: String) throws(BrokerError) {
        guard name != Self.throttleName, SettingDefinition.named(name) == nil else { return }
        let error = TopicSettings.unknown(name)
        throw BrokerError(error.code, "\(error.message); and of the whole cluster, \(Self.throttleName)")
    }

    private func checkThrottle(_ value: String) throws(BrokerError) {
        guard let rate = Int64(value), (0...Self.throttleMax).contains(rate) else {
            throw BrokerError(
                .invalidConfig,
                "\(Self.throttleName) cannot be '\(value)': it takes a number of bytes, 1 to \(Self.throttleMax); 0: no "
                    + "limit")
        }
    }

    /// A default that some topic could not be written under is refused.
    private func checkTopics(minInSyncReplicas: Int) throws(BrokerError) {
        for topic in image.topics.values.map(\.record).sorted(by: { $0.name < $1.name })
        where topic.settings[TopicSettings.minInSyncReplicasName] == nil {
            let first = image.partitions[TopicIDPartition(topicID: topic.id, partition: 0)]?.record
            guard let replicas = first?.finalReplicas.count, replicas < minInSyncReplicas else { continue }
            throw BrokerError(
                .invalidConfig,
                "min.insync.replicas cannot be \(minInSyncReplicas) by default: topic \(topic.name) has \(replicas) "
                    + "replicas and no value of its own, so no write with acks=all would ever be taken")
        }
    }

    /// Nil: no limit.
    func throttle(_ bytesPerSecond: Int64?) throws(BrokerError) -> MetadataTransaction {
        if let bytesPerSecond, bytesPerSecond < 1 {
            throw BrokerError(.invalidConfig, "a throttle of \(bytesPerSecond) bytes a second would stop replication")
        }
        var values = image.defaults?.settings ?? [:]
        values[Self.throttleName] = bytesPerSecond.map(String.init)
        return transaction(defaults: values)
    }

    private func transaction(defaults values: [String: String]) -> MetadataTransaction {
        var transaction = MetadataTransaction()
        if values != image.defaults?.settings ?? [:] {
            transaction.put(.defaults(DefaultSettings(settings: values)), ifRevision: image.revision(of: .defaults))
        }
        return transaction
    }
}
