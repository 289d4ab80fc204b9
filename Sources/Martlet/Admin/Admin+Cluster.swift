public import MartletCore
internal import MartletProtocol

// MARK: - Looking at a cluster

extension Admin {
    /// Brokers, the controller, partitions in trouble and the metadata store, as some broker sees them.
    nonisolated(nonsending) public func clusterOverview() async throws(MartletError) -> ClusterOverview {
        try await atAnyBroker("describing the cluster", patience: ClientCore.surveyPatience) {
            (link, _) async throws(MartletError) in
            let response = try await link.call(
                OperationsClient.Method.describeCluster, DescribeClusterRequest(), as: DescribeClusterResponse.self)
            return try ClusterOverview(response, broker: link.name)
        }
    }

    /// What a broker has of each partition that it keeps a copy of.
    ///
    /// - Parameter topics: Only of these; none: of all.
    /// - Throws: ``MartletError/Code/unreachable`` when that broker does not answer.
    nonisolated(nonsending) public func replicas(
        on broker: BrokerID, of topics: [TopicID] = []
    ) async throws(MartletError) -> [ReplicaInfo] {
        if core.address(of: broker) == nil { _ = try await describeCluster() }
        let request = ReplicaStatesRequest(topicIDs: topics.map(\.bytes))
        return try await core.retrying("asking broker \(broker) for its replicas") { () async throws(MartletError) in
            let link = try await core.link(to: broker, .control)
            let response = try await link.call(
                ReplicasClient.Method.replicaStates, request, as: ReplicaStatesResponse.self)
            var replicas: [ReplicaInfo] = []
            for state in response.partitions { replicas.append(try ReplicaInfo(state, broker: link.name)) }
            return replicas
        }
    }
}

// MARK: - Settings and brokers

extension Admin {
    /// Settings that hold cluster-wide where a topic has none of its own.
    nonisolated(nonsending) public func clusterSettings() async throws(MartletError) -> [SettingInfo] {
        try await atAnyBroker("asking for the cluster's settings", patience: ClientCore.surveyPatience) {
            (link, _) async throws(MartletError) in
            try await link.call(
                OperationsClient.Method.describeConfig, DescribeConfigRequest(), as: DescribeConfigResponse.self
            ).settings.map(SettingInfo.init)
        }
    }

    /// Changes such settings, all or none.
    ///
    /// - Throws: ``MartletError/Code/refused(_:)`` with `invalidConfig`, or with `metadataUnavailable` while the metadata
    ///   store cannot be reached.
    nonisolated(nonsending) public func alterClusterSettings(
        set: [String: String] = [:], reset: [String] = [], validateOnly: Bool = false
    ) async throws(MartletError) {
        let request = AlterConfigRequest(
            set: set.sorted { $0.key < $1.key }.map { TopicSetting($0.key, $0.value) },
            reset: reset.map { Array($0.utf8) }, validateOnly: validateOnly)
        try await atAnyBroker("altering the cluster's settings") { (link, _) async throws(MartletError) in
            _ = try await link.call(OperationsClient.Method.alterConfig, request, as: AlterConfigResponse.self)
        }
    }

    /// Forgets a broker that is down for good.
    ///
    /// - Throws: ``MartletError/Code/refused(_:)`` with `invalidRequest` while it is up or has replicas, with
    ///   `brokerIDNotRegistered` when there is none of this number.
    nonisolated(nonsending) public func removeBroker(_ broker: BrokerID) async throws(MartletError) {
        try await atAnyBroker("removing broker \(broker)") { (link, repeated) async throws(MartletError) in
            do throws(MartletError) {
                _ = try await link.call(
                    OperationsClient.Method.removeBroker, RemoveBrokerRequest(brokerID: broker),
                    as: RemoveBrokerResponse.self)
            } catch {
                // By an attempt of ours that was not answered.
                if repeated, error.code == .refused(.brokerIDNotRegistered) { return }
                throw error
            }
        }
    }

    /// Has the cluster move leaders, then replicas off a broker, and keep new ones away; returns at once. `cancel`: lets it have
    /// them again. ``clusterOverview()`` tells what is left on it.
    nonisolated(nonsending) public func drainBroker(
        _ broker: BrokerID, cancel: Bool = false
    ) async throws(MartletError) {
        let request = DrainRequest(brokerID: broker, cancel: cancel)
        try await atAnyBroker("draining broker \(broker)") { (link, _) async throws(MartletError) in
            _ = try await link.call(OperationsClient.Method.drain, request, as: DrainResponse.self)
        }
    }
}

// MARK: - Moving replicas and leaders

extension Admin {
    /// Which replicas would have to move for topics to be spread evenly, with as few moves as that takes. Moves nothing.
    ///
    /// - Parameters:
    ///   - topics: None: all.
    ///   - brokers: Where to; none: all that are up and not draining.
    ///   - replicas: How many each partition is to have; nil: as many as it has.
    nonisolated(nonsending) public func planReassignment(
        topics: [String] = [], brokers: [BrokerID] = [], replicas: Int? = nil
    ) async throws(MartletError) -> [PartitionMove] {
        let request = PlanReassignmentRequest(
            topics: topics.map { Array($0.utf8) }, brokers: brokers,
            replicationFactor: replicas.map { UInt32(clamping: $0) } ?? 0)
        return try await atAnyBroker("planning a reassignment", patience: ClientCore.surveyPatience) {
            (link, _) async throws(MartletError) in
            try await link.call(
                OperationsClient.Method.planReassignment, request, as: PlanReassignmentResponse.self
            ).moves.map(PartitionMove.init)
        }
    }

    /// Moves replicas, each partition for itself. Returns when the moves are ordered; copying goes on.
    ///
    /// - Parameter throttle: What copying may take from now on, in bytes a second on each broker; nil: as it is.
    /// - Returns: What was refused, and why.
    nonisolated(nonsending) public func reassign(
        _ moves: [PartitionMove], throttle: Int? = nil
    ) async throws(MartletError) -> [TopicPartition: MartletError] {
        let request = ReassignRequest(
            moves: moves.map(MartletProtocol.PartitionMove.init),
            throttleBytesPerSecond: throttle.map { UInt64(clamping: $0) } ?? 0)
        return try await atAnyBroker("reassigning partitions") { (link, _) async throws(MartletError) in
            let response = try await link.call(OperationsClient.Method.reassign, request, as: ReassignResponse.self)
            var refused: [TopicPartition: MartletError] = [:]
            for result in response.partitions where result.error != 0 {
                let partition = TopicPartition(
                    topic: String(decoding: result.topic, as: UTF8.self), partition: result.partition)
                refused[partition] = MartletError(
                    answer: result.error, message: result.message, broker: link.name, topicPartition: partition)
            }
            return refused
        }
    }

    /// Stops moving replicas, and goes back to where they were.
    ///
    /// - Parameter partitions: None: all that move.
    /// - Returns: What was called off.
    nonisolated(nonsending) public func cancelReassignments(
        _ partitions: [TopicPartition] = []
    ) async throws(MartletError) -> [PartitionMove] {
        let request = CancelReassignmentsRequest(partitions: partitions.map(PartitionName.init))
        return try await atAnyBroker("cancelling reassignments") { (link, _) async throws(MartletError) in
            try await link.call(
                OperationsClient.Method.cancelReassignments, request, as: CancelReassignmentsResponse.self
            ).moves.map(PartitionMove.init)
        }
    }

    /// Replicas that are moving, and what copying may take in bytes a second on each broker; nil: as much as it can.
    nonisolated(nonsending) public func reassignments() async throws(MartletError)
        -> (moving: [ReassignmentProgress], throttle: Int?)
    {
        try await atAnyBroker("asking for reassignments", patience: ClientCore.surveyPatience) {
            (link, _) async throws(MartletError) in
            let response = try await link.call(
                OperationsClient.Method.listReassignments, ListReassignmentsRequest(),
                as: ListReassignmentsResponse.self)
            let moving = response.reassignments.map {
                ReassignmentProgress(
                    move: PartitionMove(
                        TopicPartition(topic: String(decoding: $0.topic, as: UTF8.self), partition: $0.partition),
                        replicas: $0.former, target: $0.target), inSyncReplicas: $0.inSyncReplicas)
            }
            return (moving, response.throttleBytesPerSecond > 0 ? Int(clamping: response.throttleBytesPerSecond) : nil)
        }
    }

    /// Has preferred replicas lead again.
    ///
    /// - Parameter partitions: None: all that another replica leads.
    /// - Returns: Who leads each now, or why it could not be changed.
    nonisolated(nonsending) public func electPreferredLeaders(
        _ partitions: [TopicPartition] = []
    ) async throws(MartletError) -> [TopicPartition: Result<BrokerID, MartletError>] {
        try await elect(
            ElectLeadersRequest(
                elections: partitions.map {
                    Election(topic: Array($0.topic.utf8), partition: $0.partition, choice: -1)
                }))
    }

    /// Lets replicas lead that are not in sync, where nobody in sync is up. **Acknowledged records may be lost.**
    ///
    /// - Parameter choices: Who is to lead; nil: any that is up. ``replicas(on:of:)`` tells what each has.
    nonisolated(nonsending) public func electUncleanLeaders(
        _ choices: [TopicPartition: BrokerID?]
    ) async throws(MartletError) -> [TopicPartition: Result<BrokerID, MartletError>] {
        let elections = choices.sorted { $0.key < $1.key }.map {
            Election(topic: Array($0.key.topic.utf8), partition: $0.key.partition, choice: $0.value ?? -1)
        }
        return try await elect(ElectLeadersRequest(elections: elections, unclean: true))
    }

    nonisolated(nonsending) private func elect(
        _ request: ElectLeadersRequest
    ) async throws(MartletError) -> [TopicPartition: Result<BrokerID, MartletError>] {
        try await atAnyBroker("electing leaders") { (link, _) async throws(MartletError) in
            let response = try await link.call(
                OperationsClient.Method.electLeaders, request, as: ElectLeadersResponse.self)
            var results: [TopicPartition: Result<BrokerID, MartletError>] = [:]
            for result in response.elections {
                let partition = TopicPartition(
                    topic: String(decoding: result.topic, as: UTF8.self), partition: result.partition)
                results[partition] =
                    result.error == 0
                    ? .success(result.leaderID)
                    : .failure(
                        MartletError(
                            answer: result.error, message: result.message, broker: link.name,
                            topicPartition: partition))
            }
            return results
        }
    }
}
