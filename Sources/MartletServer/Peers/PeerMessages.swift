internal import MartletBroker
internal import MartletCore
internal import MartletProtocol
internal import NIOCore

// What a broker asks of another, from its own types to the wire's, and the answers back.

extension FetchRequest {
    init(_ query: FetchQuery) {
        self.init(
            maxWaitMs: UInt32(clamping: query.maxWait.milliseconds), minBytes: UInt32(clamping: query.minBytes),
            maxBytes: UInt32(clamping: query.maxBytes),
            partitions: query.items.map { item in
                FetchPartition(
                    topicID: item.topicID.bytes, partition: item.partition, leaderEpoch: item.leaderEpoch,
                    fetchOffset: item.fetchOffset, lastFetchedEpoch: item.lastFetchedEpoch,
                    maxBytes: UInt32(clamping: item.maxBytes), logStartOffset: item.logStartOffset,
                    durableOffset: item.durableOffset, isUnderRepair: item.condition == .underRepair,
                    mustBeCopied: item.condition == .toBeCopied, foundDamage: item.foundDamage,
                    incarnation: item.incarnation, hasReaders: item.readersSee != nil,
                    highWatermark: item.readersSee ?? 0)
            },
            replica: query.replica.map(FetchReplica.init))
    }
}

extension FetchReplica {
    init(_ replica: ReplicaIdentity) {
        self.init(brokerID: replica.broker, startEpoch: replica.startEpoch)
    }
}

extension ReplicaIdentity {
    init(_ replica: FetchReplica) {
        self.init(broker: replica.brokerID, startEpoch: replica.startEpoch)
    }
}

extension PeerFetchAnswer {
    /// The answer to a fetch of `items` partitions, or what is wrong with it.
    static func make(
        _ reply: RPCReply<FetchResponse>, items: Int, from address: PeerAddress
    ) -> Result<PeerFetchAnswer, BrokerError> {
        var answers: [PeerFetchItem] = []
        answers.reserveCapacity(reply.message.partitions.count)
        var next = 0
        for result in reply.message.partitions {
            let end = next + Int(result.batchBytes)
            guard result.index < items, end <= reply.attachment.readableBytes else {
                return .failure(
                    BrokerError(
                        .unknownServerError,
                        "broker \(address.broker) answered a fetch of \(items) partitions with partition \(result.index) and \(end) bytes; \(reply.attachment.readableBytes) came"
                    ))
            }
            answers.append(PeerFetchItem(result, records: next..<end))
            next = end
        }
        let live = LiveTraffic(
            isThere: reply.message.hasLiveTraffic,
            producedPerSecond: Int(clamping: reply.message.producedBytesPerSecond))
        return .success(PeerFetchAnswer(items: answers, records: reply.attachment, live: live))
    }
}

extension PeerFetchItem {
    fileprivate init(_ result: FetchPartitionResult, records: Range<Int>) {
        let content: Content
        if result.error != 0 {
            content = .failure(
                BrokerError(
                    ErrorCode(rawValue: result.error) ?? .unknownServerError, result.message,
                    leader: result.leader.map {
                        MartletBroker.LeaderHint(brokerID: $0.brokerID, leaderEpoch: $0.leaderEpoch)
                    }))
        } else if let end = result.diverging {
            content = .diverging(
                MartletBroker.EpochEnd(leaderEpoch: end.leaderEpoch, endOffset: end.endOffset))
        } else {
            content = records.isEmpty ? .nothing : .records(records)
        }
        self.init(
            index: Int(result.index), highWatermark: result.highWatermark, logStartOffset: result.logStartOffset,
            mayHaveGaps: result.mayHaveGaps, content: content)
    }
}

extension ReportDurableRequest {
    init(_ report: DurableReport) {
        self.init(
            replica: FetchReplica(report.replica),
            partitions: report.items.map {
                DurablePartition(
                    topicID: $0.id.topicID.bytes, partition: $0.id.partition, leaderEpoch: $0.leaderEpoch,
                    durableOffset: $0.durableOffset, incarnation: $0.incarnation)
            })
    }
}

extension RequestMoveRequest {
    init(_ request: MoveRequest) {
        self.init(
            leader: FetchReplica(request.leader),
            partitions: request.items.map {
                MovePartition(
                    topicID: $0.id.topicID.bytes, partition: $0.id.partition, leaderEpoch: $0.leaderEpoch)
            })
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
