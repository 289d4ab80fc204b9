internal import MartletBroker
internal import MartletCore
internal import MartletMetadata
internal import MartletProtocol
internal import MartletStorage
internal import NIOCore

/// What the other brokers of the cluster ask, from wire to broker and back. Durable offsets are taken on the connection's loop.
struct ReplicasAdapter: ReplicasService {
    let broker: Broker

    func reportDurable(
        _ request: ReportDurableRequest, attachment: ByteBuffer, call: ServerCall<ReportDurableResponse>
    ) {
        do throws(MalformedRequest) {
            var items: [DurableReport.Item] = []
            items.reserveCapacity(request.partitions.count)
            for (index, partition) in request.partitions.enumerated() {
                items.append(
                    DurableReport.Item(
                        id: TopicIDPartition(
                            topicID: try TopicID(wire: partition.topicID, of: "partitions[\(index)]"),
                            partition: partition.partition),
                        leaderEpoch: partition.leaderEpoch, durableOffset: partition.durableOffset,
                        incarnation: partition.incarnation))
            }
            broker.reportDurable(
                DurableReport(replica: try Self.replica(request.replica, "replica"), items: items))
            call.reply(ReportDurableResponse())
        } catch {
            call.fail(error.failure)
        }
    }

    func readBatches(_ request: ReadBatchesRequest, attachment: ByteBuffer, call: ServerCall<ReadBatchesResponse>) {
        do throws(MalformedRequest) {
            guard request.offset < request.endOffset else {
                throw MalformedRequest(
                    message: "end_offset \(request.endOffset) has to be above offset \(request.offset)")
            }
            let query = RepairQuery(
                id: TopicIDPartition(
                    topicID: try TopicID(wire: request.topicID, of: "the request"), partition: request.partition),
                offsets: request.offset..<request.endOffset, maxBytes: Int(request.maxBytes))
            broker.readForRepair(query, on: call.context.eventLoop) { result in
                switch result {
                case .success(let reads):
                    call.reply(ReadBatchesResponse(), attachment: reads.map(AttachmentPart.init))
                case .failure(let error):
                    call.reply(ReadBatchesResponse(error: error.code.rawValue, message: error.message))
                }
            }
        } catch {
            call.fail(error.failure)
        }
    }

    func replicaStates(
        _ request: ReplicaStatesRequest, attachment: ByteBuffer, call: ServerCall<ReplicaStatesResponse>
    ) {
        do throws(MalformedRequest) {
            var topics: Set<TopicID> = []
            for (index, bytes) in request.topicIDs.enumerated() {
                topics.insert(try TopicID(wire: bytes, of: "topic_ids[\(index)]"))
            }
            call.answer { [topics] in
                let states = broker.replicaStates().filter { topics.isEmpty || topics.contains($0.id.topicID) }
                let status = broker.status()
                return ReplicaStatesResponse(
                    brokerID: status.brokerID, startEpoch: status.startEpoch,
                    partitions: states.sorted { $0.id < $1.id }.map(ReplicaState.init))
            }
        } catch {
            call.fail(error.failure)
        }
    }

    func reportDeath(_ request: ReportDeathRequest, attachment: ByteBuffer, call: ServerCall<ReportDeathResponse>) {
        broker.reportDeath(PartitionLeader(broker: request.brokerID, startEpoch: request.startEpoch))
        call.reply(ReportDeathResponse())
    }

    func requestMove(_ request: RequestMoveRequest, attachment: ByteBuffer, call: ServerCall<RequestMoveResponse>) {
        do throws(MalformedRequest) {
            var items: [MoveRequest.Item] = []
            for (index, partition) in request.partitions.enumerated() {
                items.append(
                    MoveRequest.Item(
                        id: TopicIDPartition(
                            topicID: try TopicID(wire: partition.topicID, of: "partitions[\(index)]"),
                            partition: partition.partition),
                        leaderEpoch: partition.leaderEpoch))
            }
            let move = MoveRequest(leader: try Self.replica(request.leader, "leader"), items: items)
            switch broker.requestMove(move) {
            case .success: call.reply(RequestMoveResponse())
            case .failure(let error): call.fail(RPCFailure(error))
            }
        } catch {
            call.fail(error.failure)
        }
    }

    func reachable(_ request: ReachableRequest, attachment: ByteBuffer, call: ServerCall<ReachableResponse>) {
        call.answer {
            do throws(BrokerError) {
                return ReachableResponse(brokerIDs: try await broker.reachable(of: request.brokerIDs))
            } catch {
                throw RPCFailure(error)
            }
        }
    }

    private static func replica(
        _ replica: FetchReplica?, _ name: String
    ) throws(MalformedRequest) -> ReplicaIdentity {
        guard let replica else { throw MalformedRequest(message: "\(name) is not set: it says which broker asks") }
        return ReplicaIdentity(replica)
    }
}

extension ReplicaState {
    init(_ status: ReplicaStatus) {
        var isLeader = false
        var isFollower = false
        var trouble = ""
        switch status.role {
        case .leader: isLeader = true
        case .follower: isFollower = true
        case .offline(let reason): trouble = reason
        case .none: break
        }
        self.init(
            topicID: status.id.topicID.bytes, partition: status.id.partition, isLeader: isLeader,
            leaderEpoch: status.leaderEpoch, lastEpoch: status.lastEpoch, logStartOffset: status.logStartOffset,
            logEndOffset: status.logEndOffset, durableOffset: status.durableOffset,
            highWatermark: status.highWatermark, sizeBytes: status.sizeBytes, trouble: Array(trouble.utf8),
            isFollower: isFollower, topic: Array(status.topic.utf8),
            followers: status.followers.map {
                FollowerState(
                    brokerID: $0.broker, logEndOffset: $0.logEndOffset, durableOffset: $0.durableOffset,
                    isInSync: $0.isInSync,
                    lagMs: $0.lag.map { Int64($0 / .milliseconds(1)) } ?? -1)
            })
    }
}
