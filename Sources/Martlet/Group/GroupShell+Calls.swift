internal import MartletCore
internal import MartletProtocol
internal import NIOCore

/// From the machine's words to the wire's, and back.
extension GroupShell {
    func send(_ call: HeartbeatCall) {
        let isJoin = call.epoch == 0
        let request = HeartbeatRequest(
            group: Array(settings.name.utf8), memberID: Array(call.memberID.utf8), memberEpoch: call.epoch,
            assignmentVersion: call.version, owned: call.owned.map { GroupPartitionList($0) },
            subscription: call.subscription.map {
                GroupSubscription(topics: $0.topics.map { Array($0.utf8) }, pattern: Array(($0.pattern ?? "").utf8))
            },
            instanceID: Array((settings.instanceID ?? "").utf8),
            clientID: isJoin ? Array(core.configuration.clientName.utf8.prefix(128)) : [],
            rebalanceTimeoutMs: isJoin ? settings.rebalanceTimeout.wireMilliseconds : 0,
            assignor: isJoin ? Array((settings.assignor ?? "").utf8) : [], maxWaitMs: call.maxWait.wireMilliseconds)
        self.call(GroupsClient.Method.heartbeat, request, timeout: call.timeout) {
            (result: Result<HeartbeatResponse, GroupCallFailure>) in
            self.handle { membership, now in
                switch result.flatMap({ $0.news }) {
                case .success(let news): membership.heartbeatAnswered(call.id, news, now: now)
                case .failure(let failure): membership.heartbeatFailed(call.id, failure, now: now)
                }
            }
        }
    }

    func send(_ call: GoodbyeCall, term: UInt64) {
        let request = HeartbeatRequest(
            group: Array(settings.name.utf8), memberID: Array(call.memberID.utf8),
            memberEpoch: call.isForAWhile ? -2 : -1, instanceID: Array((settings.instanceID ?? "").utf8))
        self.call(GroupsClient.Method.heartbeat, request, timeout: settings.closeTimeout) {
            (result: Result<HeartbeatResponse, GroupCallFailure>) in
            self.handle { membership, now in
                switch result.flatMap({ $0.checked }) {
                case .success: membership.goodbyeAnswered(call.id)
                case .failure(let failure): membership.goodbyeFailed(call.id, term: term, failure, now: now)
                }
            }
        }
    }

    func send(_ call: CommitCall, term: UInt64) {
        let request = CommitOffsetsRequest(
            group: Array(settings.name.utf8), memberID: Array(call.memberID.utf8), memberEpoch: call.epoch,
            instanceID: Array((settings.instanceID ?? "").utf8), sequence: call.sequence,
            partitions: call.items.map { partition, offset in
                CommitOffsetsPartition(
                    topicID: partition.topicID.bytes, partition: partition.partition, offset: offset.offset,
                    leaderEpoch: offset.leaderEpoch, metadata: offset.metadata)
            })
        self.call(GroupsClient.Method.commitOffsets, request, timeout: core.configuration.requestTimeout) {
            (result: Result<CommitOffsetsResponse, GroupCallFailure>) in
            self.handle { membership, now in
                switch result.flatMap({ $0.answers(to: call) }) {
                case .success(let answers): membership.commitAnswered(call.id, answers)
                case .failure(let failure): membership.commitFailed(call.id, term: term, failure, now: now)
                }
            }
        }
    }

    func send(_ call: CommittedCall, term: UInt64) {
        let request = FetchOffsetsRequest(
            group: Array(settings.name.utf8), partitions: GroupPartitionList(call.partitions))
        self.call(GroupsClient.Method.fetchOffsets, request, timeout: core.configuration.requestTimeout) {
            (result: Result<FetchOffsetsResponse, GroupCallFailure>) in
            self.handle { membership, now in
                switch result.flatMap({ $0.positions }) {
                case .success(let positions): membership.toldCommitted(call.id, positions)
                case .failure(let failure): membership.committedNotTold(call.id, term: term, failure, now: now)
                }
            }
        }
    }
}

// MARK: - Messages

extension GroupPartitionList {
    /// Sorted.
    init(_ partitions: some Collection<TopicIDPartition>) {
        var topics: [GroupPartitions] = []
        for partition in partitions.sorted() {
            let id = partition.topicID.bytes
            if topics.last?.topicID != id { topics.append(GroupPartitions(topicID: id)) }
            topics[topics.count - 1].partitions.append(partition.partition)
        }
        self.init(topics: topics)
    }
}

extension GroupCallFailure {
    /// Nil for no error.
    init?(_ error: Int32, _ message: String) {
        guard error != ErrorCode.none.rawValue else { return nil }
        self.init(refused: MartletError(answer: error, message: message))
    }
}

extension HeartbeatResponse {
    fileprivate var checked: Result<Void, GroupCallFailure> {
        GroupCallFailure(error, message).map { .failure($0) } ?? .success(())
    }

    fileprivate var news: Result<HeartbeatNews, GroupCallFailure> {
        checked.map {
            var news = HeartbeatNews(
                epoch: memberEpoch, version: assignmentVersion,
                sessionTimeout: .milliseconds(Int64(sessionTimeoutMs)),
                heartbeatInterval: .milliseconds(Int64(max(heartbeatIntervalMs, 1))))
            guard let assignment else { return news }
            var partitions: Set<TopicIDPartition> = []
            for topic in assignment.topics {
                guard let id = TopicID(bytes: topic.topicID) else { continue }
                news.names[id] = String(decoding: topic.topic, as: UTF8.self)
                partitions.formUnion(topic.partitions.map { TopicIDPartition(topicID: id, partition: $0) })
            }
            news.assignment = partitions
            return news
        }
    }
}

extension CommitOffsetsResponse {
    /// By the items of the call; nil: kept.
    fileprivate func answers(to call: CommitCall) -> Result<[MartletError?], GroupCallFailure> {
        if let failure = GroupCallFailure(error, message) { return .failure(failure) }
        guard partitions.count == call.items.count else {
            let text = "\(partitions.count) answers for \(call.items.count) committed partitions"
            return .failure(GroupCallFailure(refused: MartletError(.protocolViolation, text)))
        }
        return .success(
            partitions.map { answer in
                answer.error == ErrorCode.none.rawValue
                    ? nil : MartletError(answer: answer.error, message: answer.message)
            })
    }
}

extension FetchOffsetsResponse {
    /// Without those in which nothing is committed.
    fileprivate var positions: Result<[TopicIDPartition: CommittedPosition], GroupCallFailure> {
        if let failure = GroupCallFailure(error, message) { return .failure(failure) }
        var positions: [TopicIDPartition: CommittedPosition] = [:]
        for result in partitions where result.offset >= 0 {
            guard let id = TopicID(bytes: result.topicID) else { continue }
            positions[TopicIDPartition(topicID: id, partition: result.partition)] = CommittedPosition(
                offset: result.offset, leaderEpoch: result.leaderEpoch)
        }
        return .success(positions)
    }
}
