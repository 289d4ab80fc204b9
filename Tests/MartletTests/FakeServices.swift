import MartletCore
import MartletProtocol
import NIOCore
import Synchronization

/// The services of a ``FakeBroker``.
final class FakeServices: Sendable {
    let id: BrokerID
    let cluster: FakeBroker.Cluster

    init(id: BrokerID, cluster: FakeBroker.Cluster) {
        self.id = id
        self.cluster = cluster
    }

    fileprivate func topic(_ id: [UInt8], in state: FakeBroker.Cluster.State) -> FakeBroker.Topic? {
        state.topics.values.first { $0.id.bytes == id }
    }
}

extension FakeServices: RecordsService {
    func produce(_ request: ProduceRequest, attachment: ByteBuffer, call: ServerCall<ProduceResponse>) {
        let isHeld = cluster.state.withLock { state in
            guard state.isHolding else { return false }
            state.held.append { self.produce(request, attachment: attachment, call: call) }
            return true
        }
        if isHeld { return }
        var rest = attachment
        let (results, isSilent, waiters) = cluster.state.withLock { state in
            state.requestSizes.append(request.partitions.count)
            let results = request.partitions.map { partition in
                let bytes = rest.readSlice(length: Int(partition.batchBytes)) ?? ByteBuffer()
                return store(bytes, partition, &state)
            }
            let isSilent = state.produceSilences > 0
            if isSilent { state.produceSilences -= 1 }
            defer { state.fetchWaiters = [] }
            return (results, isSilent, state.fetchWaiters)
        }
        if !isSilent { call.reply(ProduceResponse(partitions: results)) }
        for waiter in waiters { waiter() }
    }

    private func store(
        _ bytes: ByteBuffer, _ partition: ProducePartition, _ state: inout FakeBroker.Cluster.State
    ) -> ProducePartitionResult {
        func refused(_ code: ErrorCode) -> ProducePartitionResult {
            ProducePartitionResult(error: code.rawValue, message: "\(code)", baseOffset: -1, logAppendTimeMs: -1)
        }
        guard let topic = topic(partition.topicID, in: state) else { return refused(.unknownTopicID) }
        guard topic.leaders[Int(partition.partition)] == id else {
            var result = refused(.notLeaderOrFollower)
            result.leader = topic.hint(partition.partition)
            return result
        }
        var isLeadershipLost = false
        if !state.produceErrors.isEmpty {
            let code = state.produceErrors.removeFirst()
            isLeadershipLost = code == .leaderChangedAfterAppend
            if code != .none, !isLeadershipLost { return refused(code) }
        }
        guard let header = try? bytes.withUnsafeReadableBytes({ try BatchCodec.check($0, sizeLimit: $0.count) }) else {
            return refused(.corruptMessage)
        }
        let key = TopicIDPartition(topicID: topic.id, partition: partition.partition)
        var log = state.stored[key] ?? FakeBroker.Stored()
        let sequence = "\(header.producerID)/\(header.producerEpoch)/\(header.baseSequence)"
        if header.hasProducer, let known = log.sequences[sequence] {
            return ProducePartitionResult(baseOffset: known, logAppendTimeMs: -1)
        }
        let base = log.nextOffset
        var assigned = bytes
        assigned.setInteger(base, at: assigned.readerIndex)
        assigned.setInteger(topic.epoch, at: assigned.readerIndex + 12)
        log.batches.append((base, base + Int64(header.recordCount), assigned))
        log.sequences[sequence] = base
        state.stored[key] = log
        if isLeadershipLost { return refused(.leaderChangedAfterAppend) }
        return ProducePartitionResult(baseOffset: base, logAppendTimeMs: -1)
    }

    func fetch(_ request: FetchRequest, attachment: ByteBuffer, call: ServerCall<FetchResponse>) {
        let answered = cluster.state.withLock { state -> (FetchResponse, [AttachmentPart])? in
            var results: [FetchPartitionResult] = []
            var parts: [AttachmentPart] = []
            for (index, partition) in request.partitions.enumerated() {
                guard let (result, bytes) = read(partition, UInt32(index), &state) else { continue }
                results.append(result)
                if let bytes { parts.append(.bytes(bytes)) }
            }
            if results.isEmpty {
                state.fetchWaiters.append { self.fetch(request, attachment: attachment, call: call) }
                return nil
            }
            return (FetchResponse(partitions: results), parts)
        }
        if let (response, parts) = answered { call.reply(response, attachment: parts) }
    }

    private func read(
        _ partition: FetchPartition, _ index: UInt32, _ state: inout FakeBroker.Cluster.State
    ) -> (FetchPartitionResult, ByteBuffer?)? {
        func refused(_ code: ErrorCode, _ log: FakeBroker.Stored = .init()) -> (FetchPartitionResult, ByteBuffer?) {
            let result = FetchPartitionResult(
                index: index, error: code.rawValue, message: "\(code)", highWatermark: log.nextOffset,
                logStartOffset: log.logStart)
            return (result, nil)
        }
        guard let topic = topic(partition.topicID, in: state) else { return refused(.unknownTopicID) }
        guard topic.leaders[Int(partition.partition)] == id else {
            var (result, none) = refused(.notLeaderOrFollower)
            result.leader = topic.hint(partition.partition)
            return (result, none)
        }
        let log = state.stored[TopicIDPartition(topicID: topic.id, partition: partition.partition)] ?? .init()
        guard (log.logStart...log.nextOffset).contains(partition.fetchOffset) else {
            return refused(.offsetOutOfRange, log)
        }
        var bytes = ByteBuffer()
        for batch in log.batches where batch.next > partition.fetchOffset {
            if bytes.readableBytes > 0, bytes.readableBytes + batch.bytes.readableBytes > Int(partition.maxBytes) {
                break
            }
            bytes.writeImmutableBuffer(batch.bytes)
        }
        guard bytes.readableBytes > 0 else { return nil }
        if state.damagedFetches > 0 {
            state.damagedFetches -= 1
            bytes.setInteger(UInt8(0xff), at: bytes.writerIndex - 1)
        }
        let result = FetchPartitionResult(
            index: index, highWatermark: log.nextOffset, logStartOffset: log.logStart,
            batchBytes: UInt32(bytes.readableBytes))
        return (result, bytes)
    }

    func listOffsets(_ request: ListOffsetsRequest, attachment: ByteBuffer, call: ServerCall<ListOffsetsResponse>) {
        let results: [ListOffsetsPartitionResult]? = cluster.state.withLock { state in
            if state.offsetSilences > 0 {
                state.offsetSilences -= 1
                return nil
            }
            state.offsetQuestions.append(request.partitions.count)
            return request.partitions.map { partition in
                guard let topic = topic(partition.topicID, in: state) else {
                    return ListOffsetsPartitionResult(
                        error: ErrorCode.unknownTopicID.rawValue, offset: -1, timestampMs: -1)
                }
                let log = state.stored[TopicIDPartition(topicID: topic.id, partition: partition.partition)] ?? .init()
                let offset =
                    partition.timestampMs == -2 ? log.logStart : partition.timestampMs == -1 ? log.nextOffset : -1
                return ListOffsetsPartitionResult(offset: offset, timestampMs: -1, leaderEpoch: topic.epoch)
            }
        }
        if let results { call.reply(ListOffsetsResponse(partitions: results)) }
    }

    func initProducerID(
        _ request: InitProducerIdRequest, attachment: ByteBuffer, call: ServerCall<InitProducerIdResponse>
    ) {
        let response = cluster.state.withLock { state in
            let id = request.producerID >= 0 ? request.producerID : state.producers
            if request.producerID < 0 { state.producers += 1 }
            let epoch = state.epochs[id].map { $0 + 1 } ?? 0
            state.epochs[id] = epoch
            return InitProducerIdResponse(producerID: id, producerEpoch: epoch)
        }
        call.reply(response)
    }
}

extension FakeServices: TopicsService {
    func describeTopics(
        _ request: DescribeTopicsRequest, attachment: ByteBuffer, call: ServerCall<DescribeTopicsResponse>
    ) {
        let response = cluster.state.withLock { state in
            let names = request.names.isEmpty ? state.topics.keys.map { Array($0.utf8) } : request.names
            return DescribeTopicsResponse(
                topics: names.map { describe($0, in: state) },
                brokers: state.ports.map {
                    BrokerNode(id: $0.key, host: Array("127.0.0.1".utf8), port: UInt32($0.value))
                },
                controllerID: 0, metadataRevision: state.revision)
        }
        call.reply(response)
    }

    private func describe(_ name: [UInt8], in state: FakeBroker.Cluster.State) -> TopicDescription {
        guard let topic = state.topics[String(decoding: name, as: UTF8.self)] else {
            return TopicDescription(
                name: name, error: ErrorCode.unknownTopicOrPartition.rawValue, message: "there is no such topic")
        }
        return TopicDescription(
            name: name, topicID: topic.id.bytes,
            partitions: topic.leaders.enumerated().map { index, leader in
                PartitionDescription(
                    partition: Int32(index), leaderID: leader, leaderEpoch: topic.epoch, logStartOffset: -1,
                    highWatermark: -1, logEndOffset: -1, sizeBytes: -1)
            })
    }

    func createTopics(_ request: CreateTopicsRequest, attachment: ByteBuffer, call: ServerCall<CreateTopicsResponse>) {
        let results = request.topics.map { topic in
            let name = String(decoding: topic.name, as: UTF8.self)
            if let known = cluster.state.withLock({ $0.topics[name] }) {
                return TopicResult(
                    name: topic.name, topicID: known.id.bytes, error: ErrorCode.topicAlreadyExists.rawValue,
                    message: "exists")
            }
            cluster.addTopic(name, partitions: Int(max(topic.partitions, 1)), leader: id)
            return TopicResult(name: topic.name, topicID: cluster.state.withLock { $0.topics[name]?.id.bytes ?? [] })
        }
        call.reply(CreateTopicsResponse(topics: results))
    }

    func deleteTopics(_ request: DeleteTopicsRequest, attachment: ByteBuffer, call: ServerCall<DeleteTopicsResponse>) {
        let results = request.names.map { name in
            let removed = cluster.state.withLock {
                $0.topics.removeValue(forKey: String(decoding: name, as: UTF8.self))
            }
            let code = removed == nil ? ErrorCode.unknownTopicOrPartition : .none
            return TopicResult(
                name: name, error: code.rawValue, message: removed == nil ? "there is no such topic" : "")
        }
        call.reply(DeleteTopicsResponse(topics: results))
    }

    func alterTopic(_ request: AlterTopicRequest, attachment: ByteBuffer, call: ServerCall<AlterTopicResponse>) {
        cluster.state.withLock { state in
            let name = String(decoding: request.name, as: UTF8.self)
            let missing = Int(request.partitions) - (state.topics[name]?.leaders.count ?? 0)
            if missing > 0 { state.topics[name]?.leaders += Array(repeating: id, count: missing) }
            state.revision += 1
        }
        call.reply(AlterTopicResponse(topic: TopicResult(name: request.name)))
    }

    func deleteRecords(
        _ request: DeleteRecordsRequest, attachment: ByteBuffer, call: ServerCall<DeleteRecordsResponse>
    ) {
        let results = cluster.state.withLock { state in
            request.partitions.map { partition in
                guard let topic = topic(partition.topicID, in: state) else {
                    return DeleteRecordsPartitionResult(error: ErrorCode.unknownTopicID.rawValue)
                }
                let key = TopicIDPartition(topicID: topic.id, partition: partition.partition)
                var log = state.stored[key] ?? .init()
                log.logStart = partition.beforeOffset < 0 ? log.nextOffset : partition.beforeOffset
                state.stored[key] = log
                return DeleteRecordsPartitionResult(logStartOffset: log.logStart)
            }
        }
        call.reply(DeleteRecordsResponse(partitions: results))
    }
}

extension FakeServices: ClusterService {
    func brokerStatus(_ request: BrokerStatusRequest, attachment: ByteBuffer, call: ServerCall<BrokerStatusResponse>) {
        call.reply(BrokerStatusResponse(brokerID: id, clusterID: "fake", brokerVersion: "fake"))
    }
}
