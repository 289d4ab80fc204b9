internal import MartletBroker
internal import MartletCore
internal import MartletProtocol
internal import MartletStorage
internal import NIOCore

/// The data path's calls, from wire to broker and back. Runs on the connection's event loop, without tasks on the hot paths.
struct RecordsAdapter: RecordsService {
    let broker: Broker
    let gate: ProduceGate
    let partitionsPerRequestMax: Int

    func produce(_ request: ProduceRequest, attachment: ByteBuffer, call: ServerCall<ProduceResponse>) {
        do throws(MalformedRequest) {
            let (items, acks) = try produceItems(request, attachmentBytes: attachment.readableBytes)
            let loop = call.context.eventLoop
            gate.enter(on: loop) { [broker] in
                let untilDeadline = Duration.nanoseconds((call.context.deadline - .now()).nanoseconds)
                let timeout = request.timeoutMs == 0 ? untilDeadline : .milliseconds(Int64(request.timeoutMs))
                broker.produce(
                    items, attachment: attachment, acks: acks, timeout: min(timeout, untilDeadline), on: loop
                ) { outcomes in
                    call.reply(ProduceResponse(partitions: outcomes.map(Self.result)))
                }
            }
        } catch {
            call.fail(error.failure)
        }
    }

    /// What the request says, once it holds together: each batch inside the attachment, one for a partition, nothing left over.
    private func produceItems(
        _ request: ProduceRequest, attachmentBytes: Int
    ) throws(MalformedRequest) -> ([ProduceItem], Acks) {
        guard let acks = Acks(rawValue: request.acks) else {
            throw MalformedRequest(message: "acks is \(request.acks); it has to be 0, 1 or -1 (all)")
        }
        try checkCount(request.partitions.count)
        var items: [ProduceItem] = []
        items.reserveCapacity(request.partitions.count)
        var next = 0
        for (index, partition) in request.partitions.enumerated() {
            let end = next + Int(partition.batchBytes)
            guard end <= attachmentBytes else {
                throw MalformedRequest(
                    message:
                        "partitions[\(index)] says \(partition.batchBytes) bytes of batch; the attachment has \(attachmentBytes - next) left"
                )
            }
            items.append(
                ProduceItem(
                    topicID: try TopicID(wire: partition.topicID, of: "partitions[\(index)]"),
                    partition: partition.partition, leaderEpoch: partition.leaderEpoch, bytes: next..<end))
            next = end
        }
        guard next == attachmentBytes else {
            throw MalformedRequest(
                message: "the batches are \(next) bytes by the message, and the attachment has \(attachmentBytes)")
        }
        return (items, acks)
    }

    private static func result(_ outcome: ProduceOutcome) -> ProducePartitionResult {
        switch outcome {
        case .success(let batch):
            ProducePartitionResult(
                baseOffset: batch.baseOffset, logAppendTimeMs: batch.logAppendTime ?? -1,
                logStartOffset: batch.logStartOffset)
        case .failure(let error):
            ProducePartitionResult(
                error: error.code.rawValue, message: error.message, baseOffset: -1, logAppendTimeMs: -1,
                logStartOffset: -1, leader: MartletProtocol.LeaderHint(error.leader))
        }
    }

    func fetch(_ request: FetchRequest, attachment: ByteBuffer, call: ServerCall<FetchResponse>) {
        do throws(MalformedRequest) {
            let query = try fetchQuery(request)
            let isReplica = query.replica != nil
            let ticket = broker.fetch(query, on: call.context.eventLoop) { [broker] outcomes in
                var (response, parts) = Self.response(outcomes)
                if isReplica {
                    let live = broker.liveTraffic
                    response.hasLiveTraffic = live.isThere
                    response.producedBytesPerSecond = UInt64(clamping: live.producedPerSecond)
                }
                call.reply(response, attachment: parts)
            }
            if let ticket { call.context.onAbandoned { ticket.cancel() } }
        } catch {
            call.fail(error.failure)
        }
    }

    private func fetchQuery(_ request: FetchRequest) throws(MalformedRequest) -> FetchQuery {
        try checkCount(request.partitions.count)
        var items: [FetchItem] = []
        items.reserveCapacity(request.partitions.count)
        for (index, partition) in request.partitions.enumerated() {
            items.append(
                FetchItem(
                    topicID: try TopicID(wire: partition.topicID, of: "partitions[\(index)]"),
                    partition: partition.partition, leaderEpoch: partition.leaderEpoch,
                    fetchOffset: partition.fetchOffset, lastFetchedEpoch: partition.lastFetchedEpoch,
                    maxBytes: Int(partition.maxBytes), logStartOffset: partition.logStartOffset,
                    durableOffset: partition.durableOffset,
                    condition: partition.mustBeCopied
                        ? .toBeCopied : partition.isUnderRepair ? .underRepair : .sound,
                    incarnation: partition.incarnation, foundDamage: partition.foundDamage,
                    readersSee: partition.hasReaders ? partition.highWatermark : nil))
        }
        return FetchQuery(
            replica: request.replica.map(ReplicaIdentity.init), rack: String(decoding: request.rack, as: UTF8.self),
            maxWait: .milliseconds(Int64(request.maxWaitMs)),
            minBytes: Int(request.minBytes), maxBytes: Int(request.maxBytes), items: items)
    }

    private static func response(_ outcomes: [FetchOutcome]) -> (FetchResponse, [AttachmentPart]) {
        var parts: [AttachmentPart] = []
        let partitions = outcomes.map { outcome in
            var result = FetchPartitionResult(
                index: UInt32(outcome.index), highWatermark: outcome.highWatermark,
                logStartOffset: outcome.logStartOffset, mayHaveGaps: outcome.mayHaveGaps)
            switch outcome.content {
            case .nothing:
                break
            case .records(let read):
                result.batchBytes = UInt32(read.count)
                parts.append(AttachmentPart(read))
            case .diverging(let end):
                result.diverging = MartletProtocol.EpochEnd(leaderEpoch: end.leaderEpoch, endOffset: end.endOffset)
            case .nearer(let broker):
                result.nearer = NearerReplica(brokerID: broker)
            case .failure(let error):
                result.error = error.code.rawValue
                result.message = error.message
                result.leader = MartletProtocol.LeaderHint(error.leader)
            }
            return result
        }
        return (FetchResponse(partitions: partitions), parts)
    }

    func listOffsets(
        _ request: ListOffsetsRequest, attachment: ByteBuffer, call: ServerCall<ListOffsetsResponse>
    ) {
        do throws(MalformedRequest) {
            try checkCount(request.partitions.count)
            var items: [ListOffsetsItem] = []
            for (index, partition) in request.partitions.enumerated() {
                items.append(try Self.listItem(partition, index))
            }
            call.answer { [items] in
                ListOffsetsResponse(partitions: await broker.listOffsets(items).map(Self.result))
            }
        } catch {
            call.fail(error.failure)
        }
    }

    private static func listItem(
        _ partition: ListOffsetsPartition, _ index: Int
    ) throws(MalformedRequest) -> ListOffsetsItem {
        let spec: OffsetSpec
        switch partition.timestampMs {
        case -1: spec = .latest
        case -2: spec = .earliest
        case 0...: spec = .timestamp(partition.timestampMs)
        default:
            throw MalformedRequest(
                message:
                    "partitions[\(index)]: timestamp_ms is \(partition.timestampMs); it has to be a time, -1 (latest) or -2 (earliest)"
            )
        }
        return ListOffsetsItem(
            topicID: try TopicID(wire: partition.topicID, of: "partitions[\(index)]"),
            partition: partition.partition, leaderEpoch: partition.leaderEpoch, spec: spec)
    }

    private static func result(_ outcome: Result<ListedOffset, BrokerError>) -> ListOffsetsPartitionResult {
        switch outcome {
        case .success(let listed):
            ListOffsetsPartitionResult(
                offset: listed.offset, timestampMs: listed.timestamp, leaderEpoch: listed.leaderEpoch)
        case .failure(let error):
            ListOffsetsPartitionResult(
                error: error.code.rawValue, message: error.message, offset: -1, timestampMs: -1, leaderEpoch: -1,
                leader: MartletProtocol.LeaderHint(error.leader))
        }
    }

    func initProducerID(
        _ request: InitProducerIdRequest, attachment: ByteBuffer, call: ServerCall<InitProducerIdResponse>
    ) {
        guard let epoch = ProducerEpoch(exactly: request.producerEpoch) else {
            return call.fail(
                RPCFailure(
                    .invalidArgument, error: .invalidRequest,
                    "producer_epoch is \(request.producerEpoch); it has to fit 16 bits"))
        }
        call.answer {
            do throws(BrokerError) {
                let answer = try await broker.initProducerID(request.producerID, epoch: epoch)
                return InitProducerIdResponse(producerID: answer.id, producerEpoch: Int32(answer.epoch))
            } catch {
                throw RPCFailure(error)
            }
        }
    }

    private func checkCount(_ count: Int) throws(MalformedRequest) {
        guard count <= partitionsPerRequestMax else {
            throw MalformedRequest(
                message:
                    "the request names \(count) partitions; at most \(partitionsPerRequestMax) (partitions_per_request_max) go in one"
            )
        }
    }
}

extension MartletStorage.FileLease: MartletProtocol.FileLease {}
