internal import MartletBroker
internal import MartletCore
internal import MartletMetadata
internal import MartletProtocol
internal import NIOCore

/// What an operator sees and does, from wire to broker and back. Off the hot path: each call runs in a task.
struct OperationsAdapter: OperationsService {
    let broker: Broker
    let metadata: any MetadataStore

    func describeCluster(
        _ request: DescribeClusterRequest, attachment: ByteBuffer, call: ServerCall<DescribeClusterResponse>
    ) {
        call.answer {
            let health = await metadata.health()
            return DescribeClusterResponse(
                broker.describeCluster(), topics: broker.status().topics, health: health)
        }
    }

    func describeConfig(
        _ request: DescribeConfigRequest, attachment: ByteBuffer, call: ServerCall<DescribeConfigResponse>
    ) {
        call.answer {
            DescribeConfigResponse(
                settings: broker.clusterDefaults().map(MartletProtocol.SettingDescription.init))
        }
    }

    func alterConfig(_ request: AlterConfigRequest, attachment: ByteBuffer, call: ServerCall<AlterConfigResponse>) {
        answer(call) { () async throws(BrokerError) in
            try await broker.alterClusterDefaults(
                set: TopicsAdapter.settings(request.set), reset: request.reset.map(String.init(wire:)),
                validateOnly: request.validateOnly)
            return AlterConfigResponse()
        }
    }

    func removeBroker(
        _ request: RemoveBrokerRequest, attachment: ByteBuffer, call: ServerCall<RemoveBrokerResponse>
    ) {
        answer(call) { () async throws(BrokerError) in
            try await broker.removeBroker(request.brokerID)
            return RemoveBrokerResponse()
        }
    }

    func drain(_ request: DrainRequest, attachment: ByteBuffer, call: ServerCall<DrainResponse>) {
        answer(call) { () async throws(BrokerError) in
            try await broker.drain(request.brokerID, !request.cancel)
            let drained = broker.describeCluster().brokers.first { $0.id == request.brokerID }
            return DrainResponse(
                leaders: UInt32(clamping: drained?.leaders ?? 0), replicas: UInt32(clamping: drained?.replicas ?? 0))
        }
    }

    func planReassignment(
        _ request: PlanReassignmentRequest, attachment: ByteBuffer, call: ServerCall<PlanReassignmentResponse>
    ) {
        answer(call) { () async throws(BrokerError) in
            let moves = try broker.planReassignment(
                ReassignmentRequest(
                    topics: request.topics.map(String.init(wire:)), brokers: request.brokers,
                    replicationFactor: request.replicationFactor == 0 ? nil : Int32(clamping: request.replicationFactor)
                ))
            return PlanReassignmentResponse(moves: moves.map(PartitionMove.init))
        }
    }

    func reassign(_ request: ReassignRequest, attachment: ByteBuffer, call: ServerCall<ReassignResponse>) {
        answer(call) { () async throws(BrokerError) in
            if request.throttleBytesPerSecond > 0 {
                try await broker.throttleReplication(Int64(clamping: request.throttleBytesPerSecond))
            }
            let results = await broker.reassign(request.moves.map(ReassignmentMove.init))
            return ReassignResponse(
                partitions: zip(request.moves, results).map { move, result in
                    let error: BrokerError? = if case .failure(let error) = result { error } else { nil }
                    return PartitionResult(
                        topic: move.topic, partition: move.partition, error: error?.code.rawValue ?? 0,
                        message: error?.message ?? "")
                })
        }
    }

    func cancelReassignments(
        _ request: CancelReassignmentsRequest, attachment: ByteBuffer, call: ServerCall<CancelReassignmentsResponse>
    ) {
        answer(call) { () async throws(BrokerError) in
            let partitions = request.partitions.map {
                TopicPartition(topic: String(wire: $0.topic), partition: $0.partition)
            }
            let moves = try await broker.cancelReassignment(partitions)
            return CancelReassignmentsResponse(moves: moves.map(PartitionMove.init))
        }
    }

    func listReassignments(
        _ request: ListReassignmentsRequest, attachment: ByteBuffer, call: ServerCall<ListReassignmentsResponse>
    ) {
        call.answer {
            ListReassignmentsResponse(
                reassignments: broker.reassignments().map {
                    ReassignmentProgress(
                        topic: Array($0.topic.utf8), partition: $0.partition, former: $0.former, target: $0.target,
                        inSyncReplicas: $0.inSync)
                }, throttleBytesPerSecond: UInt64(clamping: broker.replicationThrottle ?? 0))
        }
    }

    func electLeaders(
        _ request: ElectLeadersRequest, attachment: ByteBuffer, call: ServerCall<ElectLeadersResponse>
    ) {
        answer(call) { () async throws(BrokerError) in
            var choice: [TopicPartition: BrokerID] = [:]
            let partitions = request.elections.map { election in
                let partition = TopicPartition(topic: String(wire: election.topic), partition: election.partition)
                if request.unclean, election.choice >= 0 { choice[partition] = election.choice }
                return partition
            }
            let results = try await broker.electLeaders(
                request.unclean ? .unclean : .preferred, partitions, choice: choice)
            return ElectLeadersResponse(elections: results.map(ElectionResult.init))
        }
    }

    private func answer<Response>(
        _ call: ServerCall<Response>, _ body: @escaping @Sendable () async throws(BrokerError) -> Response
    ) {
        call.answer {
            do throws(BrokerError) {
                return try await body()
            } catch {
                throw RPCFailure(error)
            }
        }
    }
}
