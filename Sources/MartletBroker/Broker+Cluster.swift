internal import HashTreeCollections
package import MartletCore
package import MartletMetadata

// Operations on a cluster. What changes something is durable on return; the controller then carries it out. All of it
// works on a broker that is in no cluster too, as far as one broker can go.
extension Broker {
    /// The cluster as this broker last heard of it. O(partitions).
    package func describeCluster() -> ClusterOverview {
        ClusterReport(image: control.image, settings: settings).overview
    }

    /// The broker that is the controller; nil while there is none. A broker in no cluster is its own.
    package var controllerID: BrokerID? {
        settings.isClustered ? control.image.controller?.broker : settings.brokerID
    }

    // MARK: Brokers

    /// Forgets a broker. INVALID_REQUEST while it runs or has replicas.
    package func removeBroker(_ id: BrokerID) async throws(BrokerError) {
        guard isServing else { throw notServing }
        try await control.order { (planner) throws(BrokerError) in try planner.remove(id) }
    }

    /// Takes leaderships off a broker and then, a few at a time, its replicas; or lets it have them again. How far it
    /// has come is seen in ``describeCluster()``.
    package func drain(_ id: BrokerID, _ isDraining: Bool) async throws(BrokerError) {
        guard isServing else { throw notServing }
        try await control.order { (planner) throws(BrokerError) in try planner.drain(id, isDraining) }
    }

    // MARK: Replicas

    /// Moves that even out replicas over brokers and racks. Changes nothing.
    package func planReassignment(_ request: ReassignmentRequest) throws(BrokerError) -> [ReassignmentMove] {
        var planner = try ReassignmentPlanner(control.image, request, needingSession: settings.isClustered)
        return planner.moves()
    }

    /// Starts moves, each for itself: the new replicas are added, and once they are in sync the others go.
    package func reassign(_ moves: [ReassignmentMove]) async -> [Result<Void, BrokerError>] {
        guard isServing else { return moves.map { _ in .failure(notServing) } }
        let results = await control.orderEach(moves) { (planner, move) throws(BrokerError) in
            try planner.reassign(move)
        }
        return results.map { $0.map { _ in } }
    }

    /// Calls moves off: the former replicas stay. Empty: all moves. Those that were on their way.
    package func cancelReassignment(
        _ partitions: [TopicPartition] = []
    ) async throws(BrokerError) -> [ReassignmentMove] {
        guard isServing else { throw notServing }
        let all = reassignments()
        let chosen =
            partitions.isEmpty
            ? all.map { TopicPartition(topic: $0.topic, partition: $0.partition) } : partitions
        let results = await control.orderEach(chosen) { (planner, partition) throws(BrokerError) in
            try planner.cancel(partition.topic, partition.partition)
        }
        var cancelled: [ReassignmentMove] = []
        for (partition, result) in zip(chosen, results) {
            guard let record = try result.get() else { continue }
            let before = all.first { $0.topic == partition.topic && $0.partition == partition.partition }
            cancelled.append(
                ReassignmentMove(
                    topic: partition.topic, partition: partition.partition, replicas: record.replicas,
                    target: before?.target ?? []))
        }
        return cancelled
    }

    /// The moves on their way, by topic and partition. O(partitions).
    package func reassignments() -> [ReassignmentStatus] {
        ClusterReport(image: control.image, settings: settings).reassignments
    }

    /// Bytes a second that replicas which are not in sync copy at most, on each broker; nil: no limit.
    package func throttleReplication(_ bytesPerSecond: Int64?) async throws(BrokerError) {
        guard isServing else { throw notServing }
        try await control.order { (planner) throws(BrokerError) in try planner.throttle(bytesPerSecond) }
    }

    /// What holds for the whole cluster; 0: no limit, whatever brokers were started with; nil: as they were started.
    package var replicationThrottle: Int64? { ClusterPlanner.throttle(control.image) }

    // MARK: Leaders

    /// Elects leaders by order, each partition for itself.
    ///
    /// - Parameters:
    ///   - partitions: empty with `.preferred`: all that their preferred replica could lead.
    ///   - choice: with `.unclean`, who is to lead; without, the first replica that is alive.
    package func electLeaders(
        _ kind: ElectionKind, _ partitions: [TopicPartition], choice: [TopicPartition: BrokerID] = [:]
    ) async throws(BrokerError) -> [(TopicPartition, Result<PartitionLeader, BrokerError>)] {
        guard isServing else { throw notServing }
        guard !partitions.isEmpty || kind == .preferred else {
            throw BrokerError(.invalidRequest, "an unclean election needs its partitions named: records may be lost")
        }
        let chosen = partitions.isEmpty ? control.misplacedPartitions : partitions
        return await control.electLeaders(kind, chosen, choice: choice)
    }

    /// What this broker has counted while it was the controller. Cheap.
    package var controllerTally: ControllerTally { control.controller?.tally ?? ControllerTally() }

    /// A peer found the connection to a run of a broker reset or refused (RULES 21). Never waits.
    package func reportDeath(_ run: PartitionLeader) {
        control.controller?.send(.deathReported(run))
    }

    /// A leader that reaches too few replicas wants others to lead (RULES 20). NOT_CONTROLLER on every other broker.
    package func requestMove(_ request: MoveRequest) -> Result<Void, BrokerError> {
        guard let controller = control.controller, controllerID == settings.brokerID else {
            let who = controllerID.map { "broker \($0) is" } ?? "nobody is at the moment"
            return .failure(
                BrokerError(.notController, "broker \(settings.brokerID) is not the controller; \(who)"))
        }
        let leader = PartitionLeader(broker: request.leader.broker, startEpoch: request.leader.startEpoch)
        controller.send(.moveRequested(leader, request.items.map { ($0.id, $0.leaderEpoch) }))
        return .success(())
    }

    /// Which of these brokers this one reaches; each is dialled once. An error as long as it does not serve.
    package func reachable(of brokers: [BrokerID]) async throws(BrokerError) -> [BrokerID] {
        guard isServing else { throw notServing }
        let image = control.image
        let records = brokers.compactMap { image.brokers[$0]?.record }
        let others = records.filter { $0.id != settings.brokerID }
        let reached = await control.controller?.reachable(others) ?? []
        return (reached + (others.count < records.count ? [settings.brokerID] : [])).sorted()
    }

    // MARK: Defaults

    /// Topic settings as they hold where a topic of the usual number of replicas has none of its own, and what is set
    /// for the cluster as a whole.
    package func clusterDefaults() -> [SettingDescription] {
        let image = control.image
        let topics = TopicSettings.describe(
            TopicPlanner.clusterDefaults(image), defaults: settings.topicDefaults,
            replicas: Int(TopicPlanner(image: image, settings: settings, transactionKeysMax: 1).usualFactor))
        guard settings.isClustered else { return topics }
        let throttle = replicationThrottle
        return topics + [
            SettingDescription(
                name: ClusterPlanner.throttleName, value: "\(throttle ?? settings.replicationThrottle ?? 0)",
                isDefault: throttle == nil,
                documentation:
                    "Bytes a second that copying to replicas out of sync may take on each broker. 0: no limit.")
        ]
    }

    package func alterClusterDefaults(
        set: [String: String], reset: [String] = [], validateOnly: Bool = false
    ) async throws(BrokerError) {
        guard isServing else { throw notServing }
        try await control.order(validateOnly: validateOnly) { (planner) throws(BrokerError) in
            try planner.alterDefaults(set: set, reset: reset)
        }
    }
}
