public import MartletCore
internal import MartletProtocol

/// An offset that was looked up.
public struct FoundOffset: Sendable, Hashable {
    public var offset: Offset
    /// Of the record found by its time, in milliseconds since 1970; nil for the ends of a log.
    public var timestamp: TimestampMs?
    /// The epoch of the leader that took the record; -1 when not known.
    public var leaderEpoch: LeaderEpoch
}

extension ClientCore {
    /// Looks up offsets at their partitions' leaders; tried again over failures that may pass. Partitions without a
    /// record at or after the time asked for are left out.
    nonisolated(nonsending) func offsets(
        for specs: [TopicPartition: OffsetSpec]
    ) async throws(MartletError) -> [TopicPartition: FoundOffset] {
        var found: [TopicPartition: FoundOffset] = [:]
        var asked: [TopicPartition: TimestampMs] = [:]
        for (partition, spec) in specs {
            if case .offset(let offset) = spec {
                found[partition] = FoundOffset(offset: offset, timestamp: nil, leaderEpoch: -1)
            } else {
                asked[partition] = spec.wire
            }
        }
        let answers = try await atLeaders(Array(asked.keys), "looking up offsets") {
            (link, items) async throws(MartletError) in
            let request = ListOffsetsRequest(
                partitions: items.map { item in
                    ListOffsetsPartition(
                        topicID: item.topicID.bytes, partition: item.topicPartition.partition,
                        leaderEpoch: item.leaderEpoch,
                        timestampMs: asked[item.topicPartition] ?? OffsetSpec.latest.wire)
                })
            let response = try await link.call(RecordsClient.Method.listOffsets, request, as: ListOffsetsResponse.self)
            return response.partitions.map { LeaderAnswer(error: $0.error, message: $0.message, value: $0) }
        }
        for (partition, answer) in answers where answer.offset >= 0 {
            found[partition] = FoundOffset(
                offset: answer.offset, timestamp: answer.timestampMs >= 0 ? answer.timestampMs : nil,
                leaderEpoch: answer.leaderEpoch)
        }
        return found
    }
}

/// A partition and where its leader is.
struct LedPartition: Sendable {
    var topicPartition: TopicPartition
    var topicID: TopicID
    var leader: BrokerID
    var leaderEpoch: LeaderEpoch
}

/// What a leader says about one partition.
struct LeaderAnswer<Value: Sendable>: Sendable {
    var error: Int32
    var message: String
    var value: Value

    fileprivate func failure(_ what: String, _ partition: TopicPartition, at link: BrokerLink) -> MartletError {
        MartletError(answer: error, message: message, what: what, broker: link.name, topicPartition: partition)
    }
}

extension ClientCore {
    /// Asks every partition's leader, in one request for each broker, or in as many as hold what it leads. Partitions
    /// whose answer may be another later are asked about again, with the leaders looked up anew, until
    /// `operationTimeout`; those of a leader that is silent, as soon as others say that it has been replaced.
    nonisolated(nonsending) func atLeaders<Value: Sendable>(
        _ partitions: [TopicPartition], _ what: String,
        _ ask: (BrokerLink, [LedPartition]) async throws(MartletError) -> [LeaderAnswer<Value>]
    ) async throws(MartletError) -> [TopicPartition: Value] {
        var results: [TopicPartition: Value] = [:]
        var remaining = Set(partitions)
        let watch = CallWatch(core: self)
        try await retrying(what) { () async throws(MartletError) in
            for (leader, led) in try await leaders(of: remaining) {
                let link = try await link(to: leader, .control)
                var rest = led[...]
                while !rest.isEmpty {
                    let items = Array(rest.prefix(link.partitionsPerRequestMax))
                    rest = rest.dropFirst(items.count)
                    let answers = try await watch.watching(leader, items) { () async throws(MartletError) in
                        try await ask(link, items)
                    }
                    guard answers.count == items.count else {
                        throw MartletError(
                            .protocolViolation, "\(what): \(answers.count) answers for \(items.count) partitions",
                            broker: link.name)
                    }
                    var failure: MartletError?
                    for (item, answer) in zip(items, answers) {
                        guard answer.error == ErrorCode.none.rawValue else {
                            failure = failure ?? answer.failure(what, item.topicPartition, at: link)
                            continue
                        }
                        results[item.topicPartition] = answer.value
                        remaining.remove(item.topicPartition)
                    }
                    if let failure { throw failure }
                }
            }
        }
        return results
    }

    private nonisolated(nonsending) func leaders(
        of partitions: Set<TopicPartition>
    ) async throws(MartletError) -> [BrokerID: [LedPartition]] {
        guard !partitions.isEmpty else { return [:] }
        let topics = try await lookUp(Set(partitions.map(\.topic)).sorted())
        var led: [BrokerID: [LedPartition]] = [:]
        for partition in partitions.sorted() {
            guard let topic = try topics[partition.topic]?.get() else {
                throw MartletError(.protocolViolation, "the broker's answer leaves out topic \(partition.topic)")
            }
            guard topic.partitions.indices.contains(Int(partition.partition)) else {
                throw MartletError(
                    .invalidArgument,
                    "topic \(topic.name) has partitions 0 to \(topic.partitions.count - 1); there is no such partition",
                    topicPartition: partition)
            }
            let image = topic.partitions[Int(partition.partition)]
            guard let leader = image.leader else {
                throw MartletError(
                    .refused(.leaderNotAvailable), "the partition has no leader at the moment",
                    topicPartition: partition)
            }
            led[leader, default: []].append(
                LedPartition(
                    topicPartition: partition, topicID: topic.id, leader: leader, leaderEpoch: image.leaderEpoch))
        }
        return led
    }
}
