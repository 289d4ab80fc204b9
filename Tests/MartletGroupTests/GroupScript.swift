import MartletCore

@testable import MartletBroker

/// A group and everything around it, by hand: events in, answers out. Records become durable when the script says so.
struct GroupScript {
    var group = Group(name: "g")
    var now: GroupTime = 0
    var wallTime: TimestampMs = 1_000_000
    var catalog = TopicCatalog()
    private(set) var answers: [GroupToken: GroupAnswer] = [:]
    private(set) var log: [GroupRecord] = []
    private var position: Int64 = 0
    private var token: GroupToken = 0
    /// Whether what is appended is durable at once.
    var isSyncing = true

    static func id(_ topic: Int) -> TopicID { TopicID(high: 1, low: UInt64(topic)) }

    static func partition(_ partition: Int32, of topic: Int = 0) -> TopicIDPartition {
        TopicIDPartition(topicID: id(topic), partition: partition)
    }

    /// With topics `t0`, `t1`, ... of these sizes.
    init(partitions: Int32...) {
        for (index, count) in partitions.enumerated() { set(topic: index, partitions: count) }
    }

    mutating func set(topic: Int, partitions: Int32?) {
        var topics = catalog.topics
        topics["t\(topic)"] = partitions.map { TopicCatalog.Topic(id: Self.id(topic), partitionCount: $0) }
        catalog = TopicCatalog(topics)
    }

    private var context: GroupContext { GroupContext(now: now, wallTime: wallTime, topics: catalog) }

    mutating func send(_ event: GroupEvent) {
        let context = context
        perform(group.handle(event, in: context))
    }

    private mutating func perform(_ actions: [GroupAction]) {
        for action in actions {
            switch action {
            case .append(let records, let position):
                self.position = position
                log += records
            case .answer(let token, let answer): answers[token] = answer
            }
        }
        let context = context
        if isSyncing, actions.contains(where: { if case .append = $0 { true } else { false } }) {
            perform(group.handle(.durable(position), in: context))
        }
    }

    mutating func sync() { send(.durable(position)) }

    /// Time passes; what is due happens.
    mutating func wait(_ milliseconds: GroupTime) {
        let end = now + milliseconds
        while let next = group.nextDeadline, next <= end {
            now = max(now, next)
            send(.timePassed)
        }
        now = end
    }

    /// Forgets everything but the log, and loads it.
    mutating func reload() {
        group = Group(name: "g")
        for record in log { group.restore(record) }
        position = 0
        let context = context
        perform(group.finishRestoring(in: context))
    }

    @discardableResult
    mutating func ask(_ event: (GroupToken) -> GroupEvent) -> GroupAnswer? {
        token += 1
        send(event(token))
        return answers[token]
    }

    /// The token of a heartbeat, which may wait.
    mutating func beat(
        _ member: String, epoch: Int32, version: Int64, owned: [TopicIDPartition]? = nil,
        subscription: GroupSubscription? = nil, instance: String? = nil
    ) -> GroupToken {
        let heartbeat = GroupHeartbeat(
            memberID: member, memberEpoch: epoch, assignmentVersion: version, owned: owned.map { Set($0) },
            subscription: subscription, instanceID: instance, rebalanceTimeout: 10_000, maxWait: 1_000)
        ask { .heartbeat(heartbeat, $0) }
        return token
    }

    /// Why a heartbeat is refused.
    mutating func refusal(
        _ member: String, epoch: Int32, version: Int64, owned: [TopicIDPartition]? = nil,
        subscription: GroupSubscription? = nil, instance: String? = nil
    ) -> ErrorCode? {
        let token = beat(
            member, epoch: epoch, version: version, owned: owned, subscription: subscription, instance: instance)
        return answers[token]?.error
    }

    /// The answer to a join for the first topic.
    mutating func join(
        _ member: String, topics: [String] = ["t0"], instance: String? = nil, assignor: AssignorName? = nil
    ) -> GroupAnswer? {
        let heartbeat = GroupHeartbeat(
            memberID: member, memberEpoch: 0, owned: [], subscription: GroupSubscription(topics: topics),
            instanceID: instance, rebalanceTimeout: 10_000, assignor: assignor, maxWait: 1_000)
        return ask { .heartbeat(heartbeat, $0) }
    }

    mutating func commit(
        _ member: String?, epoch: Int32 = -1, sequence: Int64 = 1, _ partition: TopicIDPartition, _ offset: Offset
    ) -> GroupAnswer? {
        let sender = member.map { OffsetCommit.Sender(memberID: $0, memberEpoch: epoch, sequence: sequence) }
        return ask {
            .commit(OffsetCommit(sender: sender, items: [.init(partition: partition, offset: offset)]), $0)
        }
    }
}

extension GroupAnswer {
    var heartbeat: HeartbeatAnswer? { if case .heartbeat(let answer) = self { answer } else { nil } }

    var error: ErrorCode? {
        switch self {
        case .failure(let error): error.code
        case .commit(let results): results.first.flatMap { $0 }?.code
        default: nil
        }
    }
}
